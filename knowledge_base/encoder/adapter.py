"""What fine-tuning changed of the network: corrections of low rank for the products, and the small vectors anew.

The adapter is committed beside the code (some megabytes), so that nobody needs torch to build the encoder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from hub.settings import ROOT
from knowledge_base.encoder.weights import Tensor, Weights, WeightsError

FILE = ROOT / "models/encoder/tax_adapter.npz"
UP, DOWN = ".up", ".down"
"""A matrix W of the network becomes W + up @ down; names without these endings replace a vector by what it adds."""


def save(changes: Mapping[str, Tensor], path: Path = FILE) -> None:
    """Write an adapter to be committed, in half precision."""
    path.parent.mkdir(parents=True, exist_ok=True)
    halves = {name: value.astype(np.float16) for name, value in changes.items()}
    np.savez(path, **halves)  # type: ignore[arg-type]  # the stub takes every name for its option


def load(path: Path = FILE) -> dict[str, Tensor]:
    """The changes by name; none when there is no adapter."""
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


def adapted(weights: Weights, changes: Mapping[str, Tensor]) -> Weights:
    """The network with an adapter in it.

    Raises `WeightsError` when the adapter was made for another network.
    """
    tensors = dict(weights.tensors)
    try:
        for name, change in changes.items():
            if name.endswith(UP):
                target = name.removesuffix(UP)
                tensors[target] = tensors[target] + change @ changes[target + DOWN]
            elif not name.endswith(DOWN):
                tensors[name] = tensors[name] + change
    except (KeyError, ValueError) as error:
        raise WeightsError(f"the adapter does not fit this network: {error}") from None
    return replace(weights, tensors=tensors)

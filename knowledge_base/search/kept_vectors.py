"""Raw vectors of texts, kept in one file beside the encoder: what was encoded in this checkout is not encoded again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

NAME = "vectors.npz"


def read(folder: Path) -> dict[str, Vectors]:
    """Vectors by the hash of their text; none where nothing was kept or the file is damaged."""
    try:
        with np.load(folder / NAME, allow_pickle=False) as stored:
            return dict(zip(stored["hashes"].astype(str).tolist(), stored["vectors"], strict=True))
    except (OSError, ValueError, KeyError, EOFError):
        return {}


def save(folder: Path, vectors: Mapping[str, Vectors]) -> None:
    """Keep vectors beside those that others have kept meanwhile."""
    every = {**read(folder), **vectors}
    if not every:
        return
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".vectors-", suffix=".npz")
    os.close(handle)
    np.savez(name, hashes=np.array(list(every), "S64"), vectors=np.stack(list(every.values())))
    os.replace(name, folder / NAME)

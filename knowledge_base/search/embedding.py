"""Sentences as vectors: the protocol, and the model that is on board."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from hub.settings import ROOT
from knowledge_base.encoder import build
from knowledge_base.search import kept_vectors

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
        """One row per text, float32, normalised. May be called from several threads."""
        ...

    def encode_many(self, texts: Sequence[str]) -> Vectors:
        """The same for a whole library: on all cores, and from what was kept on disk where there is such a thing."""
        ...


class BundledEmbedder:
    """multilingual-e5-small on ONNX Runtime, turned towards tax by a small linear map of ours.

    Offline, no model to fetch. Questions and indexed texts are of one kind, so both carry the prefix "query: "; one
    text a run, because the quantised arithmetic of a batch depends on its company. `hub models train` fits the map.
    """

    dimension = 384
    _PREFIX = "query: "

    def __init__(self, turn: Path | None = TURN) -> None:
        folder = build.built()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # more cores gain nothing for one short text
        self._network = onnxruntime.InferenceSession(
            str(folder / build.NETWORK), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / build.TOKENIZER))
        self._folder = folder
        self._turn: Vectors | None = None
        if turn is not None and turn.exists():
            self._turn = np.load(turn, allow_pickle=False).astype(np.float32)

    @cached_property
    def model_hash(self) -> str:
        """Hash of the weights, the recipe and the map."""
        digest = hashlib.sha256(f"{build.source_hash()} {self._PREFIX}".encode())
        if self._turn is not None:
            digest.update(self._turn.tobytes())
        return digest.hexdigest()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row per text, float32, normalised."""
        return self._rows([self._encoded(text) for text in texts])

    def encode_many(self, texts: Sequence[str]) -> Vectors:
        """The same on all cores; texts whose vectors lie beside the encoder are not encoded."""
        kept = kept_vectors.read(self._folder)

        def one(text: str) -> Vectors:
            found = kept.get(text_hash(text))
            return self._encoded(text) if found is None else found

        with ThreadPoolExecutor(len(os.sched_getaffinity(0)), thread_name_prefix="encoder") as pool:
            return self._rows(list(pool.map(one, texts)))

    def _rows(self, raw: list[Vectors]) -> Vectors:
        if not raw:
            return np.zeros((0, self.dimension), np.float32)
        vectors = np.stack(raw).astype(np.float32)
        return vectors if self._turn is None else turned(vectors, self._turn)

    def _encoded(self, text: str) -> Vectors:
        pieces = self._tokenizer.encode(self._PREFIX + (text.replace("\0", " ") or " ")).ids
        vector: Vectors = self._network.run(None, {build.INPUT: np.array([pieces], np.int64)})[0][0]
        return vector


def turned(vectors: Vectors, turn: Vectors) -> Vectors:
    """Unit vectors after a linear map."""
    mapped: Vectors = vectors @ turn.T
    mapped /= np.linalg.norm(mapped, axis=1, keepdims=True)
    return mapped


def text_hash(text: str) -> str:
    """The key under which the vector of a text is stored."""
    return hashlib.sha256(text.encode()).hexdigest()

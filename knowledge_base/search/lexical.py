"""Words in common: BM25 over words and character pairs, and the taxes that a text names."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import bm25s
import jieba
import numpy as np
from numpy.typing import NDArray

from hub.settings import ROOT, get_settings

FOLDER = ROOT / "training_data/dictionary"
_TOKENS = "tokens.json"

_WORD = re.compile(r"[0-9a-z一-鿿%]")
_HAN = re.compile(r"[一-鿿]+")

jieba.setLogLevel(logging.WARNING)


def dictionary(name: str) -> list[list[str]]:
    """The words of each line of a dictionary file, comments left out."""
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    return [line.split() for line in lines if line.strip() and not line.startswith("#")]


@lru_cache
def _tokenizer() -> jieba.Tokenizer:
    cache = get_settings().var_dir / "cache"  # jieba's own choice is the shared temporary folder, and it unmarshals
    cache.mkdir(parents=True, exist_ok=True)
    tokenizer = jieba.Tokenizer()
    tokenizer.tmp_dir = str(cache)
    tokenizer.load_userdict(str(FOLDER / "tax_terms.txt"))
    return tokenizer


@lru_cache
def synonyms() -> dict[str, str]:
    """What people say → what the law says."""
    return dict(tuple(pair) for pair in dictionary("synonyms.txt"))  # type: ignore[misc]


@lru_cache
def stop_words() -> frozenset[str]:
    """Words that say nothing about the subject."""
    return frozenset(word for line in dictionary("stop_words.txt") for word in line)


@lru_cache
def tax_names() -> frozenset[str]:
    """The names of taxes, fees and funds in the dictionary, in official form."""
    return frozenset(
        synonyms().get(word, word) for word, _, tag in dictionary("tax_terms.txt") if tag in {"tax", "fee"}
    )


@lru_cache
def _tax_terms() -> frozenset[str]:
    """Words that only somebody with a tax matter uses."""
    return frozenset(word for word, _, tag in dictionary("tax_terms.txt") if tag in {"tax", "nz"})


def is_word(text: str) -> bool:
    """Whether a text is a word by itself."""
    return bool(_tokenizer().FREQ.get(text))


@lru_cache(256)
def segmented(text: str) -> tuple[str, ...]:
    """The words of a text, none within another; a question is cut for several purposes in a row."""
    return tuple(_tokenizer().cut(text, HMM=False))


def has_tax_words(text: str) -> bool:
    """Whether a normalised text sounds like a tax matter at all."""
    return "税" in text or any(word in _tax_terms() for word in segmented(text))


def _within(word: str) -> list[str]:
    """The shorter words inside a long one, as jieba's search mode finds them; the text is not cut a second time."""
    return [
        part
        for length in (2, 3)
        if len(word) > length
        for place in range(len(word) - length + 1)
        if is_word(part := word[place : place + length])
    ]


def words(text: str) -> list[str]:
    """The meaningful words of a normalised text, with the official form beside a colloquial one."""
    cut = [part for word in segmented(text) for part in (*_within(word), word)]
    found = [word for word in cut if _WORD.search(word) and word not in stop_words()]
    return found + [synonyms()[word] for word in found if word in synonyms()]


@lru_cache
def _names_of_taxes() -> re.Pattern[str]:
    """Every word by which a tax, fee or fund is named, official or not."""
    said = {word for word, official in synonyms().items() if official in tax_names()}
    return re.compile("|".join(map(re.escape, sorted(said | tax_names()))))


def taxes_named(text: str) -> frozenset[str]:
    """The taxes that a normalised text names, whole names only: 个人所得税 does not name 所得税."""
    if not _names_of_taxes().search(text):  # most texts need not be cut into words to know it
        return frozenset()
    return frozenset(name for word in segmented(text) if (name := synonyms().get(word, word)) in tax_names())


def tokens(text: str) -> list[str]:
    """Words and character pairs, kept apart by a mark."""
    pairs = ["_" + run[place : place + 2] for run in _HAN.findall(text) for place in range(len(run) - 1)]
    return words(text) + pairs


class LexicalIndex:
    """BM25 over normalised texts; scores lie between 0 and 1."""

    def __init__(self, texts: Sequence[str]) -> None:
        corpus = [tokens(text) for text in texts]
        self._size = len(texts)
        self._vocabulary = {token: number for number, token in enumerate(sorted({t for row in corpus for t in row}))}
        frequency = Counter(token for row in corpus for token in set(row))
        self._idf = {token: _idf(self._size, count) for token, count in frequency.items()}
        self._bm25 = bm25s.BM25(method="lucene")
        if self._vocabulary:
            ids = [[self._vocabulary[token] for token in row] for row in corpus]
            self._bm25.index((ids, self._vocabulary), show_progress=False)

    def write(self, folder: Path) -> None:
        """Keep it in a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        if self._vocabulary:
            self._bm25.save(folder, show_progress=False)
        kept = {"size": self._size, "idf": self._idf, "vocabulary": self._vocabulary}
        (folder / _TOKENS).write_text(json.dumps(kept, ensure_ascii=False), "utf-8")

    @classmethod
    def read(cls, folder: Path) -> LexicalIndex:
        """What was kept in a folder.

        Raises `OSError` or `ValueError` when it is not there or damaged.
        """
        index = cls([])
        kept = json.loads((folder / _TOKENS).read_text("utf-8"))
        index._size, index._idf, index._vocabulary = kept["size"], kept["idf"], kept["vocabulary"]
        if index._vocabulary:
            index._bm25 = bm25s.BM25.load(folder, load_vocab=False, show_progress=False)
        return index

    def scores(self, text: str) -> NDArray[np.float32]:
        """How much of the weight of the question's tokens each text carries."""
        asked = tokens(text)
        known = [token for token in asked if token in self._vocabulary]
        if not known:
            return np.zeros(self._size, np.float32)
        # what the corpus does not know weighs most: a question full of it must not look like a match
        total = sum(self._idf.get(token, _idf(self._size, 0)) for token in asked)
        raw = self._bm25.get_scores([self._vocabulary[token] for token in known])
        scores: NDArray[np.float32] = np.clip(np.asarray(raw, np.float32) / total, 0.0, 1.0)
        return scores


def _idf(size: int, count: int) -> float:
    """The weight of a token by BM25 in Lucene's form."""
    return float(np.log(1 + (size - count + 0.5) / (count + 0.5)))

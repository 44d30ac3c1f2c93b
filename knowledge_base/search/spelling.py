"""Slips of people who type by sound: 沟选 is read as 勾选, 砖票 as 专票.

A run of characters is read as a term of the dictionary when it sounds like it, shares a character with it and is no
word by itself. Only questions are read so; what is indexed stays as it was written.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pypinyin import lazy_pinyin

from knowledge_base.search.lexical import dictionary, is_word, segmented

_HAN_RUN = re.compile(r"[一-鿿]{2,}")
_LONGEST = 6

Sounds = tuple[str, ...]


def _sounds(text: str) -> Sounds:
    return tuple(lazy_pinyin(text))


@lru_cache
def _terms() -> dict[Sounds, str]:
    """Terms by their sound; of two that sound alike the first in the dictionaries."""
    words = [row[0] for row in dictionary("tax_terms.txt")]
    words += [word for row in dictionary("spelling.txt") for word in row]
    found: dict[Sounds, str] = {}
    for word in words:
        if _HAN_RUN.fullmatch(word) and len(word) <= _LONGEST:
            found.setdefault(_sounds(word), word)
    return found


def _read(run: re.Match[str]) -> str:
    text = run[0]
    sounds = _sounds(text)
    if len(sounds) != len(text):  # a rare character has no reading on record
        return text
    edges = {0}
    for word in segmented(text):
        edges.add(max(edges) + len(word))
    read, place = [], 0
    while place < len(text):
        word, term = _slip(text, sounds, place, edges)
        read.append(term)
        place += len(word)
    return "".join(read)


def _slip(text: str, sounds: Sounds, place: int, edges: set[int]) -> tuple[str, str]:
    """The longest slip that begins here and the term it stands for, or the character as it is."""
    for length in range(min(_LONGEST, len(text) - place), 1, -1):
        word = text[place : place + length]
        if place not in edges or place + length not in edges or is_word(word):
            continue
        term = _terms().get(sounds[place : place + length])
        # what shares little but its sound is chance: 涨不 and 账簿
        if term and sum(a == b for a, b in zip(word, term, strict=True)) >= (length + 1) // 2:
            return word, term
    return text[place], text[place]


def corrected(text: str) -> str:
    """A normalised question with its slips read as the terms that were meant."""
    return _HAN_RUN.sub(_read, text)

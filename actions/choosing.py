"""Which of the offered choices somebody means: by its title, a part of it that no other has, or its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from hub.kit.taxtext import normalise
from hub.skills import Choice

_PLACE = re.compile(r"(?:第\s*)?([一二三四五六七八九两1-9])\s*(?:个|家|项|笔|条|种|号|户)?[。.!！]?")
_DIGITS = {word: index for index, word in enumerate("一二三四五六七八九", 1)} | {"两": 2}
_LAST = re.compile(r"最后一?[个家项笔条种]")
SHORTEST_PART = 2


def chosen(
    text: str, choices: Sequence[Choice], shortest: int = SHORTEST_PART, *, places: bool = True, known: str = ""
) -> str | None:
    """The value of the choice that the text means; None when it means none, or could mean several.

    `places`: "第二个" counts, too. What stands in `known` (the name of the form itself) tells nothing.
    """
    said = normalise(text)
    for choice in choices:
        if text == choice.value or said == normalise(choice.title):
            return choice.value
    if places and (place := _PLACE.fullmatch(said)):
        index = int(_DIGITS.get(place[1], place[1]))
        return choices[index - 1].value if index <= len(choices) else None
    if places and choices and _LAST.fullmatch(said):
        return choices[-1].value
    return _by_part(said, choices, shortest, known)


def beside(text: str, known: str) -> str:
    """The text without the longest words that it shares with what is known anyway."""
    part = _common(text, known)
    rest = text.replace(part, " ").strip() if len(part) >= SHORTEST_PART else text
    return rest or text


def _by_part(said: str, choices: Sequence[Choice], shortest: int, known: str) -> str | None:
    """By the longest words that it shares with one title; what every title has says nothing."""
    shared = [_common(said, normalise(choice.title)) for choice in choices]
    telling = [len(part) if _tells(part, choices, shortest, known) else 0 for part in shared]
    best = max(telling, default=0)
    return choices[telling.index(best)].value if best and telling.count(best) == 1 else None


def _tells(part: str, choices: Sequence[Choice], shortest: int, known: str) -> bool:
    alone = sum(part in normalise(choice.title) for choice in choices) == 1
    return len(part) >= shortest and alone and part not in known


def _common(one: str, other: str) -> str:
    match = SequenceMatcher(None, one, other, autojunk=False).find_longest_match()
    return one[match.a : match.a + match.size]

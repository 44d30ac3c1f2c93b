"""Which of the offered choices somebody means: by its title, a part of it that no other has, or its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from hub.kit.taxtext import normalise, stated
from hub.skills import Choice

_PLACE = re.compile(r"(?:第\s*)?([一二三四五六七八九两1-9])\s*(?:个|家|项|笔|条|种|号|户)?[。.!！]?")
_DIGITS = {word: index for index, word in enumerate("一二三四五六七八九", 1)} | {"两": 2}
_LAST = re.compile(r"最后一?[个家项笔条种]")
SHORTEST_PART = 2
_KIND_OF_FIRM = re.compile(r"(?:股份)?有限(?:责任)?公司|有限合伙|合伙企业|分公司|公司|集团|个体工商户|工商户|企业")
_IN_BRACKETS = re.compile(r"[(（]([^)）]*)[)）]")
_BESIDE_A_NAME = re.compile(r"(?:[那这][家个笔户]?|的|办税|办理|办|报税|申报|缴税|吧|啊|呢|了|就行|就好|\x00|\s)*")


def chosen(
    text: str,
    choices: Sequence[Choice],
    shortest: int = SHORTEST_PART,
    *,
    places: bool = True,
    known: str = "",
    names: bool = True,
) -> str | None:
    """The value of the choice that the text means; None when it means none, or could mean several.

    `places`: "第二个" counts, too. What stands in `known` (the name of the form itself) tells nothing. `names`: the
    titles are names, and a name that only begins or ends like one of them is another's.
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
    return _by_part(said, choices, shortest, known, names=names)


def beside(text: str, known: str) -> str:
    """The text without the longest words that it shares with what is known anyway."""
    part = _common(text, known)
    rest = text.replace(part, " ").strip() if len(part) >= SHORTEST_PART else text
    return rest or text


def _by_part(said: str, choices: Sequence[Choice], shortest: int, known: str, *, names: bool) -> str | None:
    """By the longest words that it shares with one title; what every title or every firm has says nothing."""
    titles = [normalise(choice.title) for choice in choices]
    if names:
        said, titles = _KIND_OF_FIRM.sub("\0", said), [_KIND_OF_FIRM.sub("\1", title) for title in titles]
    shared = [_common(said, title) for title in titles]
    telling = [
        len(part)
        if _tells(part, titles, shortest, known) and stated(said, part) and not (names and _another(said, title, part))
        else 0
        for part, title in zip(shared, titles, strict=True)
    ]
    best = max(telling, default=0)
    return choices[telling.index(best)].value if best and telling.count(best) == 1 else None


def _tells(part: str, titles: Sequence[str], shortest: int, known: str) -> bool:
    alone = sum(part in title for title in titles) == 1
    return len(part) >= shortest and alone and part not in known


def _another(said: str, title: str, part: str) -> bool:
    """Whether the name in the text goes on, or goes in between, otherwise than the title: it is another's.

    What stands in brackets (the role that a person has) counts only as a whole.
    """
    if any(part in told[1] and told[1] not in part for told in _IN_BRACKETS.finditer(title)):
        return True
    place = said.find(part)
    behind = re.split(r"[,.;!?、。]", said[place + len(part) :])[0]
    behind = behind[_BESIDE_A_NAME.match(behind).end() :]  # type: ignore[union-attr]
    if title.startswith(part) and behind and not title[len(part) :].lstrip(" ,、").startswith(behind[0]):
        return True
    blocks = SequenceMatcher(None, said, title, autojunk=False).get_matching_blocks()
    long = [block for block in blocks if block.size >= SHORTEST_PART]
    return any(
        said[one.a + one.size : other.a].strip("\0的 ") and title[one.b + one.size : other.b]
        for one, other in pairwise(long)
    )


def _common(one: str, other: str) -> str:
    match = SequenceMatcher(None, one, other, autojunk=False).find_longest_match()
    return one[match.a : match.a + match.size]

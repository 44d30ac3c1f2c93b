"""One of a few things by what people call it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from hub.kit.taxtext.normalise import normalise

LONGEST_INPUT = 200
_DENIALS = ("不是", "并非", "不属于", "不算")


def stated(text: str, word: str) -> bool:
    """Whether a normalised text says a word otherwise than to deny it ("不是新能源", "新能源不是")."""
    before = "".join(f"(?<!{denial})" for denial in _DENIALS)
    return re.search(f"{before}{re.escape(word)}(?!都?(?:{'|'.join(_DENIALS)}))", text) is not None


def by_names(names: Mapping[str, Sequence[str]]) -> Callable[[object], object]:
    """A reader of choices by what people call them; the first that is stated counts, so narrower names come first.

    It hands back what it cannot read, so that the field's own words say what is wrong with it.
    """

    def read(value: object) -> object:
        if not isinstance(value, str) or len(value) > LONGEST_INPUT or (text := normalise(value)) in names:
            return value
        for choice, words in names.items():
            if any(stated(text, word) for word in words):
                return choice
        return value

    return read

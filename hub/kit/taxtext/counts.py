"""Numbers of things that are no money – people, months, square metres – with their unit or without one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache

from hub.kit.taxtext.normalise import normalise, without_denied
from hub.kit.taxtext.numerals import quantity

_NUMERALS = "一二两三四五六七八九十百千万零〇"
_ARABIC = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d{1,12})(?:\.\d{1,4})?万?"
_CHINESE = rf"[一二两三四五六七八九十][{_NUMERALS}]*"
NUMBER = rf"(?<![\d{_NUMERALS}])(?<!\d\.)-?(?:{_ARABIC}|{_CHINESE})"
_AROUND = re.compile(
    r"^(?:那个|就是|应该|大概|大约|好像|一共|总共|共|平均|只有|有|是|为|:|\s)+|(?:左右|吧|哦|啊|的|呢|了|[。.!,\s])+$"
)


def parse_count(text: str, units: Sequence[str]) -> Decimal | None:
    """The number that a whole answer states, bare or with one of the units behind it; None where it states none."""
    clean = _AROUND.sub("", without_denied(normalise(text)))
    values = {value for _, _, value in counts_in(clean, units)}
    if len(values) == 1:
        return values.pop()
    found = re.fullmatch(rf"({NUMBER})个?", clean)
    return quantity(found[1]) if found and not values else None


def counts_in(text: str, units: Sequence[str]) -> Iterator[tuple[int, int, Decimal]]:
    """Start, end and value of every number in a normalised text with one of the units right behind it."""
    if not units:
        return
    for found in _with_unit(tuple(units)).finditer(text):
        value = quantity(found[1])
        if value is not None:
            yield found.start(), found.end(), value


@lru_cache
def _with_unit(units: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(re.escape(unit) for unit in sorted(units, key=len, reverse=True))
    return re.compile(rf"({NUMBER})\s?(?:{words})(?!民币)", re.IGNORECASE)

"""The stretch of time that a question is about: a year, a half, a quarter, a month or a day."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from hub.kit.taxtext.dates import MONTH_WORD, MONTH_WORDS, YEAR, YEAR_WORD, YEAR_WORDS, dates_in, shifted, year_of
from hub.kit.taxtext.normalise import normalise, without_denied
from hub.kit.taxtext.numerals import small_number


@dataclass(frozen=True)
class Period:
    """First and last day, both included, and the words that named it."""

    start: date
    end: date
    text: str


_YEAR = rf"(?:(?P<y>{YEAR})\s?(?:年度?)|(?P<word>{YEAR_WORD})度?)的?\s?"
_MONTH = r"(?:\d{1,2}|[一二三四五六七八九十]{1,2})"
_QUARTERS = {"上个": -1, "上": -1, "本": 0, "这个": 0, "下个": 1, "下": 1}


def _year(found: re.Match[str], today: date) -> int:
    named = found.groupdict()
    if named.get("y"):
        return year_of(found["y"])
    return today.year + YEAR_WORDS.get(named.get("word") or "今年", 0)


def _months(year: int, first: int, last: int) -> tuple[date, date] | None:
    if not 1 <= first <= last <= 12:
        return None
    return date(year, first, 1), date(year, last, monthrange(year, last)[1])


def _quarter(found: re.Match[str], today: date) -> tuple[date, date] | None:
    number = small_number(found["q"]) or 0
    return _months(_year(found, today), number * 3 - 2, number * 3)


def _this_quarter(found: re.Match[str], today: date) -> tuple[date, date] | None:
    year, month = shifted(today, 3 * _QUARTERS[found["q"]])
    first = (month - 1) // 3 * 3 + 1
    return _months(year, first, first + 2)


def _half(found: re.Match[str], today: date) -> tuple[date, date] | None:
    return _months(_year(found, today), *((1, 6) if found["h"] == "上" else (7, 12)))


def _month(found: re.Match[str], today: date) -> tuple[date, date] | None:
    month = small_number(found["m"]) or 0
    return _months(_year(found, today), month, month)


def _this_month(found: re.Match[str], today: date) -> tuple[date, date] | None:
    year, month = shifted(today, MONTH_WORDS[found["m"]])
    return _months(year, month, month)


def _whole_year(found: re.Match[str], today: date) -> tuple[date, date] | None:
    return _months(_year(found, today), 1, 12)


_Reader = Callable[["re.Match[str]", date], "tuple[date, date] | None"]
_RULES: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (re.compile(rf"(?:{_YEAR})?第?(?P<q>[一二三四1-4])\s?季度"), _quarter),
    (re.compile(r"(?P<q>上个|上|本|这个|下个|下)季度"), _this_quarter),
    (re.compile(rf"(?:{_YEAR})?(?P<h>上|下)半年"), _half),
    (re.compile(rf"{_YEAR}(?P<m>{_MONTH})\s?月"), _month),
    (re.compile(r"(?<!\d)(?P<y>20\d\d)[-./](?P<m>0?[1-9]|1[0-2])(?![\d.])"), _month),
    (re.compile(MONTH_WORD.join(("(?P<m>", ")"))), _this_month),
    (re.compile(rf"(?<![\d个年])(?P<m>{_MONTH})\s?月(?=份|的?征期|$|[^\d一二三四五六七八九十])"), _month),
    (re.compile(rf"{_YEAR}"), _whole_year),
)


def find_period(text: str, today: date) -> Period | None:
    """The first period that the text names, a day counting as one; None where it names none.

    A month or day without a year is the one of this calendar year, since questions look ahead as well as back.
    """
    clean = without_denied(normalise(text))
    found: dict[tuple[int, int], tuple[date, date]] = {}
    for start, end, value in dates_in(clean, today, latest=date(today.year, 12, 31)):
        if value:
            found[(start, end)] = (value, value)
    for pattern, read in _RULES:
        for match in pattern.finditer(clean):
            if any(match.start() < end and start < match.end() for start, end in found):
                continue
            bounds = read(match, today)
            if bounds:
                found[match.span()] = bounds
    if not found:
        return None
    (start, end), bounds = min(found.items())
    return Period(*bounds, text=clean[start:end].strip())

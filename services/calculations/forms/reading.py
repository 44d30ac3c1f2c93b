"""Reads what people answer in a chat: amounts, days, months, shares, areas.

A reader hands back what it cannot read, so that the field's own words say what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

from hub.kit import clock
from hub.kit.taxtext import normalise, parse_amount, parse_count, parse_date
from hub.skills import Choice

LONGEST_INPUT = 200
NOTHING = (Choice("没有", "0"),)
SQUARE_METRES = ("平方米", "平方", "平米", "平", "㎡", "m2")
MILLILITRES = ("毫升", "cc", "ml")

_PLAIN = re.compile(r"-?\d{1,20}(?:\.\d{1,20})?", re.ASCII)
_NONE = re.compile(r"(?:我|都|还|也|暂时|目前)?(?:没有?|无|零|不[交缴扣])(?:[交缴扣过]|了|的)?[。.!！]?")
_PERCENT = re.compile(r"(\d{1,2}(?:\.\d{1,4})?)\s?%")
_MONTH = re.compile(r"(?<![\d十])(1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])\s?个?月")
_CHINESE = {word: number for number, word in enumerate("一二三四五六七八九十", 1)} | {"十一": 11, "十二": 12}


def _text(value: object) -> str | None:
    """The value as text that is worth reading; None where it is none."""
    return normalise(value) if isinstance(value, str) and len(value) <= LONGEST_INPUT else None


def read_amount(value: object) -> object:
    """元: 28万, 3,000元, 280000; "没有" is 0."""
    text = _text(value)
    if text is None or _PLAIN.fullmatch(text):
        return value if text is None else text
    if _NONE.fullmatch(text):
        return Decimal(0)
    found = parse_amount(text)
    return value if found is None else found


def read_day(value: object) -> object:
    """A day in any common way of writing it."""
    text = _text(value)
    found = None if text is None else parse_date(text, clock.today())
    return value if found is None else found


def read_month(value: object) -> object:
    """A month, or how many months: 11月, 十一月份, 3个月, 11, 本月."""
    text = _text(value)
    if text is None:
        return value
    if text in ("本月", "这个月", "当月"):
        return clock.today().month
    found = _MONTH.search(text)
    word = found[1] if found else text.removesuffix("月").removesuffix("个")
    return _CHINESE.get(word, word)


def read_share(value: object) -> object:
    """A rate as a fraction of 1: 3%, 0.03."""
    text = _text(value)
    found = _PERCENT.search(text) if text else None
    return Decimal(found[1]) / 100 if found else value


def read_area(value: object) -> object:
    """Square metres: 89.5平, 一百二十平, 89.5."""
    return _counted(value, SQUARE_METRES)


def read_millilitres(value: object) -> object:
    """Millilitres: 250毫升, 250cc, 250."""
    found = _counted(value, MILLILITRES)
    return int(found) if isinstance(found, Decimal) and found == found.to_integral_value() else value


def _counted(value: object, units: Sequence[str]) -> object:
    text = _text(value)
    found = None if text is None else parse_count(text, units)
    return value if found is None else found


Amount = Annotated[Decimal, BeforeValidator(read_amount)]
Day = Annotated[date, BeforeValidator(read_day)]
Month = Annotated[int, BeforeValidator(read_month)]

"""Whole numbers in Chinese or Arabic numerals, colloquial forms included (三千五, 1.2万, 壹佰叁拾)."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

import cn2an

_DIGITS = str.maketrans("零〇○一二两三四五六七八九幺", "00012234567891")
_UNITS = {"百": 100, "千": 1000, "k": 1000, "万": 10_000, "w": 10_000, "亿": 100_000_000}
_PLAIN = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[百千万亿wk])?", re.IGNORECASE)
_HUNDRED_MILLION_AND = re.compile(r"亿([一二三四五六七八九1-9])$")  # 一亿二, which cn2an does not know


def small_number(text: str) -> int | None:
    """A number as used in days and months ("15", "十五", "二十三"); None where it is none."""
    if text.isascii():
        return int(text) if text.isdigit() else None
    try:
        return int(cn2an.cn2an(text, "smart"))
    except (ValueError, KeyError, TypeError):
        return None


def digits_of(text: str) -> str:
    """Chinese digits read one by one: 二〇二六 → 2026."""
    return text.translate(_DIGITS)


def quantity(text: str) -> Decimal | None:
    """The value of a written quantity without currency words; None where it is none."""
    text = text.replace(",", "").replace(" ", "")
    negative = text[:1] in {"-", "负"}
    if negative:
        text = text[1:]
    value = _plain(text)
    if value is None:
        value = _spoken(text)
    return None if value is None else -value if negative else value


def _plain(text: str) -> Decimal | None:
    found = _PLAIN.fullmatch(text)
    if not found:
        return None
    try:
        return Decimal(found["number"]) * _UNITS.get((found["unit"] or "").lower(), 1)
    except InvalidOperation:
        return None


def _spoken(text: str) -> Decimal | None:
    text = _HUNDRED_MILLION_AND.sub(r"亿\1千万", text.replace("w", "万").replace("W", "万"))
    try:
        return Decimal(str(cn2an.cn2an(text, "smart")))
    except (ValueError, KeyError, TypeError, InvalidOperation):
        return None

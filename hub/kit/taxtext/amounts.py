"""Amounts of money as people write them, as exact decimals with two places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from hub.kit.taxtext.dates import date_spans
from hub.kit.taxtext.normalise import normalise, without_denied
from hub.kit.taxtext.numerals import quantity

Span = tuple[int, int]

LARGEST = Decimal("1e13")

_ARABIC = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_SCALED = rf"{_ARABIC}\s?[万亿千百wWkK](?![A-Za-z瓦])(?:\d+[千百])*\d*"
_NUMERALS = "一二两三四五六七八九十百千万亿零〇壹贰叁肆伍陆柒捌玖拾佰仟"
_CHINESE = rf"[一二两三四五六七八九十壹贰叁肆伍陆柒捌玖拾][{_NUMERALS}]*(?![{_NUMERALS}])"
_NUMBER = rf"(?<!\d)(?<!\d\.)(?:[-负]\s?)?(?:{_SCALED}|{_ARABIC}|{_CHINESE})"
_ONE = r"[\d一二三四五六七八九壹贰叁肆伍陆柒捌玖]"
_CENTS = rf"(?:零?(?P<jiao>{_ONE})(?:角|毛|(?![\d千百万.])))?(?:零?(?P<fen>{_ONE})分)?"
_CURRENCY = r"(?:元|块钱|块|圆)"
_LABEL = (
    r"(?:价税合计|价税总计|车价合计|不含税(?:金额|价)?|含税(?:金额|价)?|(?:开票|发票|票面|合计)?金额|票面价?|票价|"
    r"总金额|总额|总价|合计|总计|共计|一共|价格|金额)(?:\((?:大写|小写)\))?\s?(?:大概|大约|应该|好像)?(?:是|为|有|约|:|=)*\s?"
)
# a number with one of these after it counts something else
_NOT_MONEY = rf"(?![\d.{_NUMERALS}]*\s?(?:[%年月日号个人次天张份名户类种倍股岁条项栋楼瓦]|季度|平))"

_WITH_CURRENCY = re.compile(rf"(?P<number>{_NUMBER})\s?{_CURRENCY}{_CENTS}整?")
_AFTER_SIGN = re.compile(rf"(?:¥|RMB|CNY|人民币)\s?(?P<number>{_NUMBER})(?:\s?{_CURRENCY}{_CENTS}整?)?", re.IGNORECASE)
_AFTER_LABEL = re.compile(rf"{_LABEL}(?P<number>{_NUMBER}){_NOT_MONEY}(?![-/]\d)")
_SPOKEN = re.compile(
    rf"(?P<number>{_SCALED}|(?=[一二两三四五六七八九十]{{1,3}}[百千万亿]){_CHINESE}){_NOT_MONEY}(?![分之])"
)
_PRINTED = re.compile(
    rf"(?P<number>(?<!\d)(?<!\d\.)-?(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d{{3,}}\.\d{{1,2}})){_NOT_MONEY}(?!\.\d)"
)
_EXPLICIT = (_AFTER_SIGN, _WITH_CURRENCY, _AFTER_LABEL, _SPOKEN, _PRINTED)

_ALONE = re.compile(rf"(?P<number>{_NUMBER}){_NOT_MONEY}")
_IDENTIFIER = re.compile(r"0\d+|\d{10,}")
_FILLER = re.compile(
    r"^(?:那个|就是|应该|大概|好像|一共|总共|共|是|为|:|\s)+|(?:左右|吧|哦|啊|的|呢|了|整|[。.!,\s])+$"
)


def parse_amount(text: str) -> Decimal | None:
    """The amount that a whole answer states, with two decimals; None where it states none or is finer than a fen."""
    clean = without_denied(normalise(text))
    for _, _, value in amounts_in(clean):
        return value
    for start, end in date_spans(clean):
        clean = clean[:start] + " " * (end - start) + clean[end:]
    found = _ALONE.fullmatch(_FILLER.sub("", clean))
    if found and not _IDENTIFIER.fullmatch(found["number"]):
        return _money(quantity(found["number"]))
    bare = list(bare_amounts_in(clean))
    return bare[0][2] if len(bare) == 1 else None


def bare_amounts_in(text: str) -> Iterator[tuple[int, int, Decimal]]:
    """Start, end and value of every Arabic number in a normalised text that could be an amount for all it says."""
    for found in _ALONE.finditer(text):
        value = None if _IDENTIFIER.fullmatch(found["number"]) else _money(quantity(found["number"]))
        if value is not None and any(character.isdigit() and character.isascii() for character in found["number"]):
            yield found.start("number"), found.end("number"), value


def amounts_in(text: str) -> Iterator[tuple[int, int, Decimal]]:
    """Start, end and value of every amount that a normalised text marks as one, in order of place."""
    taken: dict[Span, Decimal] = {}
    for pattern in _EXPLICIT:
        for found in pattern.finditer(text):
            span = (found.start("number"), found.end())
            value = _value(found)
            if value is not None and not any(span[0] < end and start < span[1] for start, end in taken):
                taken[span] = value
    for (start, end), value in sorted(taken.items()):
        yield start, end, value


def _value(found: re.Match[str]) -> Decimal | None:
    value = quantity(found["number"])
    if value is None:
        return None
    groups = found.groupdict()
    for name, place in (("jiao", "0.1"), ("fen", "0.01")):
        digit = quantity(groups.get(name) or "0")
        cents = (digit or Decimal(0)) * Decimal(place)
        value += -cents if value < 0 else cents
    return _money(value)


def _money(value: Decimal | None) -> Decimal | None:
    if value is None or abs(value) >= LARGEST:
        return None
    rounded = value.quantize(Decimal("0.01"))
    return rounded if rounded == value else None

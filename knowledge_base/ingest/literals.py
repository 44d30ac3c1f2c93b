"""Numbers in an answer that the law may change belong into a parameter; this finds those that stand there as text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge_base.schemas import ContentEntry

_EMBEDDED = re.compile(r"\{[{%#].*?[}%#]\}", re.DOTALL)
_SENTENCE = re.compile(r"[^。；\n]+")
_EXAMPLE = re.compile(r"例：|例如|比如|举例|假如|假设|譬如|[＝=×÷]")
_RATE = r"%|‰|％"
_NUMBER = re.compile(
    rf"(?<![\d.第])\d[\d,]*(?:\.\d+)?\s?(?:万元|亿元|元|{_RATE}|倍|周岁|岁|天|日内|个?工作日|个月|年内|平方米|克|升|吨|人)"
    "|[百千]分之[零一二三四五六七八九十百点两]+"
)
_RESULT = re.compile(r"(?:税额为?|税款为|要缴|实缴|应缴|滞纳金|计提|减半后)\s?\d[\d,]*(?:\.\d+)?\s?(?:万元|亿元|元)")
_RATES = re.compile(rf"(?<![\d.])\d[\d,]*(?:\.\d+)?\s?(?:{_RATE})")


def literal_numbers(text: str) -> Iterator[str]:
    """Rates, amounts, ages and numbers of days that are written out; an example may choose its own
    amounts, but neither rates nor what comes out."""
    for sentence in _SENTENCE.findall(_EMBEDDED.sub("□", text)):
        patterns = (_RATES, _RESULT) if _EXAMPLE.search(sentence) else (_NUMBER,)
        yield from (found[0] for pattern in patterns for found in pattern.finditer(sentence))


def literal_problems(entry: ContentEntry) -> Iterator[str]:
    """What should be a parameter, and what is listed in `literals` without standing in a text."""
    found = {number for text in entry.templates() for number in literal_numbers(text)}
    for number in sorted(found - set(entry.literals)):
        yield f"{number} should be a parameter; if no law can change it here, list it in `literals`"
    for number in sorted(set(entry.literals) - found):
        yield f"literals: {number} stands in no text"

"""Every sentence that a calculation says to people, but for the questions of the forms and the calculators' notes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from services.calculations.schemas import CalculationRead, FigureRead, StepRead
from services.taxes.worksheet import money

WHY = "为什么是这个数"
AGAIN = "再算一次"
STATE = "中华人民共和国"
SAME_BASIS = "依据同上"
NOTHING_TO_EXPLAIN = "还没有可以解释的金额。您可以先算一笔，我会告诉您每一步怎么来、依据哪条规定。"
NOTHING_TO_CHANGE = "没有听懂要改哪一项。请说清楚是哪一项、改成多少，例如“销售额改成30万”；也可以重新算一次。"
CHANGED = "好的，改了重新算。"
NOT_FOUND = "没有找到这笔金额的计算过程，可能已超过保存期限。您可以重新算一次。"

_ARITHMETIC = re.compile(r"[×÷+＋−－]")
_BASIS = re.compile(r"《(?P<title>[^》]+)》(?P<article>[^（）]*)(?:（[^》]+）)?")


def answer(read: CalculationRead, shown: Sequence[str], assumed: Sequence[str], example: str) -> str:
    """The amount first, then the figures that matter, what was taken for granted, and what to know beside it."""
    first, *others = read.figures
    lines = [f"{_figure(first)}。"]
    lines += [_figure(one) for one in others if one.name in shown and one.amount and one.amount != first.amount]
    if assumed:
        lines.append(f"这是按{'、'.join(assumed)}计算的；不同的话直接告诉我，例如“{example}”。")
    lines += [f"· {note}" for note in read.notes]
    return "\n".join(lines)


def explanation(read: CalculationRead) -> str:
    """Every step in plain words with the law behind it; a basis that repeats is not spelt out again."""
    lines, before = [f"{_figure(read.figures[0])}，是这样算出来的："], ""
    for number, step in enumerate(read.steps, 1):
        lines.append(f"{number}. {step.title}：{_worked_out(step)}")
        basis = _basis(step)
        if basis:
            lines.append(f"   {SAME_BASIS}" if basis == before else f"   依据{basis}")
        before = basis
    return "\n".join(lines)


def _figure(figure: FigureRead) -> str:
    return f"{figure.label}：{money(figure.amount)}"


def _worked_out(step: StepRead) -> str:
    value = money(step.amount) if step.unit == "元" else f"{_plain(step.amount)}{step.unit}"
    return f"{step.formula} = {value}" if _ARITHMETIC.search(step.formula) else f"{value}（{step.formula}）"


def _basis(step: StepRead) -> str:
    """The articles behind a step, by document; the documents' numbers stand in the citations."""
    articles: dict[str, list[str]] = {}
    for one in step.basis:
        if found := _BASIS.fullmatch(one):
            articles.setdefault(found["title"].removeprefix(STATE), []).append(found["article"])
    return "，".join(f"《{title}》{'、'.join(filter(None, named))}" for title, named in articles.items())


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"

"""From an entry to the words a person reads: parameters of the day filled in, parts in a fixed order."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from knowledge_base.parameters.loader import DatedParameters, ParameterError
from knowledge_base.schemas import ContentEntry, Validity

CHECK_NOTE = "请以主管税务机关答复为准。"


class RenderingError(ValueError):
    """A text cannot be filled in; the message says why."""


def _decimal(value: Any) -> Decimal:
    """What a filter is given, if it is a number.

    Raises `TypeError` otherwise, so that a date or a list in the wrong place is found when content is loaded.
    """
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return Decimal(value)
    raise TypeError(f"{value!r} is not a number")


def plain(value: Any) -> str:
    """A number without unit or idle zeros: 100000 → 100000, 0.50 → 0.5."""
    number = _decimal(value)
    return f"{number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize():f}"


def yuan(value: Any) -> str:
    """An amount as people say it: 100000 → 10万元, 15000 → 15,000元."""
    number = _decimal(value)
    for size, name in ((10**8, "亿元"), (10**4, "万元")):
        if number and number % size == 0:
            return plain(number / size) + name
    return f"{Decimal(plain(number)):,}元"


def percent(value: Any) -> str:
    """A ratio in hundredths: 0.01 → 1%."""
    return plain(_decimal(value) * 100) + "%"


def permille(value: Any) -> str:
    """A ratio in thousandths: 0.0003 → 0.3‰."""
    return plain(_decimal(value) * 1000) + "‰"


def day(value: Any) -> str:
    """A day as people write it: 2026年1月1日."""
    if not isinstance(value, date):
        raise TypeError(f"{value!r} is not a date")
    return f"{value.year}年{value.month}月{value.day}日"


@lru_cache
def _environment() -> ImmutableSandboxedEnvironment:
    """Sandboxed, because editors write templates in the console; plain text, so nothing is escaped."""
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.filters.update(yuan=yuan, percent=percent, permille=permille, plain=plain, date=day)
    return environment


@lru_cache(maxsize=20_000)
def _template(text: str) -> Template:
    return _environment().from_string(text)


def render(text: str, law: DatedParameters) -> str:
    """A text with the parameters of a day filled in.

    Raises `RenderingError` when the template is wrong or a parameter has no value on that day.
    """
    if "{" not in text:
        return text
    try:
        return _template(text).render(law.namespaces())
    except (
        TemplateError,
        ParameterError,
        ArithmeticError,
        TypeError,
        ValueError,
        LookupError,
        AttributeError,
    ) as error:
        raise RenderingError(str(error)) from error


def period(valid: Validity) -> str:
    """The validity of a text in words."""
    return f"{day(valid.start)}至{day(valid.end)}" if valid.end else f"{day(valid.start)}起"


def compose(entry: ContentEntry, law: DatedParameters) -> str:
    """The whole answer: short answer, detail, conditions, steps, what next, and how long it holds.

    Raises `RenderingError` when a parameter has no value on that day.
    """
    parts = [render(entry.answer, law)]
    if entry.detail:
        parts.append(render(entry.detail, law).strip())
    for heading, lines in (("条件", entry.conditions), ("步骤", entry.steps)):
        if lines:
            numbered = (f"{number}. {render(line, law)}" for number, line in enumerate(lines, 1))
            parts.append("\n".join([f"{heading}：", *numbered]))
    if entry.next:
        parts.append("下一步：" + render(entry.next, law))
    if not entry.guard:
        note = CHECK_NOTE if entry.evidence == "R" or not entry.citations else ""
        parts.append(f"有效期：{period(entry.valid)}。{note}")
    return "\n\n".join(parts)

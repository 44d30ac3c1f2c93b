"""Fields that many forms share: an amount in 元, a whole number, yes or no."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hub.skills import Choice, ask

YES_NO = (Choice("是", "yes"), Choice("否", "no"))
ZERO = Decimal(0)


def amount(prompt: str, label: str, default: Any = ZERO, **limits: Any) -> Any:
    """An amount in 元 that is not negative; 0 unless told otherwise."""
    invalid = (
        f"请输入大于0的{label}（元），例如 1000。" if "gt" in limits else f"请输入{label}（元），例如 1000，没有就填0。"
    )
    bounds = {"ge": 0, "max_digits": 15, "decimal_places": 2, **limits}
    return ask(default, prompt=prompt, label=label, invalid=invalid, **bounds)


def whole(prompt: str, label: str, default: Any, low: int, high: int) -> Any:
    """A whole number within bounds, such as a month or how many children."""
    return ask(default, prompt=prompt, label=label, invalid=f"请输入{low}到{high}的整数。", ge=low, le=high)


def yes_no(prompt: str, label: str, default: Any = False) -> Any:
    """A question with two answers."""
    return ask(default, prompt=prompt, label=label, invalid="请回答是或否。", choices=YES_NO)

"""What the calculators on VAT and its surcharges ask alike: the tax period, and whether amounts contain the tax."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from hub.skills import Choice
from services.taxes.worksheet import Basis, Worksheet, cents, money, percent

EXCLUSIVE = Basis("vat-law", "第七条")


class Period(StrEnum):
    """How often the taxpayer files."""

    MONTH = "month"
    QUARTER = "quarter"


class Prices(StrEnum):
    """Whether the amounts of a form contain VAT."""

    EXCLUSIVE = "exclusive"
    INCLUSIVE = "inclusive"


PERIODS = (Choice("按月", Period.MONTH), Choice("按季", Period.QUARTER))
PRICES = (Choice("不含增值税", Prices.EXCLUSIVE), Choice("含增值税", Prices.INCLUSIVE))


def net_of(sheet: Worksheet, label: str, amount: Decimal, rate: Decimal, prices: Prices, *basis: Basis) -> Decimal:
    """The amount without VAT; taking the tax out of a price is written down as a step."""
    if prices is Prices.EXCLUSIVE or not amount:
        return cents(amount)
    formula = f"{money(amount)} ÷（1＋{percent(rate)}）"
    return sheet.step(f"{label}换算为不含税销售额", formula, amount / (1 + rate), *(basis or (EXCLUSIVE,)))

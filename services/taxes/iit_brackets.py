"""The tables of individual income tax: which bracket an amount falls in, and which rules have begun on a day."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from knowledge_base.parameters.loader import ParameterError
from knowledge_base.register import register
from services.taxes.worksheet import Basis, Worksheet, money, percent

COMPREHENSIVE_RATES = Basis("iit-law", "第三条第一项")
BUSINESS_RATES = Basis("iit-law", "第三条第二项")


@dataclass(frozen=True, slots=True)
class Bracket:
    """One row of a table: up to `limit` inclusive (None is without limit), the rate and the quick deduction."""

    limit: Decimal | None
    rate: Decimal
    quick: Decimal

    def tax(self, amount: Decimal) -> Decimal:
        """Tax on an amount that falls in this row."""
        return amount * self.rate - self.quick

    def words(self, amount: Decimal) -> str:
        """The same as people write it."""
        return f"{money(amount)} × {percent(self.rate)} － 速算扣除数{money(self.quick)}"


def brackets(sheet: Worksheet, table: str) -> list[Bracket]:
    """A table of the parameters.

    Raises `ParameterError` when it has no value on the day.
    """
    return [Bracket(row[0], row[1] or Decimal(0), row[2] or Decimal(0)) for row in sheet.table(table)]


def bracket_of(sheet: Worksheet, table: str, amount: Decimal) -> Bracket:
    """The row that an amount falls in; a limit belongs to the lower row."""
    rows = brackets(sheet, table)
    return next((row for row in rows if row.limit is None or amount <= row.limit), rows[-1])


def require(sheet: Worksheet, document: str) -> None:
    """Raises `ParameterError` on days before a document took effect: other rules held then, which are not on record."""
    begins = register()[document].effective_from
    if sheet.day < begins:
        raise ParameterError(f"{document}: not in force on {sheet.day}, it begins on {begins}")

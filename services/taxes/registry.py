"""The one list of calculators, in the order in which they are shown."""

from __future__ import annotations

from services.taxes.calculator import Calculator
from services.taxes.deed import DEED

CALCULATORS: tuple[Calculator, ...] = (DEED,)

_BY_NAME = {calculator.name: calculator for calculator in CALCULATORS}


def calculator_by_name(name: str) -> Calculator:
    """The calculator of this name.

    Raises `LookupError` when there is none.
    """
    return _BY_NAME[name]

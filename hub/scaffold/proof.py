"""`python -m hub.scaffold.proof <tax>`: whether a tax that was just written can be worked out by the law on record."""

from __future__ import annotations

import sys
from decimal import Decimal

from knowledge_base.parameters.loader import parameters
from services.taxes.registry import calculator_by_name


def prove(name: str) -> None:
    """Work one case out.

    Raises whatever is wrong with parameters, registry or calculator.
    """
    calculator = calculator_by_name(name)
    first = parameters()[f"{name}.rate"].dates[0]
    calculator.calculate(calculator.read({"on": first, "base": Decimal(100)}))


if __name__ == "__main__":
    prove(sys.argv[1])

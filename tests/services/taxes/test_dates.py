"""A change of the law is a date added to a parameter; the calculator follows on that day, with no other change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from knowledge_base.parameters.loader import Parameters, parameters
from services.taxes.deed import DEED

CHANGE = date(2027, 3, 1)


def test_a_new_rate_counts_from_its_day_on() -> None:
    rate = parameters()["deed.only_home_small"]
    law = Parameters(
        {
            **parameters(),
            rate.key: replace(
                rate,
                dates=(*rate.dates, CHANGE),
                values=(*rate.values, Decimal("0.0125")),
                references={**rate.references, CHANGE: rate.document(rate.dates[0])},
            ),
        }
    )
    given = {"price": "1000000", "home": "only", "area": "89"}
    before = DEED.calculate(DEED.read({**given, "on": date(2027, 2, 28)}), law)
    after = DEED.calculate(DEED.read({**given, "on": CHANGE}), law)
    assert (before.amount("payable"), after.amount("payable")) == (Decimal("10000.00"), Decimal("12500.00"))
    assert "1.25%" in after.explained()

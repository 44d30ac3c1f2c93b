"""Which returns a taxpayer has to file, worked out from its duties and the day; what is known for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from hub.kit import clock
from services.gateways.tax_core.models import CoreReturn
from services.gateways.tax_core.periods import due_on, opens_on, periods_of_year
from services.gateways.tax_core.protocol import Obligation, ObligationState
from services.gateways.tax_core.seed import Duty, SeededTaxpayer

RECORDS_FROM = date(2026, 1, 1)
"""The sandbox knows nothing of periods that ended before."""

WITH_PREPAYMENTS = frozenset({"cit_prepayment"})
"""Forms that take off what was prepaid earlier in the year."""


@dataclass(frozen=True, slots=True)
class Period:
    """One period of a duty: the obligation as if nothing had been filed, and which one of the year it is."""

    duty: Duty
    place: int
    obligation: Obligation
    opens_on: date

    @property
    def known(self) -> Mapping[str, str]:
        """What the core system knows from elsewhere: invoices, financial statements, the register of vehicles."""
        return self.duty.figures[self.place % len(self.duty.figures)]

    @property
    def items(self) -> Mapping[str, Decimal]:
        """The taxes of the return, where the sandbox filed it when it was seeded."""
        return self.duty.items[self.place % len(self.duty.items)]


def periods(taxpayer: SeededTaxpayer) -> Iterator[Period]:
    """Every period of every duty up to the end of this year, as of today."""
    first = max(RECORDS_FROM, taxpayer.registered_on or RECORDS_FROM)
    last = min(date(clock.today().year, 12, 31), taxpayer.deregistered_on or date.max)
    for duty in taxpayer.duties:
        for year in range(first.year, last.year + 1):
            for place, (start, end) in enumerate(periods_of_year(duty.kind.cycle, year)):
                if first <= end <= last:
                    yield _period(taxpayer, duty, place, start, end)


def _period(taxpayer: SeededTaxpayer, duty: Duty, place: int, start: date, end: date) -> Period:
    kind = duty.kind
    opens = opens_on(kind, start, end)
    obligation = Obligation(
        obligation_id=f"{taxpayer.taxpayer_id}-{kind.form}-{end:%Y%m%d}", taxpayer_id=taxpayer.taxpayer_id,
        form=kind.form, title=kind.title, period_from=start, period_to=end, due_on=due_on(kind, end),
        state=ObligationState.OPEN, opens_on=opens,
    )  # fmt: skip
    return Period(duty, place, obligation, opens)


def period_of(taxpayer: SeededTaxpayer, obligation_id: str) -> Period | None:
    """The period of an obligation of this taxpayer; None when there is none."""
    return next((period for period in periods(taxpayer) if period.obligation.obligation_id == obligation_id), None)


def as_filed(obligation: Obligation, return_id: str | None) -> Obligation:
    """The obligation with the return that fulfils it, if there is one."""
    if return_id is None:
        return obligation
    return replace(obligation, state=ObligationState.FILED, return_id=return_id)


def figures(period: Period, filed_in_the_year: Iterable[CoreReturn]) -> dict[str, str]:
    """What is known for a return: the day whose law counts, the seeded figures, and what the year's returns say."""
    values = {"on": period.obligation.period_to.isoformat(), **period.known}
    if period.obligation.form in WITH_PREPAYMENTS:
        before = [
            row.body["items"] for row in filed_in_the_year
            if row.body["form"] == period.obligation.form and row.period_to < period.obligation.period_to
        ]  # fmt: skip
        prepaid = sum((Decimal(amount) for items in before for _, _, amount in items), Decimal("0.00"))
        values["prepaid"] = str(prepaid)
    return values

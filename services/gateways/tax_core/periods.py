"""The periods of a year, and the days from which and until which their returns are filed."""

from __future__ import annotations

from datetime import date, timedelta

from knowledge_base.parameters.loader import ParameterError, parameters
from services.gateways.tax_core.seed import Cycle, ReturnKind

MONTHS = {Cycle.MONTH: 1, Cycle.QUARTER: 3, Cycle.HALF_YEAR: 6, Cycle.YEAR: 12}
SATURDAY = 5
_QUARTERS = "一二三四"


def periods_of_year(cycle: Cycle, year: int) -> list[tuple[date, date]]:
    """First and last day of each period of a year, in order."""
    length = MONTHS[cycle]
    return [
        (date(year, first, 1), _first_of_month(year, first + length) - timedelta(days=1))
        for first in range(1, 13, length)
    ]


def period_words(period_from: date, period_to: date) -> str:
    """A period as people say it."""
    year, last = period_to.year, period_to.month
    match last - period_from.month + 1:
        case 1:
            return f"{year}年{last}月"
        case 3:
            return f"{year}年第{_QUARTERS[last // 3 - 1]}季度"
        case 6:
            return f"{year}年{'上' if last == MONTHS[Cycle.HALF_YEAR] else '下'}半年"
        case _:
            return f"{year}年度"


def opens_on(kind: ReturnKind, period_from: date, period_to: date) -> date:
    """The first day on which the return of a period may be filed."""
    match kind.opens:
        case "with_period":
            return period_from
        case "after_period":
            return period_to + timedelta(days=1)
        case key:
            return _dated(key, period_to.year + 1)


def due_on(kind: ReturnKind, period_to: date) -> date:
    """The last day on which the return of a period is in time."""
    match kind.due:
        case "end_of_period":
            return period_to
        case "filing_month":
            return filing_day(_first_of_month(period_to.year, period_to.month + 1))
        case key:
            return _dated(key, period_to.year + 1)


def filing_day(month: date) -> date:
    """The last filing day of a month: as the yearly notice says, or else the day of the law after a weekend."""
    law = parameters().at(month)
    try:
        published = law.get("calendar.filing_deadline")
    except ParameterError:
        published = None
    if isinstance(published, date) and (published.year, published.month) == (month.year, month.month):
        return published
    day = month.replace(day=int(law.decimal("calendar.statutory_day")))
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return day


def _first_of_month(year: int, month: int) -> date:
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def _dated(key: str, year: int) -> date:
    """The day that a parameter names for a year; while the notice of that year is not out, the same day as last known.

    Raises `ParameterError` when there is no such parameter, `TypeError` when it is not a day.
    """
    values = parameters()[key].values
    value = next((known for known in reversed(values[: _known(key, year)]) if known is not None), None)
    if not isinstance(value, date):
        raise TypeError(f"{key} is not a day")
    return value.replace(year=year)


def _known(key: str, year: int) -> int:
    return sum(1 for day in parameters()[key].dates if day.year <= year)

"""Periods and the days of filing: as published for 2026, by the law's day for years whose notice is not out."""

from __future__ import annotations

import itertools
from datetime import date

import pytest

from services.gateways.tax_core.periods import due_on, filing_day, opens_on, period_words, periods_of_year
from services.gateways.tax_core.seed import Cycle, ReturnKind

PUBLISHED = (20, 24, 16, 20, 22, 15, 15, 17, 15, 26, 16, 15)


def kind(cycle: Cycle = Cycle.QUARTER, **changes: str) -> ReturnKind:
    """A kind of return."""
    return ReturnKind.model_validate({"form": "x", "title": "某税", "cycle": cycle} | changes)


def test_the_days_of_2026_are_those_of_the_notice() -> None:
    assert tuple(filing_day(date(2026, month, 1)).day for month in range(1, 13)) == PUBLISHED


def test_without_a_notice_the_fifteenth_moves_past_the_weekend() -> None:
    assert filing_day(date(2027, 1, 1)) == date(2027, 1, 15)
    assert filing_day(date(2027, 5, 1)) == date(2027, 5, 17)
    assert filing_day(date(2027, 8, 1)) == date(2027, 8, 16)


@pytest.mark.parametrize("cycle", list(Cycle))
def test_the_periods_of_a_year_cover_it_without_gaps(cycle: Cycle) -> None:
    found = periods_of_year(cycle, 2028)
    assert (found[0][0], found[-1][1]) == (date(2028, 1, 1), date(2028, 12, 31))
    assert all((start - end).days == 1 for (_, end), (start, _) in itertools.pairwise(found))


def test_periods_are_said_as_people_say_them() -> None:
    words = {cycle: [period_words(*period) for period in periods_of_year(cycle, 2026)] for cycle in Cycle}
    assert words[Cycle.QUARTER] == ["2026年第一季度", "2026年第二季度", "2026年第三季度", "2026年第四季度"]
    assert words[Cycle.HALF_YEAR] == ["2026年上半年", "2026年下半年"]
    assert words[Cycle.YEAR] == ["2026年度"]
    assert words[Cycle.MONTH][9] == "2026年10月"


def test_a_return_opens_and_is_due_as_its_kind_says() -> None:
    start, end = date(2026, 7, 1), date(2026, 9, 30)
    assert (opens_on(kind(), start, end), due_on(kind(), end)) == (date(2026, 10, 1), date(2026, 10, 26))
    car = kind(Cycle.YEAR, opens="with_period", due="end_of_period")
    year = date(2026, 1, 1), date(2026, 12, 31)
    assert (opens_on(car, *year), due_on(car, year[1])) == (date(2026, 1, 1), date(2026, 12, 31))
    annual = kind(Cycle.YEAR, opens="calendar.iit_annual_from", due="calendar.iit_annual_to")
    assert (opens_on(annual, *year), due_on(annual, year[1])) == (date(2027, 3, 1), date(2027, 6, 30))
    unknown_yet = date(2029, 1, 1), date(2029, 12, 31)
    assert (opens_on(annual, *unknown_yet), due_on(annual, unknown_yet[1])) == (date(2030, 3, 1), date(2030, 6, 30))

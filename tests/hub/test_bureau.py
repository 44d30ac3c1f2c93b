"""Working hours, holidays and the next opening, from the profile."""

from __future__ import annotations

from datetime import datetime

import pytest

from hub.bureau import bureau, works_on
from hub.kit.clock import SHANGHAI


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23T09:00", True),  # a Monday morning
        ("2026-11-23T12:30", False),  # lunch
        ("2026-11-23T13:30", True),
        ("2026-11-23T17:30", False),  # the last minute is over
        ("2026-11-22T10:00", False),  # a Sunday
        ("2026-10-01T10:00", False),  # National Day
    ],
)
def test_is_open(moment: str, is_open: bool) -> None:
    assert bureau().is_open(at(moment)) is is_open


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-23T09:00", "2026-11-23T09:00"),
        ("2026-11-23T12:30", "2026-11-23T13:30"),
        ("2026-11-20T18:00", "2026-11-23T08:30"),  # Friday evening to Monday
        ("2026-11-22T10:00", "2026-11-23T08:30"),
    ],
)
def test_next_opening(moment: str, opening: str) -> None:
    assert bureau().next_opening(at(moment)) == at(opening)


def test_next_opening_in_words() -> None:
    assert bureau().next_opening_text(at("2026-11-22T10:00")) == "11月23日（周一）08:30"


def test_years_without_a_published_calendar_follow_the_week() -> None:
    assert works_on(datetime(2040, 1, 2).date())
    assert not works_on(datetime(2040, 1, 1).date())

"""What time it is: moments are UTC-aware, days are Chinese civil days; rules ask here and never the system."""

from __future__ import annotations

from datetime import UTC as UTC
from datetime import date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present moment, UTC-aware."""
    return datetime.now(UTC)


def today() -> date:
    """The present day in China."""
    return now().astimezone(SHANGHAI).date()


def shown(moment: datetime) -> str:
    """A moment as people in China read it, to the minute."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")

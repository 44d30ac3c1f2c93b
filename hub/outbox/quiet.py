"""When people are left in peace: from 22:00 to 08:00 in China nothing is sent that can wait."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from hub.kit.clock import SHANGHAI, UTC

EVENING = time(22)
MORNING = time(8)


def in_peace(moment: datetime) -> datetime:
    """The moment itself, or the morning after when it falls into the night."""
    local = moment.astimezone(SHANGHAI)
    if MORNING <= local.time() < EVENING:
        return moment
    day = local.date() + timedelta(days=local.time() >= EVENING)
    return datetime.combine(day, MORNING, SHANGHAI).astimezone(UTC)

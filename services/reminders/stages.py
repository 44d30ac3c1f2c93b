"""At which stage before or after its last day a thing stands, and who wants to hear of it then."""

from __future__ import annotations

from datetime import date
from enum import StrEnum


class ReminderChoice(StrEnum):
    """What a person wants; being dunned for what is overdue cannot be chosen away."""

    ON = "on"
    LAST_DAY = "last_day"
    OFF = "off"


class Stage(StrEnum):
    """Each is reminded of once: whoever was missed on its first day is reached on the next."""

    WEEK = "week"
    """Seven to four days are left."""
    THREE_DAYS = "three_days"
    """Three to one days are left."""
    LAST_DAY = "last_day"
    OVERDUE = "overdue"
    """From the day after."""


ONLY_HERE = "only_here"
"""Mark of a reminder that is told in the chat and nowhere else."""
LOOK_AHEAD_DAYS = 7
LOOK_BACK_DAYS = 365
"""What has been overdue for longer is left to the officers in charge."""


def stage_of(due_on: date, day: date) -> Stage | None:
    """The stage on a day of what is due until another (inclusive); None while it is too early or far too late."""
    left = (due_on - day).days
    if left > LOOK_AHEAD_DAYS or left < -LOOK_BACK_DAYS:
        return None
    if left > 3:
        return Stage.WEEK
    if left > 0:
        return Stage.THREE_DAYS
    return Stage.LAST_DAY if left == 0 else Stage.OVERDUE


def wanted(stage: Stage, choice: ReminderChoice) -> bool:
    """Whether somebody who chose so is told at this stage."""
    if stage is Stage.OVERDUE:
        return True
    return choice is ReminderChoice.ON or (choice is ReminderChoice.LAST_DAY and stage is Stage.LAST_DAY)

"""Which stage a day is, and who hears of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.reminders.stages import ReminderChoice, Stage, stage_of, wanted

DUE = date(2026, 10, 26)


@pytest.mark.parametrize(
    ("left", "stage"),
    [
        (8, None), (7, Stage.WEEK), (4, Stage.WEEK), (3, Stage.THREE_DAYS), (1, Stage.THREE_DAYS),
        (0, Stage.LAST_DAY), (-1, Stage.OVERDUE), (-365, Stage.OVERDUE), (-366, None),
    ],
)  # fmt: skip
def test_stages(left: int, stage: Stage | None) -> None:
    assert stage_of(DUE, DUE - timedelta(days=left)) is stage


@pytest.mark.parametrize(
    ("choice", "stages"),
    [
        (ReminderChoice.ON, set(Stage)),
        (ReminderChoice.LAST_DAY, {Stage.LAST_DAY, Stage.OVERDUE}),
        (ReminderChoice.OFF, {Stage.OVERDUE}),
    ],
)
def test_dunning_cannot_be_chosen_away(choice: ReminderChoice, stages: set[Stage]) -> None:
    assert {stage for stage in Stage if wanted(stage, choice)} == stages

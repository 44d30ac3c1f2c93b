"""The one thing that people choose about reminders, and how the API shows it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from hub.skills import Choice, ask
from services.reminders import wording
from services.reminders.stages import ReminderChoice

LONGEST_ANSWER = 40


def _read_choice(value: object) -> ReminderChoice:
    """The choice in a value, a title or a short answer in people's own words."""
    text = value.strip() if isinstance(value, str) else ""
    if len(text) > LONGEST_ANSWER:
        raise ValueError(wording.CHOICE_INVALID)
    for choice, title in wording.CHOICE_TITLES.items():
        if text in (choice, title):
            return choice
    for choice, names in wording.CHOICE_NAMES:
        if any(name in text for name in names):
            return choice
    raise ValueError(wording.CHOICE_INVALID)


class ReminderForm(BaseModel):
    """Which reminders somebody wants."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    choice: Annotated[ReminderChoice, BeforeValidator(_read_choice)] = ask(
        prompt=wording.CHOICE_PROMPT,
        invalid=wording.CHOICE_INVALID,
        label="提醒方式",
        hint="on 开启提醒；last_day 只要最后一天；off 关闭提醒",
        synonyms=("提醒", "提醒设置"),
        choices=tuple(Choice(title, choice) for choice, title in wording.CHOICE_TITLES.items()),
    )


class ReminderRead(BaseModel):
    """What somebody has chosen, and in words what that means."""

    choice: ReminderChoice
    title: str
    text: str

    @classmethod
    def of(cls, choice: ReminderChoice) -> ReminderRead:
        """As the API shows it."""
        return cls(choice=choice, title=wording.CHOICE_TITLES[choice], text=wording.CHOSEN[choice])

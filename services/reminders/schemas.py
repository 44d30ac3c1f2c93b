"""The one thing that people choose about reminders, and how the API shows it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from hub.accounts.models import NoticeWay
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
    """What somebody has chosen, and in words what that means; `way` is null while they never chose one."""

    choice: ReminderChoice
    title: str
    text: str
    way: NoticeWay | None
    way_title: str | None
    way_text: str

    @classmethod
    def of(cls, choice: ReminderChoice, way: NoticeWay | None, open_ways: Collection[NoticeWay]) -> ReminderRead:
        """As the API shows it."""
        return cls(
            choice=choice, title=wording.CHOICE_TITLES[choice], text=wording.CHOSEN[choice], way=way,
            way_title=wording.WAY_TITLES[way] if way else None, way_text=way_text(way, open_ways),
        )  # fmt: skip


def way_text(way: NoticeWay | None, open_ways: Collection[NoticeWay]) -> str:
    """What a choice means at this moment."""
    if way is None:
        return wording.WAY_UNSET
    return wording.WAY_CHOSEN[way] + ("" if way in open_ways else wording.WAY_CLOSED[way])

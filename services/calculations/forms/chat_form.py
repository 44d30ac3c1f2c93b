"""What every calculator's form in a chat has: how it fills the calculator's own form, and what it took for granted."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from hub.kit import clock
from hub.skills import ask

DAY_INVALID = "没有看懂日期，请按“2026年9月3日”或“2026-09-03”的样子填写。"


class ChatForm(BaseModel):
    """A form of few questions; whatever is not asked has a usual value, which `assumed` names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def values(self) -> dict[str, Any]:
        """The same in the fields of the calculator's own form."""
        return self.model_dump(exclude_none=True)

    def assumed(self) -> list[str]:
        """What was taken for granted because nobody said otherwise, in words that follow 按."""
        return []

    def told(self, name: str) -> bool:
        """Whether the person gave this value."""
        return name in self.model_fields_set


def law_day(prompt: str, label: str, *synonyms: str) -> Any:
    """The day whose law counts: today unless told otherwise."""
    return ask(
        default_factory=lambda: clock.today(), prompt=prompt, label=label, synonyms=synonyms, entity="date",
        invalid=DAY_INVALID,
    )  # fmt: skip


def written(day: date) -> str:
    """A day as people read it."""
    return f"{day.year}年{day.month}月{day.day}日"

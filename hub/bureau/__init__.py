"""The bureau as data: its name, region, phone, hours and greeting come from a YAML profile, never from code."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path

import chinese_calendar
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from hub.kit import clock
from hub.settings import get_settings

WEEKDAYS = "一二三四五六日"


class Shift(BaseModel):
    """A stretch of a working day on which people answer."""

    model_config = ConfigDict(extra="forbid")
    opens: time
    closes: time


class TopicQuestions(BaseModel):
    """A heading of the start page with the questions under it."""

    model_config = ConfigDict(extra="forbid")
    title: str
    questions: list[str]


class Bureau(BaseModel):
    """A bureau's profile; see `default.yaml` for each field."""

    model_config = ConfigDict(extra="forbid")
    name: str
    region: str
    phone: str
    shifts: list[Shift] = Field(min_length=1)
    greeting: str
    suggested_questions: list[str]
    topics: list[TopicQuestions]
    contact: str
    retention_days: int = Field(gt=0)
    icp: str | None = None

    @property
    def hours_text(self) -> str:
        """When people answer, in words."""
        shifts = "、".join(f"{shift.opens:%H:%M}—{shift.closes:%H:%M}" for shift in self.shifts)
        return f"工作日 {shifts}（法定节假日除外）"

    def is_open(self, moment: datetime) -> bool:
        """Whether people answer at this moment."""
        local = moment.astimezone(clock.SHANGHAI)
        return works_on(local.date()) and any(shift.opens <= local.time() < shift.closes for shift in self.shifts)

    def next_opening(self, moment: datetime) -> datetime:
        """When people answer next; the moment itself while they do."""
        if self.is_open(moment):
            return moment
        local = moment.astimezone(clock.SHANGHAI)
        for offset in range(15):
            day = local.date() + timedelta(days=offset)
            if not works_on(day):
                continue
            for shift in sorted(self.shifts, key=lambda item: item.opens):
                start = datetime.combine(day, shift.opens, clock.SHANGHAI)
                if start > local:
                    return start
        raise LookupError("no opening within two weeks")

    def next_opening_text(self, moment: datetime) -> str:
        """When people answer next, in words."""
        start = self.next_opening(moment).astimezone(clock.SHANGHAI)
        return f"{start.month}月{start.day}日（周{WEEKDAYS[start.weekday()]}）{start:%H:%M}"


def works_on(day: date) -> bool:
    """Whether a day is a working day: the State Council's calendar where published, else Monday to Friday."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


@lru_cache
def load_bureau(path: Path) -> Bureau:
    """Read a profile; pydantic's error names the field that is wrong."""
    return TypeAdapter(Bureau).validate_python(yaml.safe_load(path.read_text("utf-8")))


def bureau() -> Bureau:
    """The profile of this installation."""
    return load_bureau(get_settings().bureau_profile)

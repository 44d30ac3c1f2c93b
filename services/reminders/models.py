"""What people want to be reminded of, of what they were reminded already, and which days are done."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit import clock
from hub.kit.db import Base


class ReminderSetting(Base):
    """The choice of one person; who never chose has no row and gets every reminder."""

    __tablename__ = "reminder_setting"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    choice: Mapped[str] = mapped_column(String(20))
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)


class ReminderNotice(Base):
    """A person has been, or is about to be, reminded of one thing at one stage, by the message of that day.

    `thing` is a fingerprint of the obligation or charge with its last day, so that a moved deadline counts anew.
    """

    __tablename__ = "reminder_notice"
    __table_args__ = (Index("ix_reminder_notice_person_id_day", "person_id", "day"),)

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    thing: Mapped[str] = mapped_column(String(64), primary_key=True)
    stage: Mapped[str] = mapped_column(String(20), primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    message_id: Mapped[UUID]


class ReminderDay(Base):
    """A day on which everybody has been looked after."""

    __tablename__ = "reminder_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    people: Mapped[int] = mapped_column(Integer)
    reminded: Mapped[int] = mapped_column(Integer)
    unanswered: Mapped[int] = mapped_column(Integer)
    finished_at: Mapped[datetime] = mapped_column(default=clock.now)

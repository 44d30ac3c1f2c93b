"""What the doors remember: parts of messages that went out, and how fast they may go on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit import clock
from hub.kit.db import Base


class SentPart(Base):
    """A part of a message that the party has taken: it is not sent again, and receipts find the message by it."""

    __tablename__ = "channel_part"
    __table_args__ = (Index("ix_channel_part_party_id", "channel", "party_id"),)

    outbox_id: Mapped[UUID] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    channel: Mapped[str] = mapped_column(String(14))
    account: Mapped[str] = mapped_column(String(64))
    party_id: Mapped[str | None] = mapped_column(String(128))
    last: Mapped[bool]
    sent_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)


class Pace(Base):
    """When the next message of an account, or to one person, may go, if it sticks to its rate."""

    __tablename__ = "channel_pace"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    free_at: Mapped[datetime]

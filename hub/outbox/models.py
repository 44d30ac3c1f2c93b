"""The one table of messages to send; what they say is ciphertext, and who gets them stands there by id only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit import clock
from hub.kit.crypto import EncryptedJson
from hub.kit.db import Base
from hub.kit.ids import new_id

Content = Mapping[str, Any]
"""What a message says, as its channel wants it (docs/developers/outbox.md)."""


class Channel(StrEnum):
    """The ways that do not hang on a door; those of the doors are named by `door`."""

    SMS = "sms"
    CONVERSATION = "conversation"
    WECHAT = "wechat"


def door(name: str) -> str:
    """The way by which messages of a conversation leave through the door of this channel (at most 14 letters)."""
    return f"door:{name}"


class State(StrEnum):
    """Where a message stands; the last five are ends, but for `UNKNOWN` while `due_at` says that it is tried again."""

    ACCEPTED = "accepted"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Handed over, and nobody can say whether it arrived: the process died, or the other side did not answer."""
    CANCELLED = "cancelled"


class Failure(StrEnum):
    """Why a message failed for good."""

    TEMPORARY = "temporary"
    """The other side could not take it until it expired."""
    PERMANENT = "permanent"
    """It can never reach this person by this way."""
    TECHNICAL = "technical"
    """The fault is ours: no deliverer, a template that the carrier does not know."""


class OutboxMessage(Base):
    """One message to one person by one way.

    `due_at` is when somebody must look at it next (for a message that is being sent: when its sender is presumed dead),
    null when there is nothing more to do. `handed_over` is what was given to the other side last, `given` says that the
    present attempt did so; `uncertain_ends` counts attempts that gave it and whose end nobody knows; `revision` counts
    contents given under a new key after one. Messages with a `place` stand in line with the others of their channel and
    conversation: one goes only when nothing more is to be done about those before it. `otherwise` is the way that it
    goes when this one fails for good, `instead_of` the way that did: see `hub/outbox/otherwise.py`.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        CheckConstraint("person_id is not null or conversation_id is not null", name="has_recipient"),
        Index("ix_outbox_message_due_at", "due_at", postgresql_where=text("due_at is not null")),
        Index("ix_outbox_message_created_at", "created_at"),
        Index("ix_outbox_message_person_id", "person_id"),
        Index(
            "ix_outbox_message_line",
            "conversation_id",
            "channel",
            "place",
            postgresql_where=text("place is not null and due_at is not null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    channel: Mapped[str] = mapped_column(String(20))
    topic: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[UUID | None]
    conversation_id: Mapped[UUID | None]
    place: Mapped[int | None] = mapped_column(BigInteger)
    content: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    handed_over: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    otherwise: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    instead_of: Mapped[str | None] = mapped_column(String(20))
    given: Mapped[bool] = mapped_column(server_default=text("false"))
    revision: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    urgent: Mapped[bool]
    not_before: Mapped[datetime]
    expires_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    state: Mapped[State] = mapped_column(String(20))
    failure: Mapped[Failure | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(80))
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    uncertain_ends: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    sent_at: Mapped[datetime | None]
    carrier_id: Mapped[str | None] = mapped_column(String(128))
    dedupe_key: Mapped[str] = mapped_column(String(160), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)

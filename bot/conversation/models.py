"""Conversations, their messages and their hand-offs; what people wrote is ciphertext in the database."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, SmallInteger, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.crypto import EncryptedJson, EncryptedText
from hub.kit.db import Base
from hub.kit.ids import new_id


class State(StrEnum):
    """Who owns the chat."""

    WITH_BOT = "with_bot"
    WAITING_FOR_AGENT = "waiting_for_agent"
    WITH_AGENT = "with_agent"
    RESOLVED = "resolved"


class Author(StrEnum):
    """Who said it."""

    USER = "user"
    BOT = "bot"
    AGENT = "agent"
    SYSTEM = "system"


class HandoffReason(StrEnum):
    """Why a human was needed."""

    CUSTOMER_REQUEST = "customer_request"
    MISSING_KNOWLEDGE = "missing_knowledge"
    UNSUPPORTED_REQUEST = "unsupported_request"
    POLICY_RESTRICTION = "policy_restriction"
    TOOL_FAILURE = "tool_failure"
    REPEATED_MISUNDERSTANDING = "repeated_misunderstanding"
    DISTRESS_OR_THREAT = "distress_or_threat"
    NEGATIVE_SENTIMENT = "negative_sentiment"


class Conversation(Base):
    """One person's talk with us; `last_seq` numbers its messages.

    `door_id` is the channel identity by which they spoke last, where that is a door that we push messages through.
    """

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("channel", "account", "sender_hash"),
        Index("ix_conversation_queue", "state", "queued_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    channel: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(64), server_default="")
    sender_hash: Mapped[str | None] = mapped_column(String(64))
    token_hash: Mapped[str | None] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(16), server_default="zh-CN")
    state: Mapped[State] = mapped_column(String(20), server_default=State.WITH_BOT)
    queued_at: Mapped[datetime | None]
    assigned_to: Mapped[str | None] = mapped_column(String(64))
    door_id: Mapped[UUID | None]
    active_skill: Mapped[str | None] = mapped_column(String(64))
    last_seq: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    consented_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)


class Message(Base):
    """One thing said. `external_id` is the door's own id and makes a repeat harmless; `processed_at` fences replies."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("conversation_id", "external_id"),
        UniqueConstraint("conversation_id", "seq"),
        Index("uq_message_door_key", "external_id", unique=True, postgresql_where=text("external_id like 'door:%'")),
        Index(
            "ix_message_unprocessed",
            "conversation_id",
            "seq",
            postgresql_where=text("direction = 'in' and processed_at is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    seq: Mapped[int]
    direction: Mapped[str] = mapped_column(String(3))
    author: Mapped[Author] = mapped_column(String(10))
    author_name: Mapped[str | None] = mapped_column(String(64))
    external_id: Mapped[str | None] = mapped_column(String(128))
    text: Mapped[str] = mapped_column(EncryptedText)
    payload: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    reply_to: Mapped[UUID | None] = mapped_column(index=True)
    trace_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    processed_at: Mapped[datetime | None]


class ConversationFile(Base):
    """A file that somebody uploaded into their conversation; `sealed` is its content as ciphertext."""

    __tablename__ = "conversation_file"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(EncryptedText)
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sealed: Mapped[bytes]
    sent_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(index=True)


class Handoff(Base):
    """One stay of a conversation in the queue and with a human: the basis of waiting times."""

    __tablename__ = "handoff"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    reason: Mapped[HandoffReason] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(EncryptedText)
    queued_at: Mapped[datetime] = mapped_column(index=True)
    claimed_at: Mapped[datetime | None]
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))


class ConversationRating(Base):
    """How satisfied somebody was, 5 (非常满意) to 1 (非常不满意): with a stay with a human, or with the assistant."""

    __tablename__ = "conversation_rating"
    __table_args__ = (
        UniqueConstraint(
            "conversation_id", "handoff_id", name="uq_conversation_rating_talk", postgresql_nulls_not_distinct=True
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    handoff_id: Mapped[UUID | None] = mapped_column(ForeignKey("handoff.id", ondelete="CASCADE"))
    agent: Mapped[str | None] = mapped_column(String(64))
    score: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str | None] = mapped_column(EncryptedText)
    rated_at: Mapped[datetime] = mapped_column(index=True)

"""The memory of text messages: what carriers were given, who wants none, and the sandbox with its phones."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.crypto import EncryptedJson
from hub.kit.db import Base
from hub.kit.ids import new_id
from services.gateways.behaviour import Control


class SandboxSms(Base):
    """A message that the carrier has taken; the phone is found by keyed hash."""

    __tablename__ = "sandbox_sms"
    __table_args__ = (Index("ix_sandbox_sms_phone", "phone_hash", "sent_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    message_id: Mapped[str] = mapped_column(String(64), index=True)
    phone_hash: Mapped[str] = mapped_column(String(64))
    is_code: Mapped[bool]
    content: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    sent_at: Mapped[datetime]


class SandboxSmsControl(Control, Base):
    """How the sandbox behaves."""

    __tablename__ = "sandbox_sms_control"


class SmsHandover(Base):
    """That a message was given to a carrier, and what became of it; carriers have no keys, so this is ours.

    `state` is one of `ledger.Handed`; the phone stands there by keyed hash.
    """

    __tablename__ = "sms_handover"
    __table_args__ = (
        Index("ix_sms_handover_carrier_id", "carrier", "carrier_id"),
        Index("ix_sms_handover_phone", "phone_hash", "at"),
    )

    message_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    carrier: Mapped[str] = mapped_column(String(10), primary_key=True)
    template: Mapped[str] = mapped_column(String(40))
    phone_hash: Mapped[str] = mapped_column(String(64))
    segments: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(10))
    carrier_id: Mapped[str | None] = mapped_column(String(100))
    reason: Mapped[str | None] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(index=True)


class SmsWish(Base):
    """What the holder of a phone said about being written to; kept for as long as it holds, whoever forgets the rest.

    `silent`: they said nothing since they opted out. `by` is the message that said so, `said_at` when.
    """

    __tablename__ = "sms_wish"

    phone_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    opted_out: Mapped[bool]
    silent: Mapped[bool]
    by: Mapped[str] = mapped_column(String(100))
    said_at: Mapped[datetime]

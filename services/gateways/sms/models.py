"""The sandbox's memory: the messages on the phones of the demonstration, encrypted, and how it is told to behave."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
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

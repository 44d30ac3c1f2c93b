"""Our record of each inspection: enough to answer a repeat and to count, nothing readable about anybody."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit import clock
from hub.kit.crypto import EncryptedJson
from hub.kit.db import Base
from hub.kit.ids import new_id


class InvoiceInspection(Base):
    """One inspection that somebody asked for; its id is the request id under which the platform knows it."""

    __tablename__ = "invoice_inspection"
    __table_args__ = (Index("ix_invoice_inspection_asked_at", "asked_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    form: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    number_masked: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    status: Mapped[str | None] = mapped_column(String(24))
    reply: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    channel: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    answered_at: Mapped[datetime | None]

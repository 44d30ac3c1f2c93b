"""Our records of filing: the sheet that somebody was shown, the return that was sent, batches of returns.

A return's id is the request id under which the core system knows it. What was declared is readable only with the
installation's keys; ids are the core system's own and say nothing about anybody.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit import clock
from hub.kit.crypto import EncryptedJson
from hub.kit.db import Base
from hub.kit.ids import new_id


class ReturnStatus(StrEnum):
    """Where a return stands: not answered yet, accepted, refused by the core system, replaced by a correction."""

    PENDING = "pending"
    FILED = "filed"
    REFUSED = "refused"
    REPLACED = "replaced"


class FilingSheet(Base):
    """A return worked out to the last cent, as it was shown for confirmation; what is filed is one of these."""

    __tablename__ = "filing_sheet"
    __table_args__ = (Index("ix_filing_sheet_person_id_digest", "person_id", "digest"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID]
    taxpayer_id: Mapped[str] = mapped_column(String(64))
    obligation_id: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    trace_id: Mapped[UUID]
    made_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)


class TaxReturn(Base):
    """A return that somebody filed, from the moment in which they confirmed it."""

    __tablename__ = "tax_return"
    __table_args__ = (
        Index("ix_tax_return_taxpayer_id_confirmed_at", "taxpayer_id", "confirmed_at"),
        Index("ix_tax_return_pending", "next_attempt_at", postgresql_where=text("status = 'pending'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    sheet_id: Mapped[UUID] = mapped_column(ForeignKey("filing_sheet.id"), unique=True)
    person_id: Mapped[UUID]
    taxpayer_id: Mapped[str] = mapped_column(String(64))
    obligation_id: Mapped[str] = mapped_column(String(64))
    form: Mapped[str] = mapped_column(String(40))
    period_from: Mapped[date]
    period_to: Mapped[date]
    status: Mapped[ReturnStatus] = mapped_column(String(12), default=ReturnStatus.PENDING)
    return_id: Mapped[str | None] = mapped_column(String(64), index=True)
    answer: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    receipt: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    channel: Mapped[str] = mapped_column(String(20))
    confirmed_at: Mapped[datetime] = mapped_column(default=clock.now)
    answered_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(default=clock.now)


class FilingBatch(Base):
    """A spreadsheet with returns of several taxpayers; the same file from the same person is the same batch."""

    __tablename__ = "filing_batch"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[UUID] = mapped_column(index=True)
    uploaded_at: Mapped[datetime] = mapped_column(default=clock.now)
    confirmed_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]


class FilingBatchRow(Base):
    """One return of a batch: what its lines said, and the sheet that came of them or why none did."""

    __tablename__ = "filing_batch_row"
    __table_args__ = (UniqueConstraint("batch_id", "position"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("filing_batch.id"))
    position: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    problem: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    sheet_id: Mapped[UUID | None] = mapped_column(ForeignKey("filing_sheet.id"))

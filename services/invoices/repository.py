"""The records of inspections: the only place that reads or writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from services.invoices.models import InvoiceInspection
from services.invoices.schemas import InspectionStatus


async def claim(session: AsyncSession, record: InvoiceInspection) -> InvoiceInspection:
    """The record of this act: the one given, or the earlier one that carries the same key."""
    names = ("id", "key_hash", "form", "number_masked", "kind", "channel", "asked_at")
    columns = {name: getattr(record, name) for name in names}
    await session.execute(insert(InvoiceInspection).values(columns).on_conflict_do_nothing(index_elements=["key_hash"]))
    found = await session.scalars(select(InvoiceInspection).where(InvoiceInspection.key_hash == record.key_hash))
    return found.one()


async def finish(session: AsyncSession, inspection_id: UUID, status: InspectionStatus, reply: Any = None) -> None:
    """Write down what came of it; an answer that is already there stays."""
    await session.execute(
        update(InvoiceInspection)
        .where(InvoiceInspection.id == inspection_id, InvoiceInspection.reply.is_(None))
        .values(status=status, reply=reply, answered_at=clock.now())
    )


async def erase_before(session: AsyncSession, moment: datetime) -> None:
    """Drop inspections that were asked for before the moment."""
    await session.execute(delete(InvoiceInspection).where(InvoiceInspection.asked_at < moment))

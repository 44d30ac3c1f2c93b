"""The records of calculations: the only place that reads or writes them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from services.calculations.models import Calculation


async def save(session: AsyncSession, record: Calculation) -> None:
    """Keep a calculation."""
    session.add(record)
    await session.flush()


async def find(session: AsyncSession, trace_id: UUID) -> Calculation | None:
    """The calculation with this trace id, if it is still kept."""
    return await session.get(Calculation, trace_id)


async def erase_before(session: AsyncSession, moment: datetime) -> None:
    """Drop calculations that were made before the moment."""
    await session.execute(delete(Calculation).where(Calculation.made_at < moment))

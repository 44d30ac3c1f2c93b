"""The records of real-name checks: the only place that reads or writes them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from services.identity.models import RealNameCheck


async def claim(session: AsyncSession, record: RealNameCheck) -> RealNameCheck:
    """The record of this act: the one given, or the earlier one that carries the same key."""
    names = ("id", "key_hash", "person_id", "form", "asked_at")
    columns = {name: getattr(record, name) for name in names}
    await session.execute(insert(RealNameCheck).values(columns).on_conflict_do_nothing(index_elements=["key_hash"]))
    found = await session.scalars(select(RealNameCheck).where(RealNameCheck.key_hash == record.key_hash))
    return found.one()


async def finish(session: AsyncSession, check_id: UUID, outcome: str) -> bool:
    """Write down what came of it; False when that was done already."""
    changed = await session.scalar(
        update(RealNameCheck)
        .where(RealNameCheck.id == check_id, RealNameCheck.outcome.is_(None))
        .values(outcome=outcome, answered_at=clock.now())
        .returning(RealNameCheck.id)
    )
    return changed is not None


async def erase_before(session: AsyncSession, moment: datetime) -> None:
    """Drop checks that were made before the moment."""
    await session.execute(delete(RealNameCheck).where(RealNameCheck.asked_at < moment))


async def erase_of(session: AsyncSession, person_id: UUID) -> None:
    """Drop the checks of a person who took back their consent."""
    await session.execute(delete(RealNameCheck).where(RealNameCheck.person_id == person_id))

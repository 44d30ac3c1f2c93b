"""By which way people want to be told of things."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.accounts.models import NoticeSetting, NoticeWay
from hub.kit import clock


async def way_of(session: AsyncSession, person_id: UUID) -> NoticeWay | None:
    """What a person has chosen; None when they never did."""
    setting = await session.get(NoticeSetting, person_id, populate_existing=True)
    return NoticeWay(setting.way) if setting else None


async def choose_way(session: AsyncSession, person_id: UUID, way: NoticeWay) -> None:
    """Write a choice down; it replaces the one before."""
    values = {"way": way, "changed_at": clock.now()}
    await session.execute(
        insert(NoticeSetting)
        .values(person_id=person_id, **values)
        .on_conflict_do_update(index_elements=["person_id"], set_=values)
    )


async def forget_way(session: AsyncSession, person_id: UUID) -> None:
    """Forget what somebody chose who takes leave."""
    await session.execute(delete(NoticeSetting).where(NoticeSetting.person_id == person_id))

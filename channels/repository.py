"""The rows of the doors: the only place that reads or writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from channels.models import Pace, SentPart
from hub.kit import clock


async def parts_sent(session: AsyncSession, outbox_id: UUID) -> Sequence[SentPart]:
    """The parts of a message that the party has taken."""
    found = await session.scalars(select(SentPart).where(SentPart.outbox_id == outbox_id).order_by(SentPart.part))
    return found.all()


async def part_sent(
    session: AsyncSession, outbox_id: UUID, part: int, *, channel: str, account: str, party_id: str | None, last: bool
) -> None:
    """The party has taken a part."""
    await session.execute(
        insert(SentPart)
        .values(
            outbox_id=outbox_id, part=part, channel=channel, account=account, party_id=party_id, last=last,
            sent_at=clock.now(),
        )
        .on_conflict_do_nothing()
    )  # fmt: skip


async def part_of(session: AsyncSession, channel: str, party_id: str) -> SentPart | None:
    """The part that the party knows under this id."""
    return await session.scalar(
        select(SentPart)
        .where(SentPart.channel == channel, SentPart.party_id == party_id)
        .order_by(SentPart.sent_at.desc())
        .limit(1)
    )


async def take_slot(
    session: AsyncSession, key: str, *, every: timedelta, burst: timedelta, patience: timedelta
) -> timedelta | None:
    """Reserve the next moment at which a message may go; how long until then.

    None, with nothing reserved, when that is longer than `patience`. A steady flow of one message `every` so long is
    allowed, with as many at once as fit into `burst` (the generic cell rate algorithm, one row for all processes).
    """
    moment = clock.now()
    free_at = await session.scalar(
        insert(Pace)
        .values(key=key, free_at=moment + every)
        .on_conflict_do_update(
            index_elements=["key"],
            set_={"free_at": func.greatest(Pace.free_at, moment) + every},
            where=Pace.free_at <= moment + burst + patience,
        )
        .returning(Pace.free_at)
    )
    return None if free_at is None else max(timedelta(), free_at - every - burst - moment)


async def erase_before(session: AsyncSession, moment: datetime) -> None:
    """Drop what is known of parts sent before the moment, and of paces nobody needs any more."""
    await session.execute(delete(SentPart).where(SentPart.sent_at < moment))
    await session.execute(delete(Pace).where(Pace.free_at < moment))

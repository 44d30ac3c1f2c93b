"""The rows of the outbox: the only place that reads or writes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from hub.outbox.models import OutboxMessage, State


async def add(session: AsyncSession, values: Mapping[str, Any]) -> tuple[UUID, bool]:
    """The id of the message with this dedupe key, and whether it was written now."""
    added = await session.scalar(
        insert(OutboxMessage)
        .values(dict(values))
        .on_conflict_do_nothing(index_elements=["dedupe_key"])
        .returning(OutboxMessage.id)
    )
    if added is not None:
        return added, True
    known = await session.scalars(select(OutboxMessage.id).where(OutboxMessage.dedupe_key == values["dedupe_key"]))
    return known.one(), False


async def due(session: AsyncSession, message_id: UUID, now: datetime) -> OutboxMessage | None:
    """The message, locked, if somebody must look at it and nobody does at this moment."""
    return await session.scalar(
        select(OutboxMessage)
        .where(OutboxMessage.id == message_id, OutboxMessage.due_at <= now)
        .with_for_update(skip_locked=True)
    )


async def held(session: AsyncSession, message_id: UUID, attempt: int) -> OutboxMessage | None:
    """The message, locked, if this attempt still holds it; None when it took too long and another has begun."""
    return await session.scalar(
        select(OutboxMessage)
        .where(
            OutboxMessage.id == message_id, OutboxMessage.attempts == attempt, OutboxMessage.state == State.SENDING
        )
        .with_for_update()
    )  # fmt: skip


async def waits(session: AsyncSession, channel: str, conversation_id: UUID) -> bool:
    """Whether anything stands in a line."""
    found = await session.scalar(select(OutboxMessage.id).where(_in_line(channel, conversation_id)).limit(1))
    return found is not None


async def line(session: AsyncSession, channel: str, conversation_id: UUID) -> Sequence[OutboxMessage]:
    """Everything that stands in a line, in order, locked."""
    found = await session.scalars(
        select(OutboxMessage)
        .where(_in_line(channel, conversation_id))
        .order_by(OutboxMessage.place)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.all()


async def held_up_until(session: AsyncSession, row: OutboxMessage) -> datetime | None:
    """When somebody looks next at what stands before this message in its line; None when it is at the head."""
    if row.place is None or row.conversation_id is None:
        return None
    return await session.scalar(
        select(func.min(OutboxMessage.due_at)).where(
            _in_line(row.channel, row.conversation_id), OutboxMessage.place < row.place
        )
    )


async def head_of_line(session: AsyncSession, channel: str, conversation_id: UUID) -> OutboxMessage | None:
    """The message whose turn it is, locked."""
    return await session.scalar(
        select(OutboxMessage)
        .where(_in_line(channel, conversation_id))
        .order_by(OutboxMessage.place)
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _in_line(channel: str, conversation_id: UUID) -> ColumnElement[bool]:
    return and_(
        OutboxMessage.conversation_id == conversation_id, OutboxMessage.channel == channel,
        OutboxMessage.place.is_not(None), OutboxMessage.due_at.is_not(None),
    )  # fmt: skip


async def waiting_for(
    session: AsyncSession, channel: str, reasons: Collection[str], later_than: datetime, limit: int
) -> Sequence[OutboxMessage]:
    """Messages that could not go for one of these reasons and wait for their next attempt, locked; soonest first."""
    found = await session.scalars(
        select(OutboxMessage)
        .where(
            OutboxMessage.channel == channel, OutboxMessage.reason.in_(reasons), OutboxMessage.due_at > later_than,
            OutboxMessage.state != State.SENDING,
        )
        .order_by(OutboxMessage.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )  # fmt: skip
    return found.all()


async def overdue(session: AsyncSession, before: datetime, limit: int) -> Sequence[UUID]:
    """Messages that somebody should have looked at before the moment, longest waiting first."""
    found = await session.scalars(
        select(OutboxMessage.id).where(OutboxMessage.due_at < before).order_by(OutboxMessage.due_at).limit(limit)
    )
    return found.all()


async def followed(
    session: AsyncSession, *, sent_after: datetime, looked_before: datetime, limit: int
) -> Sequence[OutboxMessage]:
    """Messages that the other side took, of which it is not known whether they arrived; longest unseen first."""
    found = await session.scalars(
        select(OutboxMessage)
        .where(
            OutboxMessage.state == State.SENT, OutboxMessage.sent_at > sent_after,
            OutboxMessage.changed_at < looked_before,
        )
        .order_by(OutboxMessage.changed_at)
        .limit(limit)
    )  # fmt: skip
    return found.all()


async def change_waiting(session: AsyncSession, message_id: UUID, **values: Any) -> bool:
    """Change a message that has never been handed over and is not being sent; whether there was one."""
    changed = await session.scalar(
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id, OutboxMessage.state == State.ACCEPTED)
        .values(changed_at=clock.now(), **values)
        .returning(OutboxMessage.id)
    )
    return changed is not None


async def change_sent(session: AsyncSession, message_id: UUID, **values: Any) -> bool:
    """Change a message that the other side has taken or may have taken; whether there was one."""
    changed = await session.scalar(
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id, OutboxMessage.state.in_((State.SENT, State.UNKNOWN, State.SENDING)))
        .values(changed_at=clock.now(), **values)
        .returning(OutboxMessage.id)
    )
    return changed is not None


async def sent(session: AsyncSession, message_id: UUID) -> OutboxMessage | None:
    """A message that the other side has taken or may have taken, locked."""
    return await session.scalar(
        select(OutboxMessage)
        .where(OutboxMessage.id == message_id, OutboxMessage.state.in_((State.SENT, State.UNKNOWN, State.SENDING)))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def counts(session: AsyncSession, since: datetime) -> Sequence[tuple[str, str, str | None, int, int]]:
    """Channel, state, failure, number of messages and of uncertain ends, for messages written since the moment."""
    rows = await session.execute(
        select(
            OutboxMessage.channel, OutboxMessage.state, OutboxMessage.failure,
            func.count(), func.coalesce(func.sum(OutboxMessage.uncertain_ends), 0),
        )
        .where(OutboxMessage.created_at >= since)
        .group_by(OutboxMessage.channel, OutboxMessage.state, OutboxMessage.failure)
        .order_by(OutboxMessage.channel, OutboxMessage.state, OutboxMessage.failure)
    )  # fmt: skip
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


async def erase_before(session: AsyncSession, moment: datetime) -> None:
    """Drop messages written before the moment with which nothing more is to be done."""
    await session.execute(
        delete(OutboxMessage).where(OutboxMessage.created_at < moment, OutboxMessage.due_at.is_(None))
    )


async def erase_person(session: AsyncSession, person_id: UUID) -> None:
    """Drop every message to a person."""
    await session.execute(delete(OutboxMessage).where(OutboxMessage.person_id == person_id))

"""The job that delivers a message, put into the queue on the connection of whoever writes the message."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import procrastinate
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from hub.outbox import repository
from hub.outbox.letters import AWAY
from hub.outbox.models import State
from hub.outbox.quiet import in_peace

SOON = timedelta(seconds=2)
FREED_AT_ONCE = 10
DELIVER = "outbox.deliver"
"""Name of the task, which `hub.worker` implements."""

# never opened: jobs go through the caller's connection, so that a rollback drops them
_queue = procrastinate.App(connector=procrastinate.PsycopgConnector())


async def enqueue(session: AsyncSession, message_id: UUID, at: datetime) -> None:
    """Have the message looked at from this moment on, if the transaction is committed."""
    raw = await (await session.connection()).get_raw_connection()
    # a job without a moment is announced to the workers at once, by the database's own clock
    later = at if at > clock.now() else None
    task = _queue.configure_task(DELIVER, connection=raw.driver_connection, schedule_at=later)
    await task.defer_async(message_id=str(message_id))


async def free_waiting(session: AsyncSession, channel: str) -> None:
    """Have some that waited for somebody who was away looked at now; each that goes has more of them looked at."""
    now = clock.now()
    for row in await repository.waiting_for(session, channel, AWAY, now + SOON, FREED_AT_ONCE):
        at = now if row.urgent else in_peace(now)
        if at < (row.due_at or at):
            row.due_at = at
            await enqueue(session, row.id, at)


async def free_line(session: AsyncSession, channel: str, conversation_id: UUID) -> None:
    """Have the message at the head of a line looked at now, unless it is being sent or must not go yet."""
    head = await repository.head_of_line(session, channel, conversation_id)
    if head is None or head.state == State.SENDING:
        return
    head.due_at = max(clock.now(), head.not_before)
    await enqueue(session, head.id, head.due_at)

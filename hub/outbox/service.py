"""Giving messages to the outbox, in the caller's own transaction, and what the carriers report of them later."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from hub.kit.ids import new_id
from hub.outbox import jobs, repository
from hub.outbox.models import Content, Failure, OutboxMessage, State
from hub.outbox.otherwise import Otherwise, go_otherwise
from hub.outbox.quiet import in_peace

KEPT_TRYING = timedelta(hours=24)


async def add(
    session: AsyncSession,
    *,
    channel: str,
    topic: str,
    content: Content,
    dedupe_key: str,
    person_id: UUID | None = None,
    conversation_id: UUID | None = None,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    urgent: bool = False,
    place: int | None = None,
    otherwise: Otherwise | None = None,
) -> UUID:
    """Have a message sent once the caller's transaction is committed; its id, or that of the one with the same key.

    An SMS needs `person_id`, a message in a chat `conversation_id` (with `person_id`, when the chat must still be
    theirs). Nothing is sent at night unless it is `urgent`, nor after `expires_at` (24 hours later by default).
    `content` is what the channel wants, or what the preparer of the topic makes it from just before it is sent.
    `place`: its place in the line of its conversation and channel, which goes out in order.
    `otherwise`: the way that it goes when this one fails for good; not for messages with a place.
    `dedupe_key` names the occasion, never a person's data: it is kept in clear.
    """
    moment = not_before or clock.now()
    due_at = moment if urgent else in_peace(moment)
    message_id, fresh = await repository.add(
        session,
        {
            "id": new_id(),
            "channel": channel,
            "topic": topic,
            "content": dict(content),
            "dedupe_key": dedupe_key,
            "person_id": person_id,
            "conversation_id": conversation_id,
            "place": place,
            "otherwise": otherwise.stored() if otherwise else None,
            "not_before": moment,
            "expires_at": expires_at or due_at + KEPT_TRYING,
            "due_at": due_at,
            "urgent": urgent,
            "state": State.ACCEPTED,
            "created_at": clock.now(),
            "changed_at": clock.now(),
        },
    )
    if fresh:
        await jobs.enqueue(session, message_id, due_at)
    return message_id


async def take_over(
    session: AsyncSession, channel: str, conversation_id: UUID, lease: timedelta
) -> Sequence[OutboxMessage]:
    """What waits in a line, in order, for a caller who brings it out itself and then says so with `brought`.

    Nothing while the one at the head of the line is being sent, or may have been. A caller that dies is found out when
    the lease is over; what it had taken over counts as handed over then.
    """
    line = await repository.line(session, channel, conversation_id)
    if any(row.state != State.ACCEPTED for row in line):
        return ()
    for row in line:
        row.state, row.attempts, row.given, row.handed_over = State.SENDING, row.attempts + 1, True, dict(row.content)
        row.due_at, row.changed_at = clock.now() + lease, clock.now()
    return line


async def waits(session: AsyncSession, channel: str, conversation_id: UUID) -> bool:
    """Whether anything stands in a line."""
    return await repository.waits(session, channel, conversation_id)


async def brought(session: AsyncSession, taken: Mapping[UUID, int]) -> int:
    """The messages taken over, with their `attempts`, have been brought out by the caller; of how many it was so."""
    count = 0
    for message_id, attempt in taken.items():
        row = await repository.held(session, message_id, attempt)
        if row is not None:
            row.state, row.due_at, row.reason, row.changed_at = State.DELIVERED, None, None, clock.now()
            row.sent_at, count = row.changed_at, count + 1
    return count


async def give_back(session: AsyncSession, taken: Mapping[UUID, int]) -> None:
    """The messages taken over, with their `attempts`, have certainly not been brought out: they go the common way."""
    for message_id, attempt in taken.items():
        row = await repository.held(session, message_id, attempt)
        if row is not None:
            row.state, row.given, row.due_at, row.changed_at = State.ACCEPTED, False, clock.now(), clock.now()
            await jobs.enqueue(session, row.id, row.due_at)


async def hurry(session: AsyncSession, channel: str, conversation_id: UUID) -> None:
    """Look at once after the message at the head of a line, if it only waits: what held it up may be over."""
    await jobs.free_line(session, channel, conversation_id)


async def cancel(session: AsyncSession, message_id: UUID, reason: str = "cancelled") -> bool:
    """Take back a message that has not been handed over; False when it is too late. `reason`: a short stable word."""
    return await repository.change_waiting(session, message_id, state=State.CANCELLED, reason=reason, due_at=None)


async def content_of(session: AsyncSession, message_id: UUID) -> Content | None:
    """What a message was to say; None when it was erased."""
    row = await session.get(OutboxMessage, message_id)
    return row.content if row else None


async def receipt(
    session: AsyncSession,
    message_id: UUID,
    *,
    delivered: bool,
    reason: str | None = None,
    failure: Failure = Failure.PERMANENT,
    ways: Collection[str] = (),
) -> bool:
    """Write down what the carrier reports of a message that it took; False when there is none that waits for it.

    `ways`: by which the message must have gone, where it may have changed its way meanwhile.
    """
    row = await repository.sent(session, message_id)
    if row is None or (ways and row.channel not in ways):
        return False
    if delivered:
        row.state, row.due_at, row.reason, row.changed_at = State.DELIVERED, None, None, clock.now()
    elif not await go_otherwise(session, row, reason or "undelivered"):
        row.state, row.failure, row.due_at, row.reason = State.FAILED, failure, None, reason
        row.changed_at = clock.now()
    return True


async def forget_person(session: AsyncSession, person_id: UUID) -> None:
    """Erase every message to a person, sent or not."""
    await repository.erase_person(session, person_id)

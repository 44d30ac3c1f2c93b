"""Giving messages to the outbox, in the caller's own transaction, and what the carriers report of them later."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from hub.kit.ids import new_id
from hub.outbox import jobs, repository
from hub.outbox.models import Channel, Content, Failure, State
from hub.outbox.quiet import in_peace

KEPT_TRYING = timedelta(hours=24)


async def add(
    session: AsyncSession,
    *,
    channel: Channel,
    topic: str,
    content: Content,
    dedupe_key: str,
    person_id: UUID | None = None,
    conversation_id: UUID | None = None,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    urgent: bool = False,
) -> UUID:
    """Have a message sent once the caller's transaction is committed; its id, or that of the one with the same key.

    An SMS needs `person_id`, a message in a chat `conversation_id` (with `person_id`, when the chat must still be
    theirs). Nothing is sent at night unless it is `urgent`, nor after `expires_at` (24 hours later by default).
    `content` is what the channel wants, or what the preparer of the topic makes it from just before it is sent.
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


async def cancel(session: AsyncSession, message_id: UUID, reason: str = "cancelled") -> bool:
    """Take back a message that has not been handed over; False when it is too late. `reason`: a short stable word."""
    return await repository.change_waiting(session, message_id, state=State.CANCELLED, reason=reason, due_at=None)


async def receipt(session: AsyncSession, message_id: UUID, *, delivered: bool, reason: str | None = None) -> bool:
    """Write down what the carrier reports of a message that it took; False when there is none that waits for it."""
    if delivered:
        return await repository.change_sent(session, message_id, state=State.DELIVERED, due_at=None, reason=None)
    return await repository.change_sent(
        session, message_id, state=State.FAILED, failure=Failure.PERMANENT, due_at=None, reason=reason,
    )  # fmt: skip


async def forget_person(session: AsyncSession, person_id: UUID) -> None:
    """Erase every message to a person, sent or not."""
    await repository.erase_person(session, person_id)

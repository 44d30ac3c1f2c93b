"""The only selects on conversations and messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation import pushing
from bot.conversation.models import Author, Conversation, Handoff, Message, State
from hub.kit import clock
from hub.kit.ids import new_id
from hub.kit.trace import trace_id

CHANNEL = "conversation"


async def get(session: AsyncSession, conversation_id: UUID, *, lock: bool = False) -> Conversation | None:
    """A conversation, locked against other writers when `lock`."""
    return await session.get(Conversation, conversation_id, with_for_update=lock, populate_existing=True)


async def message_by_external_id(session: AsyncSession, conversation_id: UUID, external_id: str) -> Message | None:
    """The message that the door knows under this id."""
    return await session.scalar(
        select(Message).where(Message.conversation_id == conversation_id, Message.external_id == external_id)
    )


async def message_by_door_key(session: AsyncSession, key: str) -> Message | None:
    """The message that came through a door under this key ("door:…"), whichever conversation it stands in."""
    return await session.scalar(select(Message).where(Message.external_id == key, Message.external_id.like("door:%")))


async def said_since_heard(session: AsyncSession, conversation_id: UUID) -> Sequence[Message]:
    """What we said since the person spoke last, newest first."""
    heard = select(func.max(Message.seq)).where(Message.conversation_id == conversation_id, Message.direction == "in")
    found = await session.scalars(
        select(Message)
        .where(
            Message.conversation_id == conversation_id, Message.direction == "out",
            Message.seq > func.coalesce(heard.scalar_subquery(), 0),
        )
        .order_by(Message.seq.desc())
    )  # fmt: skip
    return found.all()


async def reserve(
    session: AsyncSession, conversation_id: UUID, count: int, *conditions: ColumnElement[bool], **changes: Any
) -> Conversation | None:
    """Reserve the `count` numbers that end with the returned conversation's `last_seq`, and change it on the way.

    Locks the conversation until the transaction ends; None when it is gone or a condition does not hold.
    """
    return await session.scalar(
        update(Conversation)
        .where(Conversation.id == conversation_id, *conditions)
        .values(last_seq=Conversation.last_seq + count, updated_at=clock.now(), **changes)
        .returning(Conversation)
        .execution_options(synchronize_session=False, populate_existing=True)
    )


async def add_inbound(
    session: AsyncSession, conversation: Conversation, *, external_id: str, content: str, payload: dict[str, Any]
) -> UUID | None:
    """Store under the number reserved last what a person said, and tell; None when the door's id is known already."""
    return await session.scalar(
        insert(Message)
        .values(
            id=new_id(), conversation_id=conversation.id, seq=conversation.last_seq, direction="in",
            author=Author.USER, external_id=external_id, text=content, payload=payload, trace_id=trace_id(),
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["conversation_id", "external_id"])
        .returning(Message.id, _told(conversation.id))
    )  # fmt: skip


async def add_outbound(session: AsyncSession, conversation_id: UUID, messages: Sequence[Message]) -> None:
    """Store what we say, in order, and tell the listeners when the transaction commits.

    Raises `LookupError` when the conversation is gone.
    """
    conversation = await reserve(session, conversation_id, len(messages))
    if conversation is None:
        raise LookupError(conversation_id)
    await store_outbound(session, conversation, messages)
    await notify(session, conversation_id)


async def store_outbound(
    session: AsyncSession, conversation: Conversation, messages: Sequence[Message], not_before: datetime | None = None
) -> None:
    """Store what we say under the numbers reserved last; nobody is told.

    Where the person speaks through a door that we push messages through, the outbox gets them in the same transaction,
    to go not before a moment: until then the door may answer by itself.
    """
    first = conversation.last_seq - len(messages) + 1
    for offset, message in enumerate(messages):
        message.conversation_id = conversation.id
        message.direction = "out"
        message.seq = first + offset
        message.created_at = clock.now()
        message.trace_id = trace_id()
    session.add_all(messages)
    await session.flush()
    if conversation.door_id is not None:
        await pushing.push(session, conversation.id, conversation.door_id, messages, not_before)


def _told(conversation_id: UUID) -> ColumnElement[Any]:
    """Tells every process, at commit, that the conversation has news; part of a statement that is needed anyway."""
    return func.pg_notify(CHANNEL, str(conversation_id))


async def notify(session: AsyncSession, conversation_id: UUID) -> None:
    """Tell every process, at commit, that the conversation has news."""
    await session.execute(select(_told(conversation_id)))


async def unprocessed(session: AsyncSession, conversation_id: UUID) -> tuple[Conversation | None, Sequence[Message]]:
    """What people said and nobody has dealt with, in order; the conversation too where there is something."""
    found = await session.execute(
        select(Conversation, Message)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Conversation.id == conversation_id, Message.direction == "in", Message.processed_at.is_(None))
        .order_by(Message.seq)
    )
    rows = found.all()
    return (rows[0][0] if rows else None), [row[1] for row in rows]


async def stale_conversations(session: AsyncSession, before: datetime, limit: int = 50) -> Sequence[UUID]:
    """Conversations with a message that nobody has dealt with since `before`."""
    found = await session.scalars(
        select(Message.conversation_id)
        .where(Message.direction == "in", Message.processed_at.is_(None), Message.created_at < before)
        .distinct()
        .limit(limit)
    )
    return found.all()


async def mark_processed(session: AsyncSession, conversation_id: UUID, message_id: UUID) -> bool:
    """Claim the right to answer a message, and tell; False when somebody has answered it already."""
    claimed = await session.scalar(
        update(Message)
        .where(Message.id == message_id, Message.processed_at.is_(None))
        .values(processed_at=clock.now())
        .returning(Message.id, _told(conversation_id))
        .execution_options(synchronize_session=False)
    )
    return claimed is not None


async def replies_to(session: AsyncSession, message_id: UUID) -> Sequence[Message]:
    """What we said to a message."""
    found = await session.scalars(select(Message).where(Message.reply_to == message_id).order_by(Message.seq))
    return found.all()


async def page(session: AsyncSession, conversation_id: UUID, after: UUID | None, limit: int) -> Sequence[Message]:
    """Messages after one of them, oldest first; one more than `limit`, so that the caller sees whether to go on."""
    query = select(Message).where(Message.conversation_id == conversation_id).order_by(Message.seq).limit(limit + 1)
    if after is not None:
        anchor = select(Message.seq).where(Message.conversation_id == conversation_id, Message.id == after)
        query = query.where(Message.seq > func.coalesce(anchor.scalar_subquery(), 0))
    return (await session.scalars(query)).all()


async def recent_outbound(session: AsyncSession, conversation_id: UUID, limit: int = 30) -> Sequence[Message]:
    """The latest things that we said, newest first."""
    found = await session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.direction == "out")
        .order_by(Message.seq.desc())
        .limit(limit)
    )
    return found.all()


async def open_handoff(session: AsyncSession, conversation_id: UUID) -> Handoff | None:
    """The stay with humans that has not ended."""
    return await session.scalar(
        select(Handoff).where(Handoff.conversation_id == conversation_id, Handoff.ended_at.is_(None))
    )


async def queue_position(session: AsyncSession, queued_at: datetime) -> int:
    """How many wait, up to and including the one who came at this moment."""
    waiting = await session.scalar(
        select(func.count())
        .select_from(Conversation)
        .where(Conversation.state == State.WAITING_FOR_AGENT, Conversation.queued_at <= queued_at)
    )
    return waiting or 0


async def recent_handling(session: AsyncSession, limit: int = 50) -> Sequence[tuple[datetime, datetime, str]]:
    """Begin, end and agent of the latest chats that humans finished."""
    rows = await session.execute(
        select(Handoff.claimed_at, Handoff.ended_at, Handoff.claimed_by)
        .where(Handoff.claimed_at.is_not(None), Handoff.ended_at.is_not(None))
        .order_by(Handoff.ended_at.desc())
        .limit(limit)
    )
    return [(begin, end, agent) for begin, end, agent in rows if begin and end and agent]


async def agents_at_work(session: AsyncSession, since: datetime) -> int:
    """How many agents hold a chat or ended one since then."""
    found = await session.scalar(
        select(func.count(func.distinct(Handoff.claimed_by))).where(
            Handoff.claimed_at.is_not(None), (Handoff.ended_at.is_(None)) | (Handoff.ended_at >= since)
        )
    )
    return found or 0


async def for_staff(
    session: AsyncSession, state: State | None, limit: int, offset: int
) -> tuple[Sequence[tuple[Conversation, Handoff | None]], int]:
    """A page of conversations for the staff's list, longest waiting first, and their number."""
    condition = Conversation.state == state if state else Conversation.state != State.WITH_BOT
    rows = await session.execute(
        select(Conversation, Handoff)
        .outerjoin(Handoff, (Handoff.conversation_id == Conversation.id) & Handoff.ended_at.is_(None))
        .where(condition)
        .order_by(Conversation.queued_at.asc().nulls_last(), Conversation.updated_at.desc())
        .limit(limit)
        .offset(offset)
    )
    total = await session.scalar(select(func.count()).select_from(Conversation).where(condition))
    return [(row[0], row[1]) for row in rows], total or 0


async def last_message(session: AsyncSession, conversation_id: UUID) -> Message | None:
    """What the person said last."""
    return await session.scalar(
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.direction == "in")
        .order_by(Message.seq.desc())
        .limit(1)
    )


async def erase(session: AsyncSession, conversation_id: UUID) -> None:
    """Remove a conversation with everything said in it."""
    await session.execute(delete(Conversation).where(Conversation.id == conversation_id))


async def erase_older_than(session: AsyncSession, moment: datetime, limit: int = 500) -> Sequence[UUID]:
    """Remove conversations at rest since before the moment; which ones."""
    old = select(Conversation.id).where(Conversation.updated_at < moment).limit(limit)
    gone = await session.scalars(delete(Conversation).where(Conversation.id.in_(old)).returning(Conversation.id))
    return gone.all()


async def forget_dialogue(session: AsyncSession, conversation_id: UUID) -> None:
    """Remove what Rasa remembers: its tracker is one row of this database, read anew on every turn."""
    await session.execute(text("delete from dialogue_tracker where sender_id = :id"), {"id": str(conversation_id)})

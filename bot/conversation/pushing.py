"""Messages on their way to people who speak through a door: given to the outbox with the act that says them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation.models import Message
from hub import outbox
from hub.accounts import identities

TOPIC = "said"


async def push(
    session: AsyncSession,
    conversation_id: UUID,
    identity_id: UUID,
    messages: Sequence[Message],
    not_before: datetime | None = None,
) -> None:
    """Have messages of a conversation brought to a channel identity, in their order; the outbox holds ids only."""
    identity = await identities.get(session, identity_id)
    if identity is None:
        return
    for message in messages:
        await outbox.add(
            session,
            channel=outbox.door(identity.channel),
            topic=TOPIC,
            content={"message": str(message.id), "identity": str(identity.id)},
            dedupe_key=f"{TOPIC}:{message.id}",
            conversation_id=conversation_id,
            place=message.seq,
            not_before=not_before,
            urgent=True,  # an answer to somebody who is here now
        )

"""A second way for a message whose first one fails for good: the same message changes its way, so it never goes twice.

Only a message that the first way certainly did not bring to anybody: where an attempt ended nobody knows how, it stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from hub.kit.logging import get_logger
from hub.outbox import jobs
from hub.outbox.models import Content, OutboxMessage, State
from hub.outbox.quiet import in_peace

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Otherwise:
    """The second way: which, with what, into which conversation where it is a chat, and until when it is worth it."""

    channel: str
    content: Content
    expires_at: datetime
    conversation_id: UUID | None = None

    def stored(self) -> dict[str, Any]:
        """As the message keeps it."""
        return {
            "channel": str(self.channel), "content": dict(self.content), "expires_at": self.expires_at.isoformat(),
            "conversation_id": str(self.conversation_id) if self.conversation_id else None,
        }  # fmt: skip


async def go_otherwise(session: AsyncSession, row: OutboxMessage, reason: str) -> bool:
    """Let a message that has failed go its second way; False when it has none, or may have arrived by the first."""
    if row.otherwise is None or row.uncertain_ends:
        return False
    second, now = row.otherwise, clock.now()
    expires_at = datetime.fromisoformat(second["expires_at"])
    at = now if row.urgent else in_peace(now)
    if at >= expires_at:
        return False
    log.info("outbox_otherwise", topic=row.topic, channel=row.channel, otherwise=second["channel"], reason=reason)
    row.instead_of, row.channel, row.content = row.channel, second["channel"], second["content"]
    row.conversation_id = UUID(second["conversation_id"]) if second["conversation_id"] else None
    row.otherwise, row.handed_over, row.given, row.revision = None, None, False, 0
    row.carrier_id = row.sent_at = row.failure = None
    row.state, row.reason, row.due_at, row.expires_at, row.changed_at = State.ACCEPTED, reason, at, expires_at, now
    await session.flush()
    await jobs.enqueue(session, row.id, at)
    return True

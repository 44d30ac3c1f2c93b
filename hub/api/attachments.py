"""`/api/v1/staff/conversations/…/attachments`: what people sent through a door, fetched from the party for an agent."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Path, Response

from bot.conversation.models import Message
from channels.attachments import FILE_TYPES, MOST
from channels.base import FileGone
from channels.registry import keepers
from hub import audit
from hub.accounts.access import CurrentAgent
from hub.kit.db import transaction

router = APIRouter(prefix="/api/v1/staff/conversations", tags=["staff"])


@router.get("/{conversation_id}/messages/{message_id}/attachments/{place}")
async def read_attachment(
    conversation_id: UUID, message_id: UUID, place: Annotated[int, Path(ge=0, lt=MOST)], agent: CurrentAgent
) -> Response:
    """A file of a message, to be saved and never shown by the browser itself; the look is written down."""
    # the look is on record whatever becomes of it
    async with transaction() as session:
        message = await session.get(Message, message_id)
        kept = message.payload.get("attachments") or [] if message else []
        if message is None or message.conversation_id != conversation_id or place >= len(kept):
            raise FileGone
        await audit.record(
            session, agent.username, "conversation.attachment", str(conversation_id), message=str(message_id)
        )
    one = kept[place]
    keeper = keepers().get(one.get("channel", ""))
    if keeper is None:
        raise FileGone
    fetched = await keeper.fetch(one["reference"])
    kind = one["content_type"] or fetched.content_type
    name = quote(one["name"] or f"{one['kind']}-{place}")
    return Response(
        fetched.content,
        media_type=kind if kind in FILE_TYPES else "application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "Cache-Control": "no-store"},
    )

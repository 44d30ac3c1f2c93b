"""The WebSocket of a conversation: news as it happens; the first frame carries the token, never the URL."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field, ValidationError

from bot.conversation.handoff import ConversationNotFound
from bot.conversation.models import Author, State
from bot.conversation.schemas import Messages
from bot.conversation.service import ConversationService
from hub.accounts.access import Public
from hub.kit.errors import HubError
from hub.settings import get_settings

router = APIRouter()

SECONDS_FOR_HELLO = 10
SECONDS_BETWEEN_LOOKS = 20
POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013


class Hello(BaseModel):
    """The first frame: proof of ownership, and the last message that the client has."""

    type: Literal["hello"]
    token: str = Field(max_length=200)
    after: UUID | None = None


def origin_allowed(websocket: WebSocket) -> bool:
    """Whether a browser page of this origin may open a stream; programs send no origin."""
    origin = websocket.headers.get("origin")
    if origin is None:
        return True
    settings = get_settings()
    host = websocket.headers.get("host", "")
    return origin in (f"http://{host}", f"https://{host}", *settings.allowed_origins)


@router.websocket("/api/v1/conversations/{conversation_id}/stream", dependencies=[Public])
async def stream(websocket: WebSocket, conversation_id: UUID) -> None:
    """Send what is said in a conversation until the client goes."""
    if not origin_allowed(websocket):
        await websocket.close(POLICY_VIOLATION)
        return
    await websocket.accept()
    conversations: ConversationService = websocket.app.state.conversations
    try:
        async with asyncio.timeout(SECONDS_FOR_HELLO):
            hello = Hello.model_validate(await websocket.receive_json())
        await conversations.authorise(conversation_id, hello.token)
    except (TimeoutError, ValidationError, ValueError, KeyError, WebSocketDisconnect):
        with contextlib.suppress(RuntimeError):
            await websocket.close(POLICY_VIOLATION)
        return
    except HubError as error:
        await websocket.send_json({"type": "error", "code": error.code, "detail": error.user_message})
        await websocket.close(POLICY_VIOLATION)
        return
    async with conversations.news.subscribe(str(conversation_id)) as hints:
        sender = asyncio.create_task(_send(websocket, conversations, conversation_id, hello.after, hints))
        receiver = asyncio.create_task(_receive(websocket))
        _, running = await asyncio.wait({sender, receiver}, return_when=asyncio.FIRST_COMPLETED)
        for task in running:
            task.cancel()
        await asyncio.gather(sender, receiver, return_exceptions=True)
    with contextlib.suppress(RuntimeError):
        await websocket.close(TRY_AGAIN_LATER)


async def _receive(websocket: WebSocket) -> None:
    """Answer pings until the client goes; anything else is ignored."""
    with contextlib.suppress(WebSocketDisconnect, ValueError, KeyError, RuntimeError):
        while True:
            frame = await websocket.receive_json()
            if isinstance(frame, dict) and frame.get("type") == "ping":
                await websocket.send_json({"type": "pong"})


async def _send(
    websocket: WebSocket,
    conversations: ConversationService,
    conversation_id: UUID,
    after: UUID | None,
    hints: asyncio.Queue[str],
) -> None:
    shown: tuple[Any, ...] = ()
    first = True
    while True:
        try:
            news: Messages = await conversations.history(conversation_id, after)
        except ConversationNotFound as error:
            await websocket.send_json({"type": "error", "code": error.code, "detail": error.user_message})
            return
        for message in news.messages:
            await websocket.send_json({"type": "message", "message": message.model_dump(mode="json")})
            after = message.id
            if message.author == Author.USER and news.state == State.WITH_BOT and not first:
                await websocket.send_json({"type": "typing", "author": Author.BOT})
        standing = (news.state, news.queue and news.queue.model_dump())
        if first or standing != shown:
            kind = "ready" if first else "state"
            await websocket.send_json({"type": kind, "state": standing[0], "queue": standing[1]})
            shown, first = standing, False
        if news.next:
            continue
        await _wait_for_news(hints)


async def _wait_for_news(hints: asyncio.Queue[str]) -> None:
    """Return when there may be news, or when it is time to look anyway (a hint can be lost, a queue moves on)."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SECONDS_BETWEEN_LOOKS):
            await hints.get()
    while not hints.empty():
        hints.get_nowait()

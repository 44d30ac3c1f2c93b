"""The stand-in of Telegram: people who write to the bot, and what they read of it; the updates are the Bot API's."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

import segno
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from channels.telegram.models import SandboxTelegramChat, SandboxTelegramControl, SandboxTelegramMessage
from hub.kit import clock
from hub.kit.crypto import keyed_hash
from hub.kit.db import lock
from hub.kit.ids import new_id
from services.gateways.behaviour import behaviour

USERNAME = "sandbox_tax_bot"
OF_WORDS = "words-"
PRIVATE, GROUP = "private", "supergroup"


@dataclass(frozen=True, slots=True)
class Flood:
    """What Telegram lets a bot send: messages a second in all, a second to one chat, a minute to one group."""

    all_second: int = 30
    chat_second: int = 1
    burst: int = 4
    """How many to one chat at once, if it is quiet before and after: per five seconds no more than one a second."""
    group_minute: int = 20


def sandbox_token() -> str:
    """The token of the sandbox's bot in an installation that has none of its own."""
    return f"1000000000:{keyed_hash('sandbox', 'telegram token')[:35]}"


def message(chat_id: int, user_id: int, message_id: int, *, kind: str = PRIVATE, **content: Any) -> dict[str, Any]:
    """A message of a person as the Bot API shows it; `content` is text, photo, sticker …"""
    return {
        "message_id": message_id,
        "date": int(clock.now().timestamp()),
        "chat": {"id": chat_id, "type": kind},
        "from": {"id": user_id, "is_bot": False, "first_name": f"用户{user_id}", "language_code": "zh-hans"},
        **content,
    }


def press(chat_id: int, user_id: int, message_id: int, data: str, *, kind: str = PRIVATE) -> dict[str, Any]:
    """A button under a message of the bot, pressed."""
    under = {
        "message_id": message_id, "date": int(clock.now().timestamp()), "chat": {"id": chat_id, "type": kind},
        "from": {"id": 1000000000, "is_bot": True, "first_name": "bot", "username": USERNAME},
    }  # fmt: skip
    return {
        "id": new_id().hex,
        "from": {"id": user_id, "is_bot": False, "first_name": f"用户{user_id}"},
        "message": under,
        "chat_instance": str(chat_id),
        "data": data,
    }


def file_of(words: str) -> str:
    """The name of a file that is a picture of these words as a QR code."""
    return OF_WORDS + urlsafe_b64encode(words.encode()).decode().rstrip("=")


def picture(file_id: str) -> bytes:
    """What the sandbox keeps under a file's name: a QR code of the words that it was made of, or of the name itself."""
    said = file_id
    if file_id.startswith(OF_WORDS):
        encoded = file_id.removeprefix(OF_WORDS)
        try:
            said = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        except ValueError:
            said = file_id
    content = BytesIO()
    segno.make(said).save(content, kind="png", scale=4)
    return content.getvalue()


async def meet(session: AsyncSession, chat_id: int, kind: str = PRIVATE) -> None:
    """Somebody opens the chat with the bot, or takes up one that they had stopped."""
    await session.execute(
        insert(SandboxTelegramChat)
        .values(chat_id=chat_id, kind=kind)
        .on_conflict_do_update(index_elements=["chat_id"], set_={"blocked": False})
    )


async def block(session: AsyncSession, chat_id: int) -> None:
    """Somebody stops the bot."""
    await session.execute(
        update(SandboxTelegramChat).where(SandboxTelegramChat.chat_id == chat_id).values(blocked=True)
    )


async def write(session: AsyncSession, chat_id: int, **content: Any) -> dict[str, Any]:
    """A person writes in their own chat; the update that Telegram sends for it."""
    await meet(session, chat_id)
    number = await next_id(session, chat_id)
    said = message(chat_id, chat_id, number, **content)
    session.add(SandboxTelegramMessage(chat_id=chat_id, message_id=number, from_bot=False, content=said))
    await session.flush()
    return {"update_id": await next_update(session), "message": said}


async def next_update(session: AsyncSession) -> int:
    """The number of the next update."""
    await behaviour(session, SandboxTelegramControl)
    found: int | None = await session.scalar(
        update(SandboxTelegramControl)
        .values(last_update=SandboxTelegramControl.last_update + 1)
        .returning(SandboxTelegramControl.last_update)
    )
    return found or 1


async def next_id(session: AsyncSession, chat_id: int) -> int:
    """The number of the next message of a chat.

    Raises `LookupError` when there is no such chat.
    """
    found: int | None = await session.scalar(
        update(SandboxTelegramChat)
        .where(SandboxTelegramChat.chat_id == chat_id)
        .values(last_id=SandboxTelegramChat.last_id + 1)
        .returning(SandboxTelegramChat.last_id)
    )
    if found is None:
        raise LookupError(chat_id)
    return found


async def chat(session: AsyncSession, chat_id: int) -> SandboxTelegramChat | None:
    """A chat, if somebody has written there."""
    return await session.get(SandboxTelegramChat, chat_id, populate_existing=True)


async def flooded(session: AsyncSession, chat_id: int, flood: Flood) -> int:
    """For how many seconds nothing more may be sent; 0 when it may. Counts one sender at a time."""
    await lock(session, "sandbox telegram flood")
    moment = clock.now()
    counts = [(timedelta(seconds=1), flood.all_second, None), (timedelta(seconds=1), flood.burst, chat_id),
              (timedelta(seconds=5), flood.chat_second * 5, chat_id)]  # fmt: skip
    if chat_id < 0:
        counts.append((timedelta(minutes=1), flood.group_minute, chat_id))
    for window, limit, where in counts:
        sent = select(func.count()).where(
            SandboxTelegramMessage.from_bot.is_(True), SandboxTelegramMessage.sent_at > moment - window
        )
        if where is not None:
            sent = sent.where(SandboxTelegramMessage.chat_id == where)
        if (await session.scalar(sent) or 0) >= limit:
            return max(1, int(window.total_seconds()))
    return 0


async def sent(session: AsyncSession, chat_id: int, content: dict[str, Any]) -> dict[str, Any]:
    """The bot's message, as it stands in the chat."""
    number = await next_id(session, chat_id)
    found = await chat(session, chat_id)
    shown = {
        "message_id": number,
        "date": int(clock.now().timestamp()),
        "chat": {"id": chat_id, "type": found.kind if found else PRIVATE},
        "from": {"id": 1000000000, "is_bot": True, "first_name": "12366", "username": USERNAME},
        **content,
    }
    session.add(SandboxTelegramMessage(chat_id=chat_id, message_id=number, from_bot=True, content=shown))
    await session.flush()
    return shown


async def read(session: AsyncSession, chat_id: int, after: int = 0) -> Sequence[SandboxTelegramMessage]:
    """What stands in a chat behind a message, oldest first."""
    found = await session.scalars(
        select(SandboxTelegramMessage)
        .where(SandboxTelegramMessage.chat_id == chat_id, SandboxTelegramMessage.message_id > after)
        .order_by(SandboxTelegramMessage.message_id)
    )
    return found.all()

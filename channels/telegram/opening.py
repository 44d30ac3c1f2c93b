"""Opening the Telegram door by the settings: the real Bot API, the sandbox, or not at all."""

from __future__ import annotations

import httpx

from channels.telegram.channel import TelegramChannel
from channels.telegram.client import BotApi
from channels.telegram.peer import create_peer
from channels.telegram.sandbox import sandbox_token
from hub.settings import Settings


def open_telegram(settings: Settings) -> TelegramChannel | None:
    """The door; None while it is off, or has no token."""
    token = settings.telegram_token.get_secret_value()
    if settings.telegram_gateway == "sandbox":
        token = sandbox_token()
        transport = httpx.ASGITransport(create_peer(token))
        return TelegramChannel(BotApi("http://telegram", token, settings.telegram_timeout_seconds, transport), token)
    if settings.telegram_gateway == "off" or not token:
        return None
    return TelegramChannel(BotApi(settings.telegram_url, token, settings.telegram_timeout_seconds), token)

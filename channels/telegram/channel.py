"""The Telegram door: verifies and decodes updates, sends messages with inline keyboards."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Sequence
from typing import Any, ClassVar

import httpx
from fastapi import APIRouter
from pydantic import ValidationError

from channels.attachments import LARGEST_OF_ALL
from channels.base import (
    Answer,
    Call,
    Capabilities,
    Fetched,
    FileGone,
    InboundMessage,
    Malformed,
    NotVerified,
    Part,
    PartyAway,
    Rate,
    Received,
    Target,
    Unit,
)
from channels.telegram import decoding
from channels.telegram.client import BotApi, ChatMoved
from channels.telegram.wire import File, Update, User
from hub.kit.crypto import keyed_hash
from hub.kit.logging import get_logger
from hub.outbox.letters import DeliveryTrouble, Never, Uncertain

log = get_logger(__name__)

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the name of a header
SHORT_TITLE = 8
LONGEST_TITLE = 60
ANSWER_WITHIN_SECONDS = 2.0
UPDATES = ["message", "callback_query", "my_chat_member"]
COMMANDS = ({"command": "help", "description": "能做什么"}, {"command": "human", "description": "转人工"})
_OK = Answer(b"{}", "application/json")


def account_of(token: str) -> str:
    """The number of the bot, which its token begins with."""
    return token.partition(":")[0]


def secret_of(token: str) -> str:
    """What Telegram gives back with every update: only we and Telegram know it, and a new token changes it."""
    return keyed_hash(token, "telegram webhook")


class TelegramChannel:
    """One bot."""

    name: ClassVar[str] = decoding.NAME
    capabilities: ClassVar[Capabilities] = Capabilities(
        text_limit=4096,
        unit=Unit.UTF16,
        buttons=True,
        # https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
        rates=(Rate(30, 1.0), Rate(5, 5.0, "chat"), Rate(20, 60.0, "group")),
    )
    router: APIRouter | None = None

    def __init__(self, api: BotApi, token: str) -> None:
        self._api = api
        self._account = account_of(token)
        self._secret = secret_of(token)
        self._username: str | None = None

    async def receive(self, call: Call) -> Received:
        """Decode an update; one that is verified and yet not understood is taken and dropped, or it would come forever.

        Raises `NotVerified`, `Malformed`.
        """
        given = call.headers.get(SECRET_HEADER, "")
        if call.method != "POST" or not hmac.compare_digest(given.encode(), self._secret.encode()):
            raise NotVerified
        try:
            update = Update.model_validate_json(call.body)
        except ValidationError as error:
            if not _numbered(error):
                raise Malformed from error
            log.warning("telegram_update_not_understood", fields=[item["loc"] for item in error.errors()][:5])
            return Received(_OK)
        messages: list[InboundMessage] = []
        if update.message is not None:
            username = await self._name() if update.message.chat.type != "private" else ""
            if said := decoding.from_message(update.message, self._account, username):
                messages.append(said)
        if update.callback_query is not None:
            if said := decoding.from_callback(update.callback_query, self._account):
                messages.append(said)
            else:
                await self._answered(update.callback_query.id)
        gone = decoding.from_member_change(update.my_chat_member, self._account) if update.my_chat_member else None
        return Received(_OK, messages, gone=[gone] if gone else [])

    async def send(self, target: Target, part: Part) -> str | None:
        """Send a part; its number with that of the chat.

        Raises `NotNow`, `Uncertain`, `Never`, `Blocked`.
        """
        parameters = _parameters(target, part)
        try:
            result = await self._api.call("sendMessage", **parameters)
        except ChatMoved as moved:
            result = await self._api.call("sendMessage", **parameters | {"chat_id": moved.chat_id})
        if not isinstance(result, dict) or "message_id" not in result:
            raise Uncertain("no_message_id")
        return f"{target.address.partition('/')[0]}:{result['message_id']}"

    async def acknowledge(self, messages: Sequence[InboundMessage]) -> None:
        """Stop the waiting sign on buttons that were pressed."""
        for message in messages:
            kind, _, query_id = message.external_id.partition(":")
            if kind == "c":
                await self._answered(query_id)

    async def fetch(self, reference: str) -> Fetched:
        """A file that somebody sent; see `KeepsFiles`."""
        try:
            found = File.model_validate(await self._api.call("getFile", file_id=reference))
            answer = await self._api.file(found.file_path, LARGEST_OF_ALL) if found.file_path else None
        except (Never, ValidationError) as error:
            raise FileGone from error
        except (DeliveryTrouble, httpx.HTTPError) as error:
            raise PartyAway from error
        if answer is None:
            raise FileGone
        return Fetched(answer.content, answer.headers.get("content-type", ""))

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def probe(self) -> bool:
        """Whether Telegram answers; see `Probes`."""
        try:
            await self._api.call("getMe")
        except DeliveryTrouble:
            return False
        return True

    async def connect(self, webhook_url: str) -> str:
        """Have updates sent to us from now on; the bot's name.

        Raises `DeliveryTrouble`.
        """
        await self._api.call(
            "setWebhook", url=webhook_url, secret_token=self._secret, allowed_updates=UPDATES, max_connections=40
        )
        await self._api.call("setMyCommands", commands=list(COMMANDS))
        return await self._name()

    async def _name(self) -> str:
        """Our own name, asked for once; empty while Telegram does not say."""
        if self._username is None:
            try:
                async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
                    self._username = User.model_validate(await self._api.call("getMe")).username
            except (DeliveryTrouble, TimeoutError, ValidationError) as error:
                log.warning("telegram_name_unknown", error=type(error).__name__)
                return ""
        return self._username

    async def _answered(self, query_id: str) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
                await self._api.call("answerCallbackQuery", callback_query_id=query_id)
        except (DeliveryTrouble, TimeoutError) as error:
            # the sign goes away by itself after a while
            log.info("telegram_press_not_answered", error=type(error).__name__)


def _numbered(error: ValidationError) -> bool:
    """Whether what is not understood is an update at all: an object with a number."""
    return all(item["loc"] and item["loc"][0] != "update_id" for item in error.errors())


def _parameters(target: Target, part: Part) -> dict[str, Any]:
    chat, _, place = target.address.partition("/")
    topic, _, answered = place.partition("/")
    parameters: dict[str, Any] = {
        "chat_id": int(chat),
        "text": part.text,
        "link_preview_options": {"is_disabled": True},
    }
    if topic:
        parameters["message_thread_id"] = int(topic)
    if answered:
        parameters["reply_parameters"] = {"message_id": int(answered), "allow_sending_without_reply": True}
    if part.buttons and not target.group:
        parameters["reply_markup"] = {"inline_keyboard": _keyboard(part)}
    return parameters


def _keyboard(part: Part) -> list[list[dict[str, str]]]:
    """The buttons: short ones two in a row."""
    rows: list[list[dict[str, str]]] = []
    for place, button in enumerate(part.buttons):
        title = button.title if len(button.title) <= LONGEST_TITLE else button.title[: LONGEST_TITLE - 1] + "…"
        key = {"text": title, "callback_data": decoding.button_data(part.message, place)}
        short = len(title) <= SHORT_TITLE
        if short and rows and len(rows[-1]) == 1 and len(rows[-1][0]["text"]) <= SHORT_TITLE:
            rows[-1].append(key)
        else:
            rows.append([key])
    return rows

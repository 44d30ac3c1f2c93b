"""The sandbox behind the Bot API's own wire format, with its errors and its flood control."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from channels.telegram import sandbox
from channels.telegram.models import SandboxTelegramControl
from hub.kit.db import transaction
from services.gateways.behaviour import GARBAGE, behave, held_back
from services.gateways.errors import GatewayFault, GatewayUnavailable

LONGEST_TEXT = 4096
LONGEST_DATA = 64
MOST_BUTTONS = 100

Parameters = dict[str, Any]


class Refusal(Exception):
    """The Bot API's error: a code, its words, and what helps."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


def create_peer(token: str, flood: sandbox.Flood | None = None) -> FastAPI:
    """The peer as an application for one bot."""
    app = FastAPI(title="Telegram Bot API (sandbox)", docs_url=None, redoc_url=None, openapi_url=None)
    limits = flood or sandbox.Flood()

    @app.api_route("/bot{given}/{method}", methods=["GET", "POST"])
    async def call(given: str, method: str, request: Request) -> Response:
        try:
            delay = await behave(SandboxTelegramControl)
        except GatewayUnavailable:
            return Response("<html>502 Bad Gateway</html>", 502)
        except GatewayFault as error:
            if error.reason == GARBAGE:
                return Response("<html>maintenance</html>")
            return _refused(Refusal(500, "Internal Server Error"))
        try:
            if given != token:
                raise Refusal(401, "Unauthorized")
            result = await _method(method)(await _parameters(request), limits)
        except Refusal as refusal:
            return _refused(refusal)
        await held_back(delay)
        return JSONResponse({"ok": True, "result": result})

    @app.get("/file/bot{given}/{path:path}")
    async def file(given: str, path: str) -> Response:
        if given != token or not path.startswith("files/"):
            return _refused(Refusal(404, "Not Found"))
        return Response(sandbox.picture(path.removeprefix("files/")), media_type="image/png")

    return app


def _refused(refusal: Refusal) -> JSONResponse:
    body: dict[str, Any] = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return JSONResponse(body, refusal.code)


async def _parameters(request: Request) -> Parameters:
    """Parameters by query, form or JSON; nested values come as JSON texts where the form is flat."""
    given: Parameters = dict(request.query_params)
    body = await request.body()
    try:
        if request.headers.get("content-type", "").startswith("application/json"):
            given |= json.loads(body or b"{}")
        else:
            given |= dict(parse_qsl(body.decode()))
        markup = given.get("reply_markup")
        return given | {"reply_markup": json.loads(markup)} if isinstance(markup, str) else given
    except (ValueError, TypeError):
        raise Refusal(400, "Bad Request: can't parse parameters") from None


async def _get_me(_: Parameters, __: sandbox.Flood) -> dict[str, Any]:
    return {
        "id": 1000000000, "is_bot": True, "first_name": "12366", "username": sandbox.USERNAME,
        "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False,
    }  # fmt: skip


async def _done(_: Parameters, __: sandbox.Flood) -> bool:
    return True


async def _get_file(given: Parameters, _: sandbox.Flood) -> dict[str, Any]:
    file_id = str(given.get("file_id", ""))
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,400}", file_id):
        raise Refusal(400, "Bad Request: invalid file_id")
    content = sandbox.picture(file_id)
    return {"file_id": file_id, "file_unique_id": file_id, "file_size": len(content), "file_path": f"files/{file_id}"}


async def _set_webhook(given: Parameters, _: sandbox.Flood) -> bool:
    if not str(given.get("url", "")).startswith("https://"):
        raise Refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    return True


async def _answer_callback_query(given: Parameters, _: sandbox.Flood) -> bool:
    if not given.get("callback_query_id"):
        raise Refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    return True


async def _send_message(given: Parameters, flood: sandbox.Flood) -> dict[str, Any]:
    text = given.get("text")
    if not isinstance(text, str) or not text.strip():
        raise Refusal(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
        raise Refusal(400, "Bad Request: message is too long")
    _check_keyboard(given.get("reply_markup"))
    try:
        chat_id = int(given.get("chat_id", ""))
    except (TypeError, ValueError):
        raise Refusal(400, "Bad Request: chat not found") from None
    async with transaction() as session:
        found = await sandbox.chat(session, chat_id)
        if found is None:
            raise Refusal(400, "Bad Request: chat not found")
        if found.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        if wait := await sandbox.flooded(session, chat_id, flood):
            raise Refusal(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        kept = ("message_thread_id", "reply_markup", "reply_parameters")
        content = {"text": text} | {name: given[name] for name in kept if given.get(name)}
        return await sandbox.sent(session, chat_id, content)


def _check_keyboard(markup: Any) -> None:
    if markup is None:
        return
    try:
        buttons = [button for row in markup["inline_keyboard"] for button in row]
        good = all(
            isinstance(button["text"], str) and button["text"]
            and 1 <= len(button["callback_data"].encode()) <= LONGEST_DATA
            for button in buttons
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError):
        raise Refusal(400, "Bad Request: can't parse inline keyboard button") from None
    if not good:
        raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
    if len(buttons) > MOST_BUTTONS:
        raise Refusal(400, "Bad Request: reply markup is too long")


_METHODS: dict[str, Callable[[Parameters, sandbox.Flood], Awaitable[Any]]] = {
    "getme": _get_me,
    "getfile": _get_file,
    "sendmessage": _send_message,
    "answercallbackquery": _answer_callback_query,
    "setwebhook": _set_webhook,
    "deletewebhook": _done,
    "setmycommands": _done,
}


def _method(name: str) -> Callable[[Parameters, sandbox.Flood], Awaitable[Any]]:
    found = _METHODS.get(name.lower())
    if found is None:
        raise Refusal(404, "Not Found: method not found")
    return found

"""Telegram, played: updates as the Bot API sends them, and the sandbox behind its wire."""

from __future__ import annotations

import json
from typing import Any

import httpx

from channels.base import Call
from channels.telegram import sandbox
from channels.telegram.channel import SECRET_HEADER, TelegramChannel, secret_of
from channels.telegram.client import BotApi
from channels.telegram.peer import create_peer
from hub.kit.db import transaction
from tests.channels.hands.hand import Got, Party, Trouble

TOKEN = "7000000001:AA-token-of-tests"
BOT = 7000000001
PATIENT = sandbox.Flood(10_000, 10_000, 10_000, 10_000)

REFUSALS: dict[Trouble, tuple[int, dict[str, Any]]] = {
    Trouble.BUSY: (
        429, {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 7",
              "parameters": {"retry_after": 7}},
    ),
    Trouble.NEVER: (400, {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}),
    Trouble.BLOCKED: (403, {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}),
}  # fmt: skip


class Line(httpx.AsyncBaseTransport):
    """The line to the sandbox, with what goes wrong on it; notes what reaches people."""

    def __init__(self, party: Party, flood: sandbox.Flood) -> None:
        self.party = party
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.met: set[int] = set()
        self._peer = httpx.ASGITransport(create_peer(TOKEN, flood))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.party.broken:
            return httpx.Response(502, text="<html>502 Bad Gateway</html>")
        if request.url.path.startswith("/file/"):
            return await self._peer.handle_async_request(request)
        method, asked = request.url.path.rpartition("/")[2], json.loads(await request.aread() or b"{}")
        self.calls.append((method, asked))
        if method != "sendMessage":
            return await self._peer.handle_async_request(request)
        trouble = self.party.troubles.pop(0) if self.party.troubles else None
        if trouble is Trouble.DOWN:
            raise httpx.ConnectError("refused", request=request)
        if trouble in REFUSALS:
            status, body = REFUSALS[trouble]
            return httpx.Response(status, json=body)
        await self._meet(int(asked["chat_id"]))
        response = await self._peer.handle_async_request(request)
        answer = json.loads(await response.aread())
        if answer["ok"]:
            self._note(asked, answer["result"])
        if trouble is Trouble.LOST:
            raise httpx.ReadTimeout("lost", request=request)
        return httpx.Response(response.status_code, json=answer)

    async def _meet(self, chat_id: int) -> None:
        if chat_id not in self.met:
            self.met.add(chat_id)
            async with transaction() as session:
                await sandbox.meet(session, chat_id, sandbox.PRIVATE if chat_id > 0 else sandbox.GROUP)

    def _note(self, asked: dict[str, Any], result: dict[str, Any]) -> None:
        rows = asked.get("reply_markup", {}).get("inline_keyboard", [])
        buttons = [button for row in rows for button in row]
        self.party.got.append(
            Got(
                str(asked["chat_id"]), asked["text"], tuple(button["text"] for button in buttons),
                str(result["message_id"]), tuple(button["callback_data"] for button in buttons),
            )
        )  # fmt: skip


class TelegramHand:
    """Plays people and Telegram."""

    def __init__(self, flood: sandbox.Flood = PATIENT) -> None:
        self.party = Party()
        self.line = Line(self.party, flood)
        self.channel = TelegramChannel(BotApi("http://telegram", TOKEN, 5.0, self.line), TOKEN)
        self._update = 0

    def update(self, headers: dict[str, str] | None = None, **content: Any) -> Call:
        """A call of the webhook with one update."""
        self._update += 1
        body = json.dumps({"update_id": self._update, **content}).encode()
        return self.raw(body, headers)

    def raw(self, body: bytes, headers: dict[str, str] | None = None) -> Call:
        """A call of the webhook; signed unless other headers are given."""
        given = {SECRET_HEADER: secret_of(TOKEN)} if headers is None else headers
        return Call("POST", {}, {"content-type": "application/json", **given}, body)

    def text(self, sender: str, words: str, number: int) -> Call:
        return self.update(message=sandbox.message(int(sender), int(sender), number, text=words))

    def unsupported(self, sender: str, number: int) -> list[Call]:
        contents: list[dict[str, Any]] = [
            {"sticker": {"file_id": "s1", "type": "regular", "width": 512, "height": 512, "emoji": "🙂"}},
            {"location": {"latitude": 31.2, "longitude": 121.5}},
            {"contact": {"phone_number": "13900000000", "first_name": "某"}},
            {"poll": {"id": "1", "question": "?", "options": []}},
            {"dice": {"emoji": "🎲", "value": 3}},
            {"photo": [{"file_id": "p1", "file_unique_id": "u", "width": 90, "height": 90, "file_size": 1000}]},
            {"voice": {"file_id": "v1", "duration": 3, "mime_type": "audio/ogg", "file_size": 9000}},
            {"document": {"file_id": "d1", "file_name": "a.exe", "mime_type": "application/x-msdownload"}},
        ]
        return [
            self.update(message=sandbox.message(int(sender), int(sender), number + place, **content))
            for place, content in enumerate(contents)
        ]

    def press(self, sender: str, got: Got, title: str, number: int) -> Call:
        data = got.reference[got.buttons.index(title)]
        return self.update(callback_query=sandbox.press(int(sender), int(sender), int(got.party_id), data))

    def forged(self, words: str) -> list[Call]:
        message = sandbox.message(1, 1, 1, text=words)
        good = self.update(message=message)
        return [
            self.update({}, message=message),
            self.update({SECRET_HEADER: "guessed"}, message=message),
            self.update({SECRET_HEADER: TOKEN}, message=message),
            Call("GET", {}, good.headers, b""),
        ]

    def signed(self, body: bytes) -> Call:
        return self.raw(body)

    def malformed(self) -> list[Call]:
        odd: list[Any] = [
            {}, [], None, "x", 7, {"update_id": "x"}, {"update_id": 1, "message": 7},
            {"update_id": 2, "message": {"message_id": 1}}, {"update_id": 3, "callback_query": {"id": "x"}},
            {"update_id": 4, "message": {"message_id": 1, "chat": {"id": 1, "type": "private"}, "from": {"id": 1},
                                         "text": "好",
                                         "entities": [{"type": "mention", "offset": 99, "length": 9**9}]}},
            {"update_id": 5, "message": {"message_id": 2, "date": 2**62, "chat": {"id": 1, "type": "private"},
                                         "from": {"id": 1}, "text": "好"}},
            {"update_id": 6, "message": {"message_id": 3, "chat": {"id": 10**30, "type": "private"},
                                         "from": {"id": 10**30}, "text": "好"}},
            {"update_id": 7, "callback_query": sandbox.press(1, 1, 1, "\u0000:x" * 10)},
            {"update_id": 8, "edited_message": {"message_id": 1}, "new_thing": {}},
        ]  # fmt: skip
        return [self.raw(json.dumps(one).encode()) for one in odd] + [
            self.raw(body) for body in (b"", b"{", b"\xff\xfe", b"[" * 5000, b'{"update_id":' + b"9" * 5000 + b"}")
        ]

    def receipt(self, got: Got, *, delivered: bool) -> Call | None:
        return None

    def passive_text(self, body: bytes) -> str | None:
        return None

    async def close(self) -> None:
        await self.channel.close()

"""Two doors of no real party, for the common ground: one that is pushed to, and one that answers in the response."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from fastapi import APIRouter
from pydantic import BaseModel, ValidationError

from channels.base import (
    Answer,
    Attachment,
    Blocked,
    Call,
    Capabilities,
    InboundMessage,
    Kind,
    Malformed,
    NotVerified,
    Part,
    Rate,
    Receipt,
    Received,
    Target,
    Unit,
)
from hub.kit import clock
from hub.outbox.letters import Never, NotNow, Uncertain
from tests.channels.hands.hand import Got, Party, Trouble

SECRET = b"plain secret"
FRESH = timedelta(minutes=5)


class Body(BaseModel):
    """What this party says."""

    id: str = ""
    sender: str = ""
    text: str = ""
    payload: str | None = None
    kind: Kind | None = None
    file: str | None = None
    size: int | None = None
    receipt: str | None = None
    delivered: bool = False


def signature(body: bytes, at: str) -> str:
    return hmac.new(SECRET, at.encode() + b"." + body, hashlib.sha256).hexdigest()


class PlainChannel:
    """Pushed to; has buttons and receipts."""

    name: ClassVar[str] = "plain"
    capabilities: ClassVar[Capabilities] = Capabilities(
        text_limit=600, unit=Unit.UTF16, buttons=True, receipts=True, rates=(Rate(1000, 1.0),)
    )
    router: APIRouter | None = None

    def __init__(self, party: Party) -> None:
        self.party = party

    async def receive(self, call: Call) -> Received:
        at = call.headers.get("x-at", "")
        given = call.headers.get("x-signature", "")
        if not hmac.compare_digest(signature(call.body, at).encode(), given.encode()):
            raise NotVerified
        if not at.isdecimal() or abs(clock.now().timestamp() - int(at[:12])) > FRESH.total_seconds():
            raise NotVerified
        try:
            said = Body.model_validate_json(call.body)
        except ValidationError as error:
            raise Malformed from error
        if said.receipt is not None:
            return Received(receipts=[Receipt(said.receipt, said.delivered, None if said.delivered else "undelivered")])
        files = (Attachment(said.kind or Kind.FILE, said.file, "application/pdf", said.size),) if said.file else ()
        message = InboundMessage(
            self.name, "desk", said.sender, said.id, said.text, said.payload, said.kind, files, clock.now()
        )  # fmt: skip
        return self._received(message)

    def _received(self, message: InboundMessage) -> Received:
        return Received(Answer(b"ok"), [message])

    async def send(self, target: Target, part: Part) -> str | None:
        if self.party.broken:
            raise Uncertain("broken")
        trouble = self.party.troubles.pop(0) if self.party.troubles else None
        if trouble in (Trouble.BUSY, Trouble.DOWN):
            raise NotNow(trouble, timedelta(seconds=7) if trouble is Trouble.BUSY else None)
        if trouble is Trouble.NEVER:
            raise Never("refused")
        if trouble is Trouble.BLOCKED:
            raise Blocked
        party_id = f"p{len(self.party.got) + 1}"
        titles, payloads = [one.title for one in part.buttons], [one.payload for one in part.buttons]
        self.party.got.append(Got(target.address, part.text, tuple(titles), party_id, tuple(payloads)))
        if trouble is Trouble.LOST:
            raise Uncertain("lost")
        return party_id

    async def probe(self) -> bool:
        return not self.party.broken

    async def acknowledge(self, messages: Sequence[InboundMessage]) -> None:
        return None

    async def close(self) -> None:
        return None


class SlipChannel(PlainChannel):
    """Answers in the response when it can; no buttons, few bytes, a reply window."""

    name: ClassVar[str] = "slip"
    capabilities: ClassVar[Capabilities] = Capabilities(
        text_limit=300, unit=Unit.BYTES, reply_window=timedelta(hours=48), window_messages=20, passive_seconds=2.0
    )

    def _received(self, message: InboundMessage) -> Received:
        def passive(part: Part) -> Answer:
            return Answer(json.dumps({"to": message.sender, "text": part.text}).encode(), "application/json")

        return Received(Answer(b"ok"), [message], passive=passive)


class PlainHand:
    """Plays the party of one of the two."""

    def __init__(self, kind: type[PlainChannel] = PlainChannel) -> None:
        self.party = Party()
        self.channel = kind(self.party)

    def _call(self, content: bytes | dict[str, Any], seconds_ago: int = 0, sign: bytes | None = None) -> Call:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        at = str(int(clock.now().timestamp()) - seconds_ago)
        signed = signature(body if sign is None else sign, at)
        return Call("POST", {}, {"x-at": at, "x-signature": signed, "content-type": "application/json"}, body)

    def text(self, sender: str, words: str, number: int) -> Call:
        return self._call({"id": f"{sender}-{number}", "sender": sender, "text": words})

    def unsupported(self, sender: str, number: int) -> list[Call]:
        kinds = [kind for kind in Kind if kind is not Kind.FILE]
        return [
            self._call({"id": f"{sender}-{number + place}", "sender": sender, "kind": kind})
            for place, kind in enumerate(kinds)
        ]

    def press(self, sender: str, got: Got, title: str, number: int) -> Call:
        payload = got.reference[got.buttons.index(title)]
        return self._call({"id": f"{sender}-{number}", "sender": sender, "text": title, "payload": payload})

    def forged(self, words: str) -> list[Call]:
        content = {"id": "f1", "sender": "eve", "text": words}
        good = self._call(content)
        return [
            Call("POST", {}, {}, good.body),
            Call("POST", {}, dict(good.headers) | {"x-signature": "0" * 64}, good.body),
            self._call(content, sign=b"another body"),
            self._call(content, seconds_ago=600),
        ]

    def signed(self, body: bytes) -> Call:
        return self._call(body)

    def malformed(self) -> list[Call]:
        contents = [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"id": {}}', b'{"id": "x"}', b'{"sender": "x"}',
                    b'{"id": "x", "sender": "' + b"y" * 5000 + b'"}', b"[" * 5000]  # fmt: skip
        return [self._call(content) for content in contents]

    def receipt(self, got: Got, *, delivered: bool) -> Call | None:
        return self._call({"receipt": got.party_id, "delivered": delivered})

    def passive_text(self, body: bytes) -> str | None:
        return None if body in (b"", b"ok") else str(json.loads(body)["text"])

    async def close(self) -> None:
        return None


class SlipHand(PlainHand):
    """Plays the party that takes answers in the response."""

    def __init__(self) -> None:
        super().__init__(SlipChannel)

    def receipt(self, got: Got, *, delivered: bool) -> Call | None:
        return None

"""What the stand-ins have in common: a transport that answers in the party's place, and notices sent for real."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import httpx
from starlette.types import Receive, Scope, Send

from hub.kit.logging import get_logger
from services.gateways.behaviour import Mode
from services.gateways.payments.models import Notices, Party
from services.gateways.payments.sandbox import ledger
from services.gateways.payments.sandbox.ledger import Entry

log = get_logger(__name__)

NOTICE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Notice:
    """A signed message to the merchant."""

    headers: Mapping[str, str]
    body: bytes


class Peer(httpx.AsyncBaseTransport, ABC):
    """A party's side of the wire.

    `cashier` is the address under which a person can pay an order, `files` the one where the party keeps its bills.
    """

    party: ClassVar[Party]

    def __init__(self, cashier: str, files: str = "") -> None:
        self.cashier, self.files = cashier, files

    @abstractmethod
    async def answer(self, request: httpx.Request) -> httpx.Response:
        """The party's answer to a request."""

    @abstractmethod
    def notice(self, entry: Entry) -> Notice:
        """The message that tells the merchant of a payment."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as told: at once or late, as it should be or not."""
        told = await ledger.behaviour(self.party)
        if told.mode == Mode.DOWN:
            return httpx.Response(503, text="told to be down")
        if told.mode == Mode.ERROR:
            return httpx.Response(500, text="told to fail")
        await request.aread()
        try:
            answer = await self.answer(request)
        except Exception as error:
            # a party's own trouble reaches the merchant as a status, never as an exception of ours
            log.exception("sandbox_peer_failed", party=self.party, exc_info=error)
            return httpx.Response(500, text="broken")
        # slow after the work: a caller who gave up may have had its order placed, which is what a time-out may mean
        await asyncio.sleep(told.delay_ms / 1000)
        return httpx.Response(200, html="<html>维护中") if told.mode == Mode.GARBAGE else answer

    async def pay(self, order_id: str, transport: httpx.AsyncBaseTransport | None = None) -> Entry:
        """Somebody pays at the cashier, and the merchant is told as the party is told to tell it.

        Raises `NotPayable`.
        """
        entry = await ledger.pay(self.party, order_id)
        notices = (await ledger.behaviour(self.party)).notices
        if notices != Notices.HELD:
            for _ in range(3 if notices == Notices.DUPLICATE else 1):
                await self.tell(entry, transport)
        return entry

    async def tell(self, entry: Entry, transport: httpx.AsyncBaseTransport | None = None) -> int:
        """Send the notice of a payment; returns the status of the answer, 0 when none came."""
        notice = self.notice(entry)
        try:
            async with httpx.AsyncClient(timeout=NOTICE_SECONDS, trust_env=False, transport=transport) as client:
                answer = await client.post(entry.notify_url, content=notice.body, headers=dict(notice.headers))
        except httpx.HTTPError as error:
            log.warning("sandbox_notice_lost", party=self.party, error=type(error).__name__)
            return 0
        return answer.status_code

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The same over a real port, as an ASGI application: for contract tests and for staging before go-live."""
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        request = httpx.Request(
            scope["method"], httpx.URL("http://peer").copy_with(raw_path=target), headers=scope["headers"], content=body
        )
        answer = await self.handle_async_request(request)
        headers = [(name.lower(), value) for name, value in answer.headers.raw]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": await answer.aread()})

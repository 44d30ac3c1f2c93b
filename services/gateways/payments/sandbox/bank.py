"""The collecting bank's side of the wire."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import httpx
from pydantic import ValidationError

from services.gateways.payments.bank.signature import signature_holds
from services.gateways.payments.bank.wire import (
    CODES,
    NOTICE,
    STATEMENTS,
    Arrival,
    Code,
    CodeRequest,
    CodeState,
    Product,
    Statement,
)
from services.gateways.payments.models import LedgerState, Party
from services.gateways.payments.sandbox import ledger
from services.gateways.payments.sandbox.ledger import Entry, OrderReused
from services.gateways.payments.sandbox.peer import Notice, Peer
from services.gateways.signature import Credentials, signed_headers

_STATES = {
    LedgerState.OPEN: CodeState.OPEN, LedgerState.PAID: CodeState.PAID, LedgerState.CLOSED: CodeState.CLOSED,
}  # fmt: skip


class BankPeer(Peer):
    """The bank for one bureau."""

    party = Party.BANK

    def __init__(self, credentials: Credentials, cashier: str) -> None:
        super().__init__(cashier)
        self._bureau = credentials

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Check the signature and do what is asked."""
        target = request.url.raw_path.decode()
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not signature_holds(self._bureau, request.method, target, headers, request.content):
            return httpx.Response(401, json={"code": "bad_signature"})
        path = request.url.path
        if (request.method, path) == ("POST", CODES):
            return await self._issue(request.content)
        if path.startswith(CODES + "/") and request.method in ("GET", "DELETE"):
            act = ledger.find if request.method == "GET" else ledger.close
            entry = await act(self.party, path.removeprefix(CODES + "/"))
            return _json(self._code(entry)) if entry else httpx.Response(404, json={"code": "unknown_order"})
        if request.method == "GET" and path.startswith(STATEMENTS + "/"):
            day = date.fromisoformat(path.removeprefix(STATEMENTS + "/"))
            product = request.url.params["product"]
            paid = [one for one in await ledger.paid_on(self.party, day) if one.extra["product"] == product]
            return _json(Statement(day=day, rows=tuple(_arrival(one) for one in paid)))
        return httpx.Response(404, json={"code": "unknown_path"})

    def notice(self, entry: Entry) -> Notice:
        """A signed notice of arrival."""
        body = _arrival(entry).model_dump_json().encode()
        return Notice(signed_headers(self._bureau, "POST", NOTICE, body) | {"Content-Type": "application/json"}, body)

    async def _issue(self, body: bytes) -> httpx.Response:
        try:
            asked = CodeRequest.model_validate_json(body)
        except ValidationError:
            return httpx.Response(422, json={"code": "bad_request"})
        entry = Entry(
            party=self.party, order_id=asked.order_id, reference=ledger.reference_of(self.party, asked.order_id),
            state=LedgerState.OPEN, amount=asked.amount, subject=asked.subject, expires_at=asked.expires_at,
            notify_url=asked.notify_url, extra={"product": asked.product},
        )  # fmt: skip
        try:
            return _json(self._code(await ledger.place(entry)))
        except OrderReused:
            return httpx.Response(409, json={"code": "order_reused"})

    def _code(self, entry: Entry) -> Code:
        online = entry.extra["product"] == Product.ONLINE
        return Code(
            order_id=entry.order_id, code=entry.reference, link=f"{self.cashier}/{entry.order_id}" if online else "",
            state=_STATES[entry.state], expires_at=entry.expires_at,
            arrival=_arrival(entry) if entry.state is LedgerState.PAID else None,
        )  # fmt: skip


def _arrival(entry: Entry) -> Arrival:
    assert entry.paid_at is not None
    return Arrival(
        order_id=entry.order_id, transaction_id=entry.transaction_id, amount=entry.paid_amount or Decimal(0),
        paid_at=entry.paid_at,
    )  # fmt: skip


def _json(message: Code | Statement) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return httpx.Response(200, content=message.model_dump_json().encode(), headers=headers)

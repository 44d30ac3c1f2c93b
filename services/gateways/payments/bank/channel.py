"""The collecting bank as a payment channel: the client of its payment codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from hub.kit.clock import SHANGHAI
from services.gateways.errors import GatewayFault
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
from services.gateways.payments.calling import Caller
from services.gateways.payments.protocol import (
    Acknowledgement,
    BadNotice,
    Bill,
    Closed,
    Kind,
    NotYet,
    Opened,
    Paid,
    Standing,
    Unknown,
)
from services.gateways.signature import Credentials, signed_headers

M = TypeVar("M", bound=BaseModel)


class Bank:
    """The channel for one of the bank's products. Raises `ValueError` when the address is not usable."""

    def __init__(
        self,
        product: Product,
        url: str,
        credentials: Credentials,
        notify_url: str,
        timeout_seconds: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._product = product
        self._caller = Caller(url, timeout_seconds, transport)
        self._credentials = credentials
        self._notify_url = notify_url

    async def open(self, bill: Bill) -> Opened:
        """Have the bank issue a code; see `PaymentChannel`."""
        asked = CodeRequest(
            order_id=bill.order_id, product=self._product, amount=bill.amount, subject=bill.subject,
            expires_at=bill.expires_at, notify_url=self._notify_url,
        )  # fmt: skip
        code = _read(Code, await self._ask("POST", CODES, asked.model_dump_json().encode()))
        if code.order_id != bill.order_id or (self._product is Product.ONLINE and not code.link):
            raise GatewayFault("malformed_reply")
        if self._product is Product.ONLINE:
            return Opened(Kind.LINK, code.link, code.expires_at)
        return Opened(Kind.CODE, code.code, code.expires_at)

    async def query(self, order_id: str) -> Standing:
        """Ask where the code stands; see `PaymentChannel`."""
        return self._standing(await self._ask("GET", f"{CODES}/{quote(order_id)}"), order_id)

    async def close(self, order_id: str) -> Paid | Closed:
        """Withdraw the code; see `PaymentChannel`."""
        standing = self._standing(await self._ask("DELETE", f"{CODES}/{quote(order_id)}"), order_id)
        if isinstance(standing, NotYet):
            raise GatewayFault("not_closed")
        return Closed(order_id) if isinstance(standing, Unknown) else standing

    def verify(self, headers: Mapping[str, str], body: bytes) -> Standing:
        """Read a notice of arrival; see `PaymentChannel`."""
        if not signature_holds(self._credentials, "POST", NOTICE, headers, body):
            raise BadNotice("bad_signature")
        try:
            return _paid(Arrival.model_validate_json(body))
        except ValidationError as error:
            raise BadNotice("malformed_notice") from error

    @property
    def acknowledgement(self) -> Acknowledgement:
        """An empty 204."""
        return Acknowledgement(204, "text/plain", "")

    async def statement(self, day: date) -> Sequence[Paid]:
        """The arrivals of a day for this product; see `PaymentChannel`."""
        target = f"{STATEMENTS}/{day.isoformat()}?product={self._product}"
        told = _read(Statement, await self._ask("GET", target))
        paid = [_paid(row) for row in told.rows]
        if told.day != day or any(row.paid_at.astimezone(SHANGHAI).date() != day for row in paid):
            raise GatewayFault("reply_about_another_day")
        return paid

    async def close_connections(self) -> None:
        """Close the connections."""
        await self._caller.close()

    async def _ask(self, method: str, target: str, body: bytes = b"") -> httpx.Response:
        headers = signed_headers(self._credentials, method, target, body) | {"Content-Type": "application/json"}
        return await self._caller.ask(
            httpx.Request(method, self._caller.base.join(target), content=body, headers=headers)
        )

    def _standing(self, answer: httpx.Response, order_id: str) -> Standing:
        if answer.status_code == 404:
            return Unknown(order_id)
        code = _read(Code, answer)
        if code.order_id != order_id or (code.state is CodeState.PAID) != (code.arrival is not None):
            raise GatewayFault("malformed_reply")
        if code.arrival:
            return _paid(code.arrival)
        return NotYet(order_id) if code.state is CodeState.OPEN else Closed(order_id)


def _paid(arrival: Arrival) -> Paid:
    return Paid(arrival.order_id, arrival.transaction_id, arrival.amount, arrival.paid_at)


def _read(kind: type[M], answer: httpx.Response) -> M:
    if answer.status_code not in (200, 201):
        raise GatewayFault(f"http_{answer.status_code}")
    try:
        return kind.model_validate_json(answer.content)
    except ValidationError as error:
        raise GatewayFault("malformed_reply") from error

"""WeChat Pay as a payment channel: the client of API v3, every answer's signature verified."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import AwareDatetime, BaseModel

from hub.kit.clock import SHANGHAI
from services.gateways.errors import GatewayFault
from services.gateways.payments.calling import Caller, amount_of, china_time, fen, yuan
from services.gateways.payments.protocol import (
    Acknowledgement,
    BadNotice,
    Bill,
    Closed,
    Device,
    Kind,
    NotYet,
    Opened,
    Paid,
    Standing,
    Unknown,
)
from services.gateways.payments.wechat.signature import Credentials, authorization, signed_by_platform, unseal

NATIVE, H5 = "/v3/pay/transactions/native", "/v3/pay/transactions/h5"
BY_NUMBER = "/v3/pay/transactions/out-trade-no/"
BILL = "/v3/bill/tradebill"
PAID_EVENT = "TRANSACTION.SUCCESS"
NO_BILL = "NO_STATEMENT_EXIST"
_TAKES_NO_MONEY = frozenset({"CLOSED", "REVOKED", "REFUND"})


class _Amount(BaseModel):
    total: int


class Transaction(BaseModel):
    """A transaction as WeChat Pay tells of it, in answers and in notices, as far as we read it."""

    appid: str
    mchid: str
    out_trade_no: str
    trade_state: str
    transaction_id: str | None = None
    success_time: AwareDatetime | None = None
    amount: _Amount | None = None

    def standing(self) -> Standing:
        """Where the order stands.

        Raises `ValueError` when it says paid without saying what.
        """
        if self.trade_state == "SUCCESS":
            if not (self.transaction_id and self.success_time and self.amount):
                raise ValueError("paid without amount or time")
            return Paid(self.out_trade_no, self.transaction_id, yuan(self.amount.total), self.success_time)
        # REFUND: the money came and went back on the merchant platform, by hand
        return Closed(self.out_trade_no) if self.trade_state in _TAKES_NO_MONEY else NotYet(self.out_trade_no)


class WeChatPay:
    """The channel. Raises `ValueError` when the address is not usable."""

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        notify_url: str,
        timeout_seconds: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._caller = Caller(url, timeout_seconds, transport)
        self._credentials = credentials
        self._notify_url = notify_url

    async def open(self, bill: Bill) -> Opened:
        """Place a Native order, or an H5 order for a phone; see `PaymentChannel`."""
        phone = bill.device is Device.PHONE
        order: dict[str, Any] = {
            "appid": self._credentials.appid, "mchid": self._credentials.mchid, "description": bill.subject,
            "out_trade_no": bill.order_id, "notify_url": self._notify_url,
            "time_expire": bill.expires_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
            "amount": {"total": fen(bill.amount), "currency": "CNY"},
        }  # fmt: skip
        if phone:
            order["scene_info"] = {"payer_client_ip": bill.payer_address or "127.0.0.1", "h5_info": {"type": "Wap"}}
        answer = await self._ask("POST", H5 if phone else NATIVE, order)
        content = _json(answer).get("h5_url" if phone else "code_url") if answer.status_code == 200 else None
        if not isinstance(content, str) or not content:
            raise GatewayFault(_code(answer))
        return Opened(Kind.LINK if phone else Kind.QR, content, bill.expires_at)

    async def query(self, order_id: str) -> Standing:
        """Ask where the order stands; see `PaymentChannel`."""
        answer = await self._ask("GET", f"{BY_NUMBER}{quote(order_id)}?mchid={self._credentials.mchid}")
        if answer.status_code == 404 and _code(answer) == "ORDER_NOT_EXIST":
            return Unknown(order_id)
        if answer.status_code != 200:
            raise GatewayFault(_code(answer))
        try:
            return self._transaction(answer.content, order_id).standing()
        except ValueError as error:
            raise GatewayFault("malformed_reply") from error

    async def close(self, order_id: str) -> Paid | Closed:
        """Close the order; see `PaymentChannel`."""
        answer = await self._ask("POST", f"{BY_NUMBER}{quote(order_id)}/close", {"mchid": self._credentials.mchid})
        if answer.status_code == 204:
            return Closed(order_id)
        # refused: paid before, closed before, or never placed; the query tells which
        standing = await self.query(order_id)
        if isinstance(standing, Paid | Closed):
            return standing
        if isinstance(standing, Unknown):
            return Closed(order_id)
        raise GatewayFault(_code(answer))

    def verify(self, headers: Mapping[str, str], body: bytes) -> Standing:
        """Read a notice; see `PaymentChannel`."""
        if not signed_by_platform(self._credentials, headers, body):
            raise BadNotice("bad_signature")
        try:
            notice = json.loads(body)
            if not isinstance(notice, dict) or notice.get("event_type") != PAID_EVENT:
                raise BadNotice("unknown_event")
            return self._transaction(unseal(self._credentials.api_v3_key, notice["resource"]), None).standing()
        except (ValueError, KeyError, TypeError) as error:
            raise BadNotice("malformed_notice") from error

    @property
    def acknowledgement(self) -> Acknowledgement:
        """Any 2xx will do; the body is what older documents ask for."""
        return Acknowledgement(200, "application/json", '{"code":"SUCCESS","message":"成功"}')

    async def statement(self, day: date) -> Sequence[Paid]:
        """The bill of successful payments; see `PaymentChannel`. WeChat Pay has it from ten o'clock next morning."""
        answer = await self._ask("GET", f"{BILL}?bill_date={day.isoformat()}&bill_type=SUCCESS")
        if answer.status_code != 200:
            if _code(answer) == NO_BILL:
                return []
            raise GatewayFault(_code(answer))
        told = _json(answer)
        address = httpx.URL(str(told.get("download_url", "")))
        if address.host != self._caller.base.host:
            raise GatewayFault("bill_elsewhere")
        # the file itself comes unsigned: the hash in the signed answer vouches for it
        target = address.raw_path.decode()
        file = await self._caller.ask(self._request("GET", target))
        if file.status_code != 200:
            raise GatewayFault(f"http_{file.status_code}")
        if hashlib.sha1(file.content, usedforsecurity=False).hexdigest() != str(told.get("hash_value", "")).lower():
            raise GatewayFault("bill_hash_differs")
        try:
            return _rows(file.content.decode("utf-8-sig"))
        except (ValueError, KeyError) as error:
            raise GatewayFault("malformed_bill") from error

    async def close_connections(self) -> None:
        """Close the connections."""
        await self._caller.close()

    def _request(self, method: str, target: str, content: Mapping[str, Any] | None = None) -> httpx.Request:
        body = b"" if content is None else json.dumps(content, ensure_ascii=False).encode()
        headers = {"Accept": "application/json", "User-Agent": "tax-knowledge-hub"}
        headers["Authorization"] = authorization(self._credentials, method, target, body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        return httpx.Request(method, self._caller.base.join(target), content=body, headers=headers)

    async def _ask(self, method: str, target: str, content: Mapping[str, Any] | None = None) -> httpx.Response:
        answer = await self._caller.ask(self._request(method, target, content))
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if not signed_by_platform(self._credentials, headers, answer.content):
            raise GatewayFault("answer_not_signed")
        return answer

    def _transaction(self, content: bytes, order_id: str | None) -> Transaction:
        told = Transaction.model_validate_json(content)
        if (told.appid, told.mchid) != (self._credentials.appid, self._credentials.mchid):
            raise ValueError("another merchant's transaction")
        if order_id is not None and told.out_trade_no != order_id:
            raise ValueError("another order's transaction")
        return told


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError as error:
        raise GatewayFault("malformed_reply") from error
    if not isinstance(told, dict):
        raise GatewayFault("malformed_reply")
    return told


def _code(answer: httpx.Response) -> str:
    """The error code of an answer, fit for a log."""
    try:
        code = answer.json().get("code")
    except (ValueError, AttributeError):
        code = None
    return code[:40] if isinstance(code, str) and code.isascii() else f"http_{answer.status_code}"


def _rows(text: str) -> list[Paid]:
    """The rows of a bill: a head, then values with a backquote before each, then a summary with a head of its own."""
    lines = list(csv.reader(io.StringIO(text)))
    head = lines[0] if lines else []
    found = []
    for line in lines[1:]:
        if len(line) != len(head) or not line[0].startswith("`"):
            break
        row = {name: value.removeprefix("`") for name, value in zip(head, line, strict=True)}
        if row["交易状态"] == "SUCCESS":
            amount = amount_of(row["订单金额"])
            found.append(Paid(row["商户订单号"], row["微信订单号"], amount, china_time(row["交易时间"])))
    return found

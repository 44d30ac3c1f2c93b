"""Alipay as a payment channel: the client of the open platform's gateway, every answer's signature verified."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

import httpx

from hub.kit import clock
from services.gateways.errors import GatewayFault, GatewayUnavailable
from services.gateways.payments.alipay.signature import (
    SIGN_TYPE,
    Credentials,
    node_of,
    notice_verifies,
    signed,
)
from services.gateways.payments.calling import LARGEST_ANSWER, Caller, amount_of, china_time, in_china
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
from services.gateways.payments.rsa import verifies

PRECREATE, WAP, QUERY, CLOSE = (
    "alipay.trade.precreate", "alipay.trade.wap.pay", "alipay.trade.query", "alipay.trade.close",
)  # fmt: skip
BILL = "alipay.data.dataservice.bill.downloadurl.query"
NOT_EXIST, NO_BILL = "ACQ.TRADE_NOT_EXIST", "isp.bill_not_exist"
_PAID = frozenset({"TRADE_SUCCESS", "TRADE_FINISHED"})


class Alipay:
    """The channel; `page_url` is the gateway's address for browsers where it differs from the one for programs.

    Raises `ValueError` when the address is not usable.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        notify_url: str,
        timeout_seconds: float,
        transport: httpx.AsyncBaseTransport | None = None,
        page_url: str = "",
    ) -> None:
        self._caller = Caller(url, timeout_seconds, transport)
        self._page = httpx.URL(page_url or url)
        self._credentials = credentials
        self._notify_url = notify_url

    async def open(self, bill: Bill) -> Opened:
        """Pre-create a trade, or sign the address of a WAP trade for a phone; see `PaymentChannel`."""
        trade = {
            "out_trade_no": bill.order_id, "total_amount": str(bill.amount), "subject": bill.subject,
            "time_expire": in_china(bill.expires_at),
        }  # fmt: skip
        if bill.device is Device.PHONE:
            # nothing is asked of Alipay before the payer goes there
            params = self._params(WAP, trade | {"product_code": "QUICK_WAP_WAY"}, notify=True)
            return Opened(Kind.LINK, str(self._page.copy_with(params=params)), bill.expires_at)
        node = await self._ask(PRECREATE, trade, notify=True)
        content = node.get("qr_code")
        if _failure(node) or not isinstance(content, str) or not content:
            raise GatewayFault(_failure(node) or "malformed_reply")
        return Opened(Kind.QR, content, bill.expires_at)

    async def query(self, order_id: str) -> Standing:
        """Ask where the trade stands; see `PaymentChannel`."""
        node = await self._ask(QUERY, {"out_trade_no": order_id})
        if failure := _failure(node):
            if failure == NOT_EXIST:
                return Unknown(order_id)
            raise GatewayFault(failure)
        if node.get("out_trade_no") != order_id:
            raise GatewayFault("reply_to_another_request")
        try:
            return _standing(node, "send_pay_date")
        except (ValueError, KeyError) as error:
            raise GatewayFault("malformed_reply") from error

    async def close(self, order_id: str) -> Paid | Closed:
        """Close the trade; see `PaymentChannel`.

        A code that nobody has scanned cannot be closed there: it ends by its expiry.
        """
        failure = _failure(await self._ask(CLOSE, {"out_trade_no": order_id}))
        if not failure:
            return Closed(order_id)
        standing = await self.query(order_id)
        if isinstance(standing, Paid | Closed):
            return standing
        if isinstance(standing, Unknown):
            return Closed(order_id)
        raise GatewayFault(failure)

    def verify(self, headers: Mapping[str, str], body: bytes) -> Standing:
        """Read a notice; see `PaymentChannel`."""
        try:
            params = dict(parse_qsl(body.decode(), strict_parsing=True, max_num_fields=100))
        except ValueError as error:
            raise BadNotice("malformed_notice") from error
        if not notice_verifies(self._credentials.alipay_key, params):
            raise BadNotice("bad_signature")
        if params.get("app_id") != self._credentials.app_id or params.get("seller_id") != self._credentials.seller_id:
            raise BadNotice("another_merchant")
        try:
            return _standing(params, "gmt_payment")
        except (ValueError, KeyError) as error:
            raise BadNotice("malformed_notice") from error

    @property
    def acknowledgement(self) -> Acknowledgement:
        """Seven letters; anything else makes Alipay repeat the notice for a day."""
        return Acknowledgement(200, "text/plain", "success")

    async def statement(self, day: date) -> Sequence[Paid]:
        """The bill of trades; see `PaymentChannel`. Alipay has it on the next day."""
        node = await self._ask(BILL, {"bill_type": "trade", "bill_date": day.isoformat()})
        if failure := _failure(node):
            if failure == NO_BILL:
                return []
            raise GatewayFault(failure)
        address = httpx.URL(str(node.get("bill_download_url", "")))
        if address.scheme != "https" and address.host != self._caller.base.host:
            raise GatewayFault("bill_elsewhere")
        file = await self._caller.ask(httpx.Request("GET", address))
        if file.status_code != 200:
            raise GatewayFault(f"http_{file.status_code}")
        try:
            return _rows(file.content)
        except (ValueError, KeyError, zipfile.BadZipFile) as error:
            raise GatewayFault("malformed_bill") from error

    async def close_connections(self) -> None:
        """Close the connections."""
        await self._caller.close()

    def _params(self, method: str, content: Mapping[str, str], *, notify: bool = False) -> dict[str, str]:
        params = {
            "app_id": self._credentials.app_id, "method": method, "format": "JSON", "charset": "utf-8",
            "sign_type": SIGN_TYPE, "timestamp": in_china(clock.now()), "version": "1.0",
            "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        }  # fmt: skip
        if notify:
            params["notify_url"] = self._notify_url
        return signed(self._credentials.private_key, params)

    async def _ask(self, method: str, content: Mapping[str, str], *, notify: bool = False) -> dict[str, Any]:
        params = self._params(method, content, notify=notify)
        form = {"biz_content": params.pop("biz_content")}
        answer = await self._caller.ask(httpx.Request("POST", self._caller.base.copy_with(params=params), data=form))
        try:
            raw, node = node_of(answer.content.decode(), method.replace(".", "_") + "_response")
            signature = str(answer.json().get("sign", ""))
        except (ValueError, AttributeError) as error:
            raise GatewayFault("malformed_reply") from error
        if not verifies(self._credentials.alipay_key, raw.encode(), signature):
            raise GatewayFault("answer_not_signed")
        if node.get("code") == "20000":
            raise GatewayUnavailable("closed_for_now")
        return node


def _failure(node: Mapping[str, Any]) -> str:
    """The error code of a node, empty when there is none."""
    if node.get("code") == "10000":
        return ""
    code = str(node.get("sub_code") or node.get("code"))[:60]
    return code if code.isascii() else "unknown_code"


def _standing(told: Mapping[str, Any], when: str) -> Standing:
    order_id, status = told["out_trade_no"], told["trade_status"]
    if not isinstance(order_id, str):
        raise ValueError("an order's number is text")
    if status in _PAID:
        amount = amount_of(str(told["total_amount"]))
        return Paid(order_id, str(told["trade_no"]), amount, china_time(str(told[when])))
    return Closed(order_id) if status == "TRADE_CLOSED" else NotYet(order_id)


def _rows(archive: bytes) -> list[Paid]:
    """The trades of a bill: a GBK table between lines that begin with #, values followed by tabs."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        # names come in GBK without saying so; the summary has the longer one
        entry = min(files.infolist(), key=lambda info: len(info.filename))
        if entry.file_size > LARGEST_ANSWER:
            raise ValueError("bill too large")
        text = files.read(entry).decode("gbk")
    lines = [line for line in csv.reader(io.StringIO(text)) if line and not line[0].startswith("#")]
    head = [name.strip() for name in lines[0]] if lines else []
    found = []
    for line in lines[1:]:
        row = {name: value.strip() for name, value in zip(head, line, strict=True)}
        if row["业务类型"] == "交易":
            paid_at = china_time(row["完成时间"])
            found.append(Paid(row["商户订单号"], row["支付宝交易号"], amount_of(row["订单金额（元）"]), paid_at))
    return found

"""Alipay's side of the wire: the gateway's methods as far as we use them, with its signatures and error codes."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.kit import clock
from hub.kit.ids import new_id
from services.gateways.payments.alipay.channel import BILL, CLOSE, NO_BILL, NOT_EXIST, PRECREATE, QUERY, WAP
from services.gateways.payments.alipay.signature import Credentials, notice_signed, request_verifies
from services.gateways.payments.calling import china_time, in_china
from services.gateways.payments.models import LedgerState, Party
from services.gateways.payments.rsa import sign
from services.gateways.payments.sandbox import ledger
from services.gateways.payments.sandbox.ledger import Entry, OrderReused
from services.gateways.payments.sandbox.peer import Notice, Peer

FILE = "/downloadBillFile.resource"
_STATES = {
    LedgerState.OPEN: "WAIT_BUYER_PAY", LedgerState.PAID: "TRADE_SUCCESS", LedgerState.CLOSED: "TRADE_CLOSED",
}  # fmt: skip
_HEAD = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,"
    "商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
).split(",")


class _Refused(Exception):
    """The request is not done; code and sub code go onto the wire."""

    def __init__(self, code: str, sub_code: str, message: str) -> None:
        self.told = {"code": code, "msg": "Business Failed", "sub_code": sub_code, "sub_msg": message}
        super().__init__(sub_code)


class AlipayPeer(Peer):
    """Alipay for one merchant's application."""

    party = Party.ALIPAY

    def __init__(self, credentials: Credentials, alipay_key: RSAPrivateKey, cashier: str) -> None:
        super().__init__(cashier, "https://dwbillcenter.alipay.com")
        self._merchant = credentials
        self._key = alipay_key

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Check the signature, do what is asked, sign the node of the answer."""
        if request.method == "GET" and request.url.path == FILE:
            return httpx.Response(200, content=await self._file(date.fromisoformat(request.url.params["day"])))
        params = dict(request.url.params) | dict(parse_qsl(request.content.decode()))
        try:
            told = await self._do(params)
        except _Refused as refused:
            told = refused.told
        node = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        name = params.get("method", "error").replace(".", "_") + "_response"
        text = f'{{"{name}":{node},"sign":"{sign(self._key, node.encode())}"}}'
        return httpx.Response(200, text=text, headers={"Content-Type": "text/html;charset=utf-8"})

    async def enter(self, params: dict[str, str]) -> Entry | None:
        """A payer comes with a signed address (WAP): the trade begins. None when the address is not the merchant's."""
        if params.get("method") != WAP:
            return None
        try:
            self._admit(params)
            entry = await self._place(json.loads(params["biz_content"]), params["notify_url"])
        except (_Refused, ValueError, KeyError):
            return None
        await ledger.change(self.party, entry.order_id, scanned="yes")
        return entry

    async def scan(self, order_id: str) -> None:
        """A payer scans the code: only now does the trade exist for queries."""
        await ledger.change(self.party, order_id, scanned="yes")

    def notice(self, entry: Entry) -> Notice:
        """A signed notice."""
        assert entry.paid_at is not None
        paid_at = in_china(entry.paid_at)
        params = {
            "notify_time": in_china(clock.now()), "notify_type": "trade_status_sync", "notify_id": new_id().hex,
            "charset": "utf-8", "version": "1.0", "app_id": self._merchant.app_id, "auth_app_id": self._merchant.app_id,
            "trade_no": entry.transaction_id, "out_trade_no": entry.order_id, "seller_id": self._merchant.seller_id,
            "trade_status": "TRADE_SUCCESS", "total_amount": f"{entry.paid_amount}",
            "receipt_amount": f"{entry.paid_amount}", "subject": entry.subject, "gmt_create": paid_at,
            "gmt_payment": paid_at, "buyer_id": "2088000000000000",
        }  # fmt: skip
        body = urlencode(notice_signed(self._key, params)).encode()
        return Notice({"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, body)

    def _admit(self, params: dict[str, str]) -> None:
        if params.get("app_id") != self._merchant.app_id:
            raise _Refused("40002", "isv.invalid-app-id", "无效的AppID参数")
        if not request_verifies(self._merchant.private_key.public_key(), params):
            raise _Refused("40002", "isv.invalid-signature", "验签出错")

    async def _do(self, params: dict[str, str]) -> dict[str, Any]:
        self._admit(params)
        method, content = params["method"], json.loads(params["biz_content"])
        if method == PRECREATE:
            entry = await self._place(content, params["notify_url"])
            return _ok(out_trade_no=entry.order_id, qr_code=f"{self.cashier}/{entry.order_id}")
        if method == QUERY:
            return self._told(await self._known(content["out_trade_no"]))
        if method == CLOSE:
            return await self._close(content["out_trade_no"])
        if method == BILL:
            day = date.fromisoformat(content["bill_date"])
            if not await ledger.paid_on(self.party, day):
                raise _Refused("40004", NO_BILL, "账单不存在")
            return _ok(bill_download_url=f"{self.files}{FILE}?day={day.isoformat()}")
        raise _Refused("40002", "isv.invalid-method", "不存在的方法名")

    async def _place(self, content: dict[str, str], notify_url: str) -> Entry:
        order_id = content["out_trade_no"]
        asked = Entry(
            party=self.party, order_id=order_id, reference=ledger.reference_of(self.party, order_id),
            state=LedgerState.OPEN, amount=Decimal(content["total_amount"]), subject=content["subject"],
            expires_at=china_time(content["time_expire"]), notify_url=notify_url, extra={},
        )  # fmt: skip
        try:
            entry = await ledger.place(asked)
        except OrderReused:
            raise _Refused("40004", "ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改") from None
        if entry.state is LedgerState.PAID:
            raise _Refused("40004", "ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
        if entry.state is LedgerState.CLOSED:
            raise _Refused("40004", "ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
        return entry

    async def _known(self, order_id: str) -> Entry:
        entry = await ledger.find(self.party, order_id)
        # a code that nobody has scanned is no trade yet
        if entry is None or not (entry.extra.get("scanned") or entry.state is LedgerState.PAID):
            raise _Refused("40004", NOT_EXIST, "交易不存在")
        return entry

    async def _close(self, order_id: str) -> dict[str, Any]:
        entry = await self._known(order_id)
        if entry.state is not LedgerState.OPEN:
            raise _Refused("40004", "ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        closed = await ledger.close(self.party, order_id)
        assert closed is not None
        if closed.state is LedgerState.PAID:
            raise _Refused("40004", "ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        return _ok(out_trade_no=order_id, trade_no=_trade_no(closed))

    def _told(self, entry: Entry) -> dict[str, Any]:
        told = _ok(
            out_trade_no=entry.order_id, trade_no=_trade_no(entry), trade_status=_STATES[entry.state],
            total_amount=str(entry.paid_amount or entry.amount), buyer_logon_id="san***@sandbox",
        )  # fmt: skip
        return told | ({"send_pay_date": in_china(entry.paid_at)} if entry.paid_at else {})

    async def _file(self, day: date) -> bytes:
        """The bill as Alipay writes it: two GBK tables in an archive, a tab after each value."""
        out = io.StringIO()
        out.write(f"#支付宝业务明细查询\r\n#账号：[{self._merchant.seller_id}]\r\n#---业务明细列表---\r\n")
        rows = csv.writer(out)
        rows.writerow(_HEAD)
        for entry in await ledger.paid_on(self.party, day):
            assert entry.paid_at is not None
            amount, at = str(entry.paid_amount), in_china(entry.paid_at)
            values = [
                entry.transaction_id, entry.order_id, "交易", entry.subject, at, at, "", "", "", "", "san***@sandbox",
                amount, amount, *["0.00"] * 5, "", "0.00", "0.00", "", "0.00", "0.00", "",
            ]  # fmt: skip
            rows.writerow([f"{value}\t" for value in values])
        out.write("#---业务明细列表结束---\r\n")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
            files.writestr(f"{self._merchant.seller_id}_{day:%Y%m%d}_业务明细.csv", out.getvalue().encode("gbk"))
            files.writestr(f"{self._merchant.seller_id}_{day:%Y%m%d}_业务明细(汇总).csv", "#汇总\r\n".encode("gbk"))
        return archive.getvalue()


def _ok(**values: str) -> dict[str, Any]:
    return {"code": "10000", "msg": "Success", **values}


def _trade_no(entry: Entry) -> str:
    return entry.transaction_id or f"42{entry.reference}"

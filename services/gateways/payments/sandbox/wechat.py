"""WeChat Pay's side of the wire: API v3 as far as we use it, with its signatures, error codes and sealed notices."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import date, datetime
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.kit import clock
from hub.kit.clock import SHANGHAI
from hub.kit.ids import new_id
from services.gateways.payments.calling import fen, in_china, yuan
from services.gateways.payments.models import LedgerState, Party
from services.gateways.payments.rsa import verifies
from services.gateways.payments.sandbox import ledger
from services.gateways.payments.sandbox.ledger import Entry, OrderReused
from services.gateways.payments.sandbox.peer import Notice, Peer
from services.gateways.payments.wechat.channel import BILL, BY_NUMBER, H5, NATIVE, NO_BILL, PAID_EVENT
from services.gateways.payments.wechat.signature import (
    ACCEPTED_SECONDS,
    Credentials,
    authorization_fields,
    platform_headers,
    request_text,
    seal,
)

FILE = "/v3/billdownload/file"
_STATES = {LedgerState.OPEN: "NOTPAY", LedgerState.PAID: "SUCCESS", LedgerState.CLOSED: "CLOSED"}
_HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,商品名称,商户数据包,手续费,费率,订单金额,费率备注"
)  # fmt: skip
_SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


class _Refused(Exception):
    """The request is not done; status and code go onto the wire."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message
        super().__init__(code)


class WeChatPeer(Peer):
    """WeChat Pay for one merchant, whose credentials it knows the public side of."""

    party = Party.WECHAT

    def __init__(self, credentials: Credentials, platform_key: RSAPrivateKey, cashier: str) -> None:
        super().__init__(cashier, "https://api.mch.weixin.qq.com")
        self._merchant = credentials
        self._key = platform_key

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Check the signature, do what is asked, sign the answer."""
        try:
            self._admit(request)
            answer = await self._do(request)
        except _Refused as refused:
            told = {"code": refused.code, "message": refused.message}
            answer = httpx.Response(refused.status, json=told)
        if request.url.path != FILE:
            answer.headers.update(platform_headers(self._key, self._merchant.platform_key_id, answer.content))
        return answer

    def notice(self, entry: Entry) -> Notice:
        """A sealed and signed notice."""
        content = json.dumps(self._transaction(entry), ensure_ascii=False).encode()
        body = json.dumps(
            {
                "id": str(new_id()), "create_time": _moment(clock.now()), "event_type": PAID_EVENT,
                "resource_type": "encrypt-resource", "summary": "支付成功",
                "resource": seal(self._merchant.api_v3_key, content, "transaction"),
            },
            ensure_ascii=False,
        ).encode()  # fmt: skip
        headers = platform_headers(self._key, self._merchant.platform_key_id, body)
        return Notice(headers | {"Content-Type": "application/json"}, body)

    def _admit(self, request: httpx.Request) -> None:
        fields = authorization_fields(request.headers.get("authorization", ""))
        text = request_text(
            request.method, request.url.raw_path.decode(), fields.get("timestamp", ""), fields.get("nonce_str", ""),
            request.content,
        )  # fmt: skip
        late = abs(clock.now().timestamp() - int(fields.get("timestamp") or 0)) > ACCEPTED_SECONDS
        named = (fields.get("mchid"), fields.get("serial_no")) == (self._merchant.mchid, self._merchant.serial_no)
        if late or not named or not verifies(
            self._merchant.private_key.public_key(), text, fields.get("signature", "")
        ):  # fmt: skip
            raise _Refused(401, "SIGN_ERROR", "签名错误")

    async def _do(self, request: httpx.Request) -> httpx.Response:
        method, path = request.method, request.url.path
        if method == "POST" and path in (NATIVE, H5):
            return await self._place(json.loads(request.content), path)
        if path.startswith(BY_NUMBER):
            order_id, _, act = path.removeprefix(BY_NUMBER).partition("/")
            if method == "POST" and act == "close":
                return await self._close(order_id)
            if method == "GET" and not act:
                return await self._query(order_id)
        if method == "GET" and path == BILL:
            return await self._bill(date.fromisoformat(request.url.params["bill_date"]))
        if method == "GET" and path == FILE:
            return httpx.Response(200, content=await self._file(date.fromisoformat(request.url.params["day"])))
        raise _Refused(404, "RESOURCE_NOT_EXISTS", "无效的路径")

    async def _place(self, order: dict[str, Any], path: str) -> httpx.Response:
        if (order.get("appid"), order.get("mchid")) != (self._merchant.appid, self._merchant.mchid):
            raise _Refused(400, "APPID_MCHID_NOT_MATCH", "商户号与AppID不匹配")
        if path == H5 and not order.get("scene_info", {}).get("payer_client_ip"):
            raise _Refused(400, "PARAM_ERROR", "缺少用户终端IP")
        if not 6 <= len(order["out_trade_no"]) <= 32 or order["amount"]["total"] < 1:
            raise _Refused(400, "PARAM_ERROR", "参数错误")
        asked = Entry(
            party=self.party, order_id=order["out_trade_no"], state=LedgerState.OPEN,
            reference=ledger.reference_of(self.party, order["out_trade_no"]),
            amount=yuan(order["amount"]["total"]), subject=order["description"], notify_url=order["notify_url"],
            expires_at=datetime.fromisoformat(order["time_expire"]),
            extra={"trade_type": "MWEB" if path == H5 else "NATIVE"},
        )  # fmt: skip
        try:
            entry = await ledger.place(asked)
        except OrderReused:
            raise _Refused(400, "INVALID_REQUEST", "商户订单号重复，且参数与原订单不一致") from None
        if entry.state is LedgerState.PAID:
            raise _Refused(400, "ORDERPAID", "订单已支付")
        if entry.state is LedgerState.CLOSED:
            raise _Refused(400, "ORDER_CLOSED", "订单已关闭")
        return httpx.Response(200, json={"h5_url" if path == H5 else "code_url": f"{self.cashier}/{entry.order_id}"})

    async def _query(self, order_id: str) -> httpx.Response:
        entry = await ledger.find(self.party, order_id)
        if entry is None:
            raise _Refused(404, "ORDER_NOT_EXIST", "订单不存在")
        return httpx.Response(200, json=self._transaction(entry))

    async def _close(self, order_id: str) -> httpx.Response:
        entry = await ledger.close(self.party, order_id)
        if entry is None:
            raise _Refused(404, "ORDER_NOT_EXIST", "订单不存在")
        if entry.state is LedgerState.PAID:
            raise _Refused(400, "ORDERPAID", "订单已支付")
        return httpx.Response(204)

    def _transaction(self, entry: Entry) -> dict[str, Any]:
        told: dict[str, Any] = {
            "appid": self._merchant.appid, "mchid": self._merchant.mchid, "out_trade_no": entry.order_id,
            "trade_state": _STATES[entry.state], "trade_state_desc": "", "attach": "",
        }  # fmt: skip
        if entry.paid_amount is not None and entry.paid_at is not None:
            total = fen(entry.paid_amount)
            told |= {
                "transaction_id": entry.transaction_id, "trade_type": entry.extra["trade_type"],
                "bank_type": "OTHERS", "success_time": _moment(entry.paid_at),
                "payer": {"openid": "oSandboxPayer"},
                "amount": {"total": total, "payer_total": total, "currency": "CNY", "payer_currency": "CNY"},
            }  # fmt: skip
        return told

    async def _bill(self, day: date) -> httpx.Response:
        if not await ledger.paid_on(self.party, day):
            raise _Refused(400, NO_BILL, "账单文件不存在")
        digest = hashlib.sha1(await self._file(day), usedforsecurity=False).hexdigest()
        url = f"{self.files}{FILE}?day={day.isoformat()}"
        return httpx.Response(200, json={"hash_type": "SHA1", "hash_value": digest, "download_url": url})

    async def _file(self, day: date) -> bytes:
        """The bill as WeChat Pay writes it: a backquote before each value, a summary at the end."""
        out = io.StringIO()
        out.write("\ufeff" + _HEAD + "\r\n")
        rows = csv.writer(out)
        entries = await ledger.paid_on(self.party, day)
        for entry in entries:
            assert entry.paid_at is not None
            values = (
                in_china(entry.paid_at), self._merchant.appid, self._merchant.mchid, "0", "", entry.transaction_id,
                entry.order_id, "oSandboxPayer", entry.extra["trade_type"], "SUCCESS", "OTHERS", "CNY",
                f"{entry.paid_amount}", "0.00", entry.subject, "", "0.00000", "0.00%", f"{entry.paid_amount}", "",
            )  # fmt: skip
            rows.writerow([f"`{value}" for value in values])
        total = sum((entry.paid_amount or 0) for entry in entries)
        out.write(_SUMMARY + "\r\n")
        rows.writerow([f"`{value}" for value in (len(entries), total, "0.00", "0.00", "0.00000", total, "0.00")])
        return out.getvalue().encode()


def _moment(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).isoformat(timespec="seconds")

"""Plays a person with a phone and Tencent Cloud, whose network carries both directions."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx

from channels.base import Call
from channels.sms.channel import SmsChannel
from hub.kit import clock
from services.gateways.signature import Credentials
from services.gateways.sms import callbacks
from services.gateways.sms.switchboard import SmsSwitchboard
from services.gateways.sms.templates import TEMPLATES
from services.gateways.sms.tencent import SmsTencent
from tests.channels.hands.hand import Got, Party, Trouble

SECRET = "secret-of-the-callbacks"
KEY = Credentials("key-of-tests", "secret-of-tests")
CODES = {name: f"{1400000 + number}" for number, name in enumerate(TEMPLATES)}
REFUSALS = {
    Trouble.BUSY: "LimitExceeded.PhoneNumberThirtySecondLimit",
    Trouble.NEVER: "InvalidParameterValue.IncorrectPhoneNumber",
    Trouble.BLOCKED: "FailedOperation.PhoneNumberInBlacklist",
}


class SmsHand:
    """The door over the wire of one carrier."""

    def __init__(self) -> None:
        self.party = Party()
        self._taken: dict[str, str] = {}
        carrier = SmsTencent(
            "https://sms.example",
            KEY,
            "1400006666",
            "ap-guangzhou",
            "12366",
            CODES,
            30,
            httpx.MockTransport(self._wire),
        )
        self.gateway = SmsSwitchboard({"tencent": carrier})
        self.channel = SmsChannel(SECRET, lambda: self.gateway)

    def _wire(self, request: httpx.Request) -> httpx.Response:
        if self.party.broken:
            return httpx.Response(500, text="<html>")
        asked = json.loads(request.content)
        if request.headers["x-tc-action"] != "SendSms":
            return _response({
                "PullSmsSendStatusSet": [
                    {"SerialNo": sid, "ReportStatus": "SUCCESS", "SessionContext": ours}
                    for ours, sid in self._taken.items()
                ]
            })  # fmt: skip
        trouble = self.party.troubles.pop(0) if self.party.troubles else None
        if trouble is Trouble.DOWN:
            raise httpx.ConnectError("down")
        if trouble in REFUSALS:
            return _sent("", REFUSALS[trouble])
        sid = f"sid{len(self.party.got) + 1}"
        self._taken[asked["SessionContext"]] = sid
        [number], [text] = asked["PhoneNumberSet"], asked["TemplateParamSet"]
        assert asked["TemplateId"] == CODES["answer"]
        self.party.got.append(Got(number.removeprefix("+86"), text, party_id=sid))
        if trouble is Trouble.LOST:
            raise httpx.ReadTimeout("lost")
        return _sent(sid, "Ok")

    def _call(self, body: bytes, carrier: str = "tencent", token: str = SECRET) -> Call:
        return Call("POST", {"carrier": carrier, "token": token}, {"content-type": "application/json"}, body)

    def signed(self, body: bytes) -> Call:
        return self._call(body)

    def text(self, sender: str, words: str, number: int) -> Call:
        # the carrier numbers nothing: what a person writes differs by its second
        at = _BEGAN + timedelta(seconds=number)
        return self._call(callbacks.said("tencent", sender, words, at, number))

    def unsupported(self, sender: str, number: int) -> list[Call]:
        """A text message has words; without any it is an empty one."""
        return [self.text(sender, "", number)]

    def press(self, sender: str, got: Got, title: str, number: int) -> Call:
        raise AssertionError("no buttons")

    def forged(self, words: str) -> list[Call]:
        body = callbacks.said("tencent", "13900000009", words, clock.now(), 1)
        return [
            Call("POST", {}, {}, body),
            Call("POST", {"carrier": "tencent"}, {"authorization": SECRET}, body),
            self._call(body, token="另一个"),
            self._call(body, token=SECRET + "x"),
            self._call(body, carrier="nobody"),
        ]

    def malformed(self) -> list[Call]:
        whole: dict[str, Any] = json.loads(callbacks.said("tencent", "13900000009", "你好", clock.now(), 1))
        broken = [{**whole, "time": at} for at in (-1, 10**18, "x", None)]
        broken += [{**whole, "mobile": mobile} for mobile in ("", "1" * 500, "12366", None)]
        contents = [b"", b"{", b"null", b"[null]", b'[{"sid": "x"}]', b"\xff\xfe", b"[" * 5000]
        contents += [json.dumps(one).encode() for one in broken]
        return [
            *(self._call(content, carrier) for content in contents for carrier in ("tencent", "aliyun")),
            Call("GET", {"carrier": "tencent", "token": SECRET}, {}, b""),
        ]

    def receipt(self, got: Got, *, delivered: bool) -> Call | None:
        code = "DELIVRD" if delivered else "UNDELIV"
        return self._call(callbacks.reported("tencent", got.address, got.party_id, code, clock.now()))

    def passive_text(self, body: bytes) -> str | None:
        return None

    async def close(self) -> None:
        await self.gateway.close()


_BEGAN = clock.now() - timedelta(minutes=10)


def _sent(sid: str, code: str) -> httpx.Response:
    return _response({"SendStatusSet": [{"SerialNo": sid, "Code": code, "Message": code, "SessionContext": ""}]})


def _response(content: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"Response": {**content, "RequestId": "1"}})

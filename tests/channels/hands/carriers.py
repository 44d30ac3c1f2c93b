"""Both carriers at their wire, with phones behind them: what was sent when, and how each of them fails."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from hub.kit import clock
from services.gateways.signature import Credentials
from services.gateways.sms.aliyun import SmsAliyun
from services.gateways.sms.switchboard import SmsSwitchboard
from services.gateways.sms.templates import TEMPLATES
from services.gateways.sms.tencent import SmsTencent

KEY = Credentials("key-of-tests", "secret-of-tests")
CODES = {name: f"T{number}" for number, name in enumerate(TEMPLATES)}


@dataclass(frozen=True, slots=True)
class Sms:
    """A message as a carrier took it."""

    carrier: str
    phone: str
    values: tuple[str, ...]
    key: str
    at: datetime

    @property
    def text(self) -> str:
        return self.values[0]


class Carriers:
    """`down` cannot be reached, `mute` take messages and do not answer, `codes` is what one says instead of yes."""

    def __init__(self) -> None:
        self.sent: list[Sms] = []
        self.asked: dict[str, int] = defaultdict(int)
        self.down: set[str] = set()
        self.mute: set[str] = set()
        self.codes: dict[str, str] = {}
        aliyun = SmsAliyun("https://a.example", KEY, "12366", CODES, 30, httpx.MockTransport(self._aliyun))
        tencent = SmsTencent(
            "https://t.example",
            KEY,
            "1400006666",
            "ap-guangzhou",
            "12366",
            CODES,
            30,
            httpx.MockTransport(self._tencent),
        )
        self.gateway = SmsSwitchboard({"aliyun": aliyun, "tencent": tencent}, signature="12366")

    def texts(self, phone: str) -> list[str]:
        """What came to a phone, in order."""
        return [one.text for one in self.sent if one.phone == phone]

    def _aliyun(self, request: httpx.Request) -> httpx.Response:
        self._reached("aliyun")
        asked = request.url.params
        if request.headers["x-acs-action"] == "QuerySendDetails":
            self._answers("aliyun")
            found = [
                {"OutId": one.key, "SendStatus": 3}
                for one in self.sent
                if (one.carrier, one.phone) == ("aliyun", asked["PhoneNumber"])
            ]
            return httpx.Response(200, json={"Code": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": found}})
        if "aliyun" in self.codes:
            return httpx.Response(200, json={"Code": self.codes["aliyun"]})
        values = tuple(json.loads(asked["TemplateParam"]).values())
        self.sent.append(Sms("aliyun", asked["PhoneNumbers"], values, asked["OutId"], clock.now()))
        self._answers("aliyun")
        return httpx.Response(200, json={"Code": "OK", "BizId": f"biz-{len(self.sent)}"})

    def _tencent(self, request: httpx.Request) -> httpx.Response:
        self._reached("tencent")
        asked = json.loads(request.content)
        if request.headers["x-tc-action"] != "SendSms":
            self._answers("tencent")
            found = [
                {"SessionContext": one.key, "ReportStatus": "SUCCESS"}
                for one in self.sent
                if (one.carrier, one.phone) == ("tencent", asked["PhoneNumber"].removeprefix("+86"))
            ]
            return _response({"PullSmsSendStatusSet": found})
        code = self.codes.get("tencent", "Ok")
        if code == "Ok":
            phone, values = asked["PhoneNumberSet"][0].removeprefix("+86"), tuple(asked["TemplateParamSet"])
            self.sent.append(Sms("tencent", phone, values, asked["SessionContext"], clock.now()))
            self._answers("tencent")
        return _response({"SendStatusSet": [{"SerialNo": f"sid-{len(self.sent)}", "Code": code}]})

    def _reached(self, carrier: str) -> None:
        self.asked[carrier] += 1
        if carrier in self.down:
            raise httpx.ConnectError("down")

    def _answers(self, carrier: str) -> None:
        if carrier in self.mute:
            raise httpx.ReadTimeout("no answer")


def _response(content: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"Response": {**content, "RequestId": "1"}})

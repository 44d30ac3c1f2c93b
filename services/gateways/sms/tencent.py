"""Text messages by Tencent Cloud (SMS API 2021-01-11): SendSms, and PullSmsSendStatusByPhoneNumber to look one up.

Source: Tencent Cloud SMS, API documentation. SendSms takes no key, but gives our id back as SessionContext in the
status of a message; a status is there only once the network has reported, so a message without one may be on its way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import httpx
from pydantic import BaseModel, Field, ValidationError

from hub.kit import clock
from services.gateways.errors import GatewayFault, GatewayUnavailable
from services.gateways.signature import Credentials
from services.gateways.sms.carrier import SmsCarrier
from services.gateways.sms.protocol import DeliveryState, Refusal, SmsReply, SmsRequest
from services.gateways.sms.tc3 import CONTENT_TYPE, authorization

SERVICE = "sms"
VERSION = "2021-01-11"
PAGE = 100
OK = "Ok"
CHINA = "+86"
REFUSALS: Mapping[str, Refusal] = {
    "InvalidParameterValue.IncorrectPhoneNumber": Refusal.NUMBER,
    "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber": Refusal.NUMBER,
    "FailedOperation.PhoneNumberInBlacklist": Refusal.UNWANTED,
    "FailedOperation.InsufficientBalanceInSmsPackage": Refusal.ACCOUNT,
    "UnauthorizedOperation.SmsSdkAppIdVerifyFail": Refusal.ACCOUNT,
    "UnauthorizedOperation.ServiceSuspendDueToArrears": Refusal.ACCOUNT,
    "FailedOperation.SignatureIncorrectOrUnapproved": Refusal.TEMPLATE,
    "FailedOperation.TemplateIncorrectOrUnapproved": Refusal.TEMPLATE,
    "FailedOperation.TemplateUnapprovedOrNotExist": Refusal.TEMPLATE,
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": Refusal.TEMPLATE,
    "FailedOperation.MissingSignature": Refusal.TEMPLATE,
    "InvalidParameterValue.TemplateParameterFormatError": Refusal.TEMPLATE,
    "InvalidParameterValue.TemplateParameterLengthLimit": Refusal.TEMPLATE,
    "InvalidParameterValue.ContentLengthLimit": Refusal.TEMPLATE,
}
"""Codes for refusals that are certain; "LimitExceeded.…" are limits of a number, all others `OTHER`."""
STATES = {"SUCCESS": DeliveryState.DELIVERED, "FAIL": DeliveryState.FAILED}


class _Sent(BaseModel):
    carrier_id: str = Field("", alias="SerialNo")
    code: str = Field(alias="Code")


class _Status(BaseModel):
    state: str = Field(alias="ReportStatus")
    our_id: str = Field("", alias="SessionContext")


class _Sends(BaseModel):
    sent: list[_Sent] = Field(alias="SendStatusSet", min_length=1, max_length=1)


class _Statuses(BaseModel):
    found: list[_Status] = Field(alias="PullSmsSendStatusSet")


class SmsTencent(SmsCarrier):
    """A client of the carrier; see `SmsCarrier`. Raises `ValueError` without the id of the application, too."""

    tells_at_once = False
    setting = "HUB_SMS_TENCENT"

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        app_id: str,
        region: str,
        sign_name: str,
        templates: Mapping[str, Any],
        timeout_seconds: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        if not app_id:
            raise ValueError("HUB_SMS_TENCENT_APP_ID is missing")
        super().__init__(url, credentials, sign_name, templates, timeout_seconds, transport)
        self._app_id = app_id
        self._region = region

    async def _sent(self, request: SmsRequest) -> SmsReply:
        known = self._registered.get(request.template)
        values = known.values(request.parameters) if known else list(request.parameters.values())
        answer = await self._call("SendSms", {
            "PhoneNumberSet": [CHINA + request.phone], "SmsSdkAppId": self._app_id,
            "SignName": self._sign_name, "TemplateId": known.code if known else request.template,
            "TemplateParamSet": values, "SessionContext": request.message_id,
        })  # fmt: skip
        code, carrier_id = _outcome(answer)
        if code == OK:
            return SmsReply(accepted=True, carrier_id=carrier_id)
        if code.startswith("InternalError"):
            raise GatewayFault("carrier_error")
        refusal = Refusal.LIMITED if code.startswith("LimitExceeded.") else REFUSALS.get(code, Refusal.OTHER)
        return SmsReply(accepted=False, refusal=refusal)

    async def _state(self, message_id: str, phone: str, day: date) -> DeliveryState | None:
        begin = datetime.combine(day, time(), clock.SHANGHAI).astimezone(UTC)
        answer = await self._call("PullSmsSendStatusByPhoneNumber", {
            "BeginTime": int(begin.timestamp()), "EndTime": int((begin + timedelta(days=1)).timestamp()) - 1,
            "Offset": 0, "Limit": PAGE, "PhoneNumber": CHINA + phone, "SmsSdkAppId": self._app_id,
        })  # fmt: skip
        if "Error" in answer:
            raise GatewayFault("query_refused")
        try:
            statuses = _Statuses.model_validate(answer).found
        except ValidationError as error:
            raise GatewayFault("malformed_reply") from error
        for one in statuses:
            if one.our_id == message_id:
                return STATES.get(one.state, DeliveryState.ON_ITS_WAY)
        return None

    async def _call(self, action: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """One signed call; the answer is what stands in "Response".

        Raises `GatewayUnavailable` (certainly not done), `GatewayTimeout`, `GatewayFault`.
        """
        body = json.dumps(content, ensure_ascii=False).encode()
        timestamp, key = int(clock.now().timestamp()), self._credentials
        signed = {
            "content-type": CONTENT_TYPE,
            "host": self._address.netloc.decode(),
            "x-tc-action": action,
        }
        headers = signed | {
            "authorization": authorization(key.app_key, key.app_secret, SERVICE, timestamp, signed, body),
            "x-tc-region": self._region,
            "x-tc-timestamp": str(timestamp),
            "x-tc-version": VERSION,
        }
        return _understood(await self._posted(self._address, headers, body))


def _understood(answer: dict[str, Any]) -> dict[str, Any]:
    found = answer.get("Response")
    if not isinstance(found, dict):
        raise GatewayFault("malformed_reply")
    if code := _error(found):
        if code.startswith("RequestLimitExceeded"):
            raise GatewayUnavailable("throttled")
        if code.startswith(("InternalError", "AuthFailure", "InvalidAction", "UnsupportedProtocol")):
            raise GatewayFault("carrier_error")
    return found


def _error(found: Mapping[str, Any]) -> str:
    """The code of an error of the whole request, empty without one."""
    if "Error" not in found:
        return ""
    code = found["Error"].get("Code") if isinstance(found["Error"], dict) else None
    if not isinstance(code, str) or not code:
        raise GatewayFault("malformed_reply")
    return code


def _outcome(answer: Mapping[str, Any]) -> tuple[str, str]:
    """What the carrier says of the one message: its code, and its number for it."""
    if code := _error(answer):
        return code, ""
    try:
        [sent] = _Sends.model_validate(answer).sent
    except ValidationError as error:
        raise GatewayFault("malformed_reply") from error
    return sent.code, sent.carrier_id

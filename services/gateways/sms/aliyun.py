"""Text messages by Alibaba Cloud (Dysmsapi 2017-05-25): SendSms, and QuerySendDetails to learn what became of one.

Source: Alibaba Cloud SMS API reference. SendSms takes no key ("no idempotence, callers must see to it"), but keeps our
id as OutId and tells it in the details of a number and day: that is asked before anything is sent a second time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from hub.kit import clock
from hub.kit.ids import new_id
from services.gateways.errors import GatewayFault, GatewayUnavailable
from services.gateways.sms.acs3 import EMPTY_BODY, authorization, canonical_query
from services.gateways.sms.carrier import SmsCarrier
from services.gateways.sms.protocol import DeliveryState, Refusal, SmsReply, SmsRequest

VERSION = "2017-05-25"
PAGE = 50
OK = "OK"
REFUSALS: Mapping[str, Refusal] = {
    "isv.BUSINESS_LIMIT_CONTROL": Refusal.LIMITED,
    "isv.DAY_LIMIT_CONTROL": Refusal.LIMITED,
    "isv.MOBILE_NUMBER_ILLEGAL": Refusal.NUMBER,
    "isv.SMS_TEMPLATE_ILLEGAL": Refusal.TEMPLATE,
    "isv.SMS_SIGNATURE_ILLEGAL": Refusal.TEMPLATE,
    "isv.TEMPLATE_MISSING_PARAMETERS": Refusal.TEMPLATE,
    "isv.TEMPLATE_PARAMS_ILLEGAL": Refusal.TEMPLATE,
    "isv.PARAM_LENGTH_LIMIT": Refusal.TEMPLATE,
    "isv.ACCOUNT_NOT_EXISTS": Refusal.ACCOUNT,
    "isv.ACCOUNT_ABNORMAL": Refusal.ACCOUNT,
    "isv.AMOUNT_NOT_ENOUGH": Refusal.ACCOUNT,
    "isv.OUT_OF_SERVICE": Refusal.ACCOUNT,
    "isv.PRODUCT_UN_SUBSCRIPT": Refusal.ACCOUNT,
}
"""Codes of the carrier for refusals that are certain; whatever else begins with "isv." is `OTHER`."""
STATES = {1: DeliveryState.ON_ITS_WAY, 2: DeliveryState.FAILED, 3: DeliveryState.DELIVERED}


class _Detail(BaseModel):
    state: int = Field(alias="SendStatus")
    our_id: str = Field("", alias="OutId")


class _Details(BaseModel):
    found: list[_Detail] = Field(alias="SmsSendDetailDTO")


class SmsAliyun(SmsCarrier):
    """A client of the carrier; see `SmsCarrier`."""

    tells_at_once = True
    setting = "HUB_SMS"

    async def _sent(self, request: SmsRequest) -> SmsReply:
        known = self._registered.get(request.template)
        given = request.parameters
        if known is not None:
            given = {name: given[name] for name in known.parameters if name in given}
        answer = await self._call("SendSms", {
            "PhoneNumbers": request.phone, "SignName": self._sign_name,
            "TemplateCode": known.code if known is not None else request.template,
            "TemplateParam": json.dumps(dict(given), ensure_ascii=False),
            "OutId": request.message_id,
        })  # fmt: skip
        code = answer["Code"]
        if code == OK:
            return SmsReply(accepted=True, carrier_id=str(answer.get("BizId", "")))
        return SmsReply(accepted=False, refusal=REFUSALS.get(code, Refusal.OTHER))

    async def _state(self, message_id: str, phone: str, day: date) -> DeliveryState | None:
        page = 1
        while True:
            answer = await self._call("QuerySendDetails", {
                "PhoneNumber": phone, "SendDate": f"{day:%Y%m%d}", "PageSize": str(PAGE), "CurrentPage": str(page),
            })  # fmt: skip
            if answer["Code"] != OK:
                raise GatewayFault("query_refused")
            try:
                details = _Details.model_validate(answer.get("SmsSendDetailDTOs") or {"SmsSendDetailDTO": []}).found
            except ValidationError as error:
                raise GatewayFault("malformed_reply") from error
            for detail in details:
                if detail.our_id == message_id:
                    return STATES.get(detail.state, DeliveryState.ON_ITS_WAY)
            if len(details) < PAGE:
                return None
            page += 1

    async def _call(self, action: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """One signed call; the answer is a JSON object with a "Code".

        Raises `GatewayUnavailable` (certainly not done), `GatewayTimeout`, `GatewayFault`.
        """
        query = canonical_query(parameters)
        headers = {
            "host": self._address.netloc.decode(),
            "x-acs-action": action,
            "x-acs-content-sha256": EMPTY_BODY,
            "x-acs-date": f"{clock.now():%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": new_id().hex,
            "x-acs-version": VERSION,
        }
        key = self._credentials
        signed = headers | {"Authorization": authorization(key.app_key, key.app_secret, "POST", query, headers)}
        return _understood(await self._posted(self._address.copy_with(query=query.encode()), signed))


def _understood(answer: dict[str, Any]) -> dict[str, Any]:
    code = answer.get("Code")
    if not isinstance(code, str):
        raise GatewayFault("malformed_reply")
    if code.startswith("Throttling"):
        raise GatewayUnavailable("throttled")
    if code != OK and not code.startswith("isv."):
        raise GatewayFault("carrier_error")
    return answer

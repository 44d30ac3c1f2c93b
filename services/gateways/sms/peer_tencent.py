"""Tencent Cloud's side of the wire (SMS 2021-01-11), in front of the sandbox: for contract tests and for staging."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.ids import new_id
from services.gateways.behaviour import GARBAGE, behave, held_back
from services.gateways.doorkeeper import Refused
from services.gateways.errors import GatewayFault, GatewayUnavailable
from services.gateways.signature import Credentials
from services.gateways.sms import sandbox
from services.gateways.sms.models import SandboxSmsControl
from services.gateways.sms.protocol import Refusal
from services.gateways.sms.registration import Registration, registered
from services.gateways.sms.tc3 import ALGORITHM, signature
from services.gateways.sms.tencent import CHINA, OK, PAGE, SERVICE, VERSION

FRESH_FOR = timedelta(minutes=5)
KEPT = timedelta(days=7)
CODES = {
    Refusal.LIMITED: "LimitExceeded.PhoneNumberDailyLimit",
    Refusal.NUMBER: "InvalidParameterValue.IncorrectPhoneNumber",
    Refusal.TEMPLATE: "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
}
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^/,]+)/(?P<day>[\d-]{{10}})/(?P<service>\w+)/tc3_request, "
    r"SignedHeaders=(?P<names>[a-z;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


def create_peer(credentials: Credentials, app_id: str, templates: Mapping[str, Any]) -> FastAPI:
    """The peer as an application: one address for all operations."""
    app = FastAPI(title="SMS carrier (sandbox)", docs_url=None, redoc_url=None, openapi_url=None)
    table = registered(templates, "HUB_SMS_TENCENT_TEMPLATES")
    by_code = {one.code: (name, one) for name, one in table.items()}

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refused)
        return _response({"Error": {"Code": error.code, "Message": error.code}}, error.status)

    @app.post("/")
    async def call(request: Request) -> Response:
        body = await request.body()
        asked = _admit(request, body, credentials, app_id)
        try:
            delay = await behave(SandboxSmsControl)
        except GatewayUnavailable as error:
            raise Refused(503, "InternalError") from error
        except GatewayFault as error:
            if error.reason == GARBAGE:
                return Response("<html>maintenance</html>")
            raise Refused(200, "InternalError") from error
        action = request.headers.get("x-tc-action")
        if action == "PullSmsSendStatusByPhoneNumber":
            return _response(await _statuses(asked))
        if action != "SendSms":
            raise Refused(200, "InvalidAction")
        answer = await _send(asked, by_code)
        await held_back(delay)
        return _response(answer)

    return app


def _admit(request: Request, body: bytes, credentials: Credentials, app_id: str) -> dict[str, Any]:
    """Let a signed and fresh request of our application in; what it asks.

    Raises `Refused` with the carrier's own codes.
    """
    given = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if given is None or not {"content-type", "host"} <= set(given["names"].split(";")):
        raise Refused(200, "AuthFailure.InvalidAuthorization")
    if not hmac.compare_digest(given["key"].encode(), credentials.app_key.encode()):
        raise Refused(200, "AuthFailure.SecretIdNotFound")
    at = request.headers.get("x-tc-timestamp", "")
    if not (at.isascii() and at.isdecimal()) or abs(clock.now().timestamp() - int(at[:12])) > FRESH_FOR.total_seconds():
        raise Refused(200, "AuthFailure.SignatureExpire")
    signed = {name: request.headers.get(name, "") for name in given["names"].split(";")}
    expected = signature(credentials.app_secret, SERVICE, int(at), signed, body)
    of_day = given["day"] == f"{datetime.fromtimestamp(int(at), UTC):%Y-%m-%d}" and given["service"] == SERVICE
    if not of_day or not hmac.compare_digest(given["signature"], expected):
        raise Refused(200, "AuthFailure.SignatureFailure")
    if request.headers.get("x-tc-version") != VERSION:
        raise Refused(200, "NoSuchVersion")
    try:
        asked = json.loads(body)
    except ValueError:
        raise Refused(200, "InvalidParameter") from None
    if not isinstance(asked, dict) or asked.get("SmsSdkAppId") != app_id:
        raise Refused(200, "UnauthorizedOperation.SmsSdkAppIdVerifyFail")
    return asked


async def _send(asked: Mapping[str, Any], by_code: Mapping[str, tuple[str, Registration]]) -> dict[str, Any]:
    numbers, values = asked.get("PhoneNumberSet"), asked.get("TemplateParamSet", [])
    if not (isinstance(numbers, list) and len(numbers) == 1 and isinstance(values, list)):
        raise Refused(200, "InvalidParameter")
    number = str(numbers[0])
    name, known = by_code.get(str(asked.get("TemplateId")), ("", None))
    parameters = {}
    if known is not None and len(values) == len(known.parameters):
        parameters = dict(zip(known.parameters, map(str, values), strict=True))
    async with transaction() as session:
        reply = await sandbox.take(
            session, str(asked.get("SessionContext", "")), number.removeprefix(CHINA), name, parameters
        )  # fmt: skip
    code = OK if reply.refusal is None else CODES.get(reply.refusal, "FailedOperation.Other")
    return {
        "SendStatusSet": [
            {
                "SerialNo": reply.carrier_id, "PhoneNumber": number, "Fee": int(reply.accepted),
                "SessionContext": asked.get("SessionContext", ""), "Code": code, "Message": code, "IsoCode": "CN",
            }
        ]
    }  # fmt: skip


async def _statuses(asked: Mapping[str, Any]) -> dict[str, Any]:
    try:
        begin = datetime.fromtimestamp(int(asked["BeginTime"]), UTC)
        end = datetime.fromtimestamp(int(asked.get("EndTime", clock.now().timestamp())), UTC)
        limit, number = int(asked["Limit"]), str(asked["PhoneNumber"])
    except (KeyError, ValueError, TypeError, OverflowError, OSError):
        raise Refused(200, "InvalidParameter") from None
    if not 0 < limit <= PAGE or asked.get("Offset") != 0 or begin < clock.now() - KEPT:
        raise Refused(200, "InvalidParameterValue")
    async with transaction() as session:
        received = await sandbox.inbox(session, number.removeprefix(CHINA), limit=1000)
    found = [one for one in received if begin <= one.at <= end][:limit]
    return {
        "PullSmsSendStatusSet": [
            {
                "UserReceiveTime": int(one.at.timestamp()), "CountryCode": "86",
                "SubscriberNumber": number.removeprefix(CHINA), "PhoneNumber": number, "SerialNo": one.message_id,
                "ReportStatus": "SUCCESS", "Description": "DELIVRD", "SessionContext": one.message_id,
            }
            for one in found
        ]
    }  # fmt: skip


def _response(content: Mapping[str, Any], status: int = 200) -> JSONResponse:
    return JSONResponse({"Response": {**content, "RequestId": str(new_id())}}, status)

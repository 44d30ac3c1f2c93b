"""The carrier's side of the wire (Dysmsapi 2017-05-25), in front of the sandbox: for contract tests and for staging."""

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
from services.gateways.doorkeeper import Nonces, Refused
from services.gateways.errors import GatewayFault, GatewayUnavailable
from services.gateways.signature import Credentials
from services.gateways.sms import sandbox
from services.gateways.sms.acs3 import ALGORITHM, EMPTY_BODY, canonical_query, signature
from services.gateways.sms.aliyun import OK, PAGE, VERSION
from services.gateways.sms.models import SandboxSmsControl
from services.gateways.sms.protocol import Refusal

FRESH_FOR = timedelta(minutes=15)
CODES = {
    Refusal.LIMITED: "isv.BUSINESS_LIMIT_CONTROL",
    Refusal.NUMBER: "isv.MOBILE_NUMBER_ILLEGAL",
    Refusal.TEMPLATE: "isv.SMS_TEMPLATE_ILLEGAL",
}
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^,]+),SignedHeaders=(?P<names>[^,]+),Signature=(?P<signature>[0-9a-f]{{64}})"
)
_SIGNED = {"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}


def create_peer(credentials: Credentials, codes: Mapping[str, str]) -> FastAPI:
    """The peer as an application: one address for both operations; `codes` are the registered templates by name."""
    app = FastAPI(title="SMS carrier (sandbox)", docs_url=None, redoc_url=None, openapi_url=None)
    names = {code: name for name, code in codes.items()}
    nonces = Nonces(2 * FRESH_FOR.total_seconds())

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refused)
        return JSONResponse(_body(error.code), error.status)

    @app.post("/")
    async def call(request: Request) -> Response:
        _admit(request, credentials, nonces)
        try:
            delay = await behave(SandboxSmsControl)
        except GatewayUnavailable as error:
            raise Refused(503, "ServiceUnavailable") from error
        except GatewayFault as error:
            if error.reason == GARBAGE:
                return Response("<html>maintenance</html>")
            raise Refused(500, "isp.SYSTEM_ERROR") from error
        asked = dict(request.query_params)
        action = request.headers.get("x-acs-action")
        if action == "QuerySendDetails":
            return JSONResponse(await _details(asked))
        if action != "SendSms":
            raise Refused(404, "InvalidAction.NotFound")
        answer = await _send(asked, names)
        await held_back(delay)
        return JSONResponse(answer)

    return app


def _admit(request: Request, credentials: Credentials, nonces: Nonces) -> None:
    """Let a signed, fresh and new request in.

    Raises `Refused` with the carrier's own codes.
    """
    given = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if given is None:
        raise Refused(400, "MissingAuthorization")
    if not hmac.compare_digest(given["key"].encode(), credentials.app_key.encode()):
        raise Refused(404, "InvalidAccessKeyId.NotFound")
    signed = {name: request.headers.get(name, "") for name in given["names"].split(";")}
    expected = signature(credentials.app_secret, "POST", canonical_query(dict(request.query_params)), signed)
    complete = set(signed) >= _SIGNED and signed["x-acs-content-sha256"] == EMPTY_BODY
    if not complete or not hmac.compare_digest(given["signature"], expected):
        raise Refused(400, "SignatureDoesNotMatch")
    if signed["x-acs-version"] != VERSION:
        raise Refused(400, "InvalidVersion")
    try:
        at = datetime.strptime(signed["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refused(400, "InvalidTimeStamp.Format") from None
    if abs(clock.now() - at) > FRESH_FOR:
        raise Refused(400, "InvalidTimeStamp.Expired")
    if not nonces.new(signed["x-acs-signature-nonce"]):
        raise Refused(400, "SignatureNonceUsed")


async def _send(asked: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    if not {"PhoneNumbers", "SignName", "TemplateCode"} <= set(asked):
        raise Refused(400, "MissingParameter")
    try:
        parameters = json.loads(asked.get("TemplateParam", "{}"))
    except ValueError:
        return _body("isv.INVALID_JSON_PARAM")
    if not isinstance(parameters, dict) or not all(isinstance(value, str) for value in parameters.values()):
        return _body("isv.INVALID_JSON_PARAM")
    template = names.get(asked["TemplateCode"], "")
    async with transaction() as session:
        reply = await sandbox.take(session, asked.get("OutId", ""), asked["PhoneNumbers"], template, parameters)
    if reply.refusal is not None:
        return _body(CODES.get(reply.refusal, "isv.SMS_TEMPLATE_ILLEGAL"))
    return _body(OK) | {"BizId": reply.carrier_id}


async def _details(asked: Mapping[str, str]) -> dict[str, Any]:
    try:
        day = datetime.strptime(asked.get("SendDate", ""), "%Y%m%d").date()
        page, size = int(asked.get("CurrentPage", "")), int(asked.get("PageSize", ""))
    except ValueError:
        return _body("isv.INVALID_PARAMETERS")
    if not 1 <= size <= PAGE or page < 1:
        return _body("isv.INVALID_PARAMETERS")
    async with transaction() as session:
        received = await sandbox.inbox(session, asked.get("PhoneNumber", ""), limit=1000)
    of_day = [one for one in received if one.at.astimezone(clock.SHANGHAI).date() == day]
    shown = of_day[(page - 1) * size : page * size]
    return _body(OK) | {
        "TotalCount": str(len(of_day)),
        "SmsSendDetailDTOs": {
            "SmsSendDetailDTO": [
                {
                    "OutId": one.message_id, "SendStatus": 3, "ErrCode": "DELIVERED", "Content": one.text,
                    "PhoneNum": asked.get("PhoneNumber", ""),
                    "SendDate": one.at.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
                }
                for one in shown
            ]
        },
    }  # fmt: skip


def _body(code: str) -> dict[str, Any]:
    return {"Code": code, "Message": code, "RequestId": str(new_id())}

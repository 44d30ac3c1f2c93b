"""The platform's side of the wire, in front of the sandbox: for contract tests and for staging before go-live."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import FastAPI, Header, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from hub.kit import clock
from services.gateways.errors import GatewayFault, GatewayUnavailable
from services.gateways.inspection.protocol import REPLY, REQUEST
from services.gateways.inspection.sandbox import InspectionSandbox
from services.gateways.inspection.signature import PATH, Credentials, sign

CLOCK_SKEW_SECONDS = 300


class _Refused(Exception):
    """The request is not answered; the code goes onto the wire."""

    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code
        super().__init__(code)


class _Doorkeeper:
    """Checks who sends a request; remembers nonces for as long as their timestamps are acceptable.

    In memory: staging runs one peer, and a restart forgets five minutes of nonces at most.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._nonces: dict[str, float] = {}

    def admit(self, app_key: str, timestamp: str, nonce: str, signature: str, path: str, body: bytes) -> None:
        """Let a request in.

        Raises `_Refused`.
        """
        now = clock.now().timestamp()
        if not hmac.compare_digest(app_key.encode(), self._credentials.app_key.encode()):
            raise _Refused(401, "unknown_app")
        expected = sign(self._credentials.app_secret, "POST", path, timestamp, nonce, body)
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            raise _Refused(401, "bad_signature")
        if not timestamp.isdecimal() or abs(now - int(timestamp)) > CLOCK_SKEW_SECONDS:
            raise _Refused(401, "stale_timestamp")
        self._nonces = {known: until for known, until in self._nonces.items() if until >= now}
        if not 16 <= len(nonce) <= 64 or nonce in self._nonces:
            raise _Refused(401, "nonce_reused")
        self._nonces[nonce] = now + 2 * CLOCK_SKEW_SECONDS


def create_peer(credentials: Credentials) -> FastAPI:
    """The peer as an application: one route, `POST /v1/inspections`."""
    app = FastAPI(title="Inspection platform (sandbox)", docs_url=None, redoc_url=None, openapi_url=None)
    platform = InspectionSandbox()
    doorkeeper = _Doorkeeper(credentials)

    @app.exception_handler(_Refused)
    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, _Refused)
        return JSONResponse({"code": error.code}, error.status)

    @app.post(PATH)
    async def inspect(
        request: Request,
        x_app_key: Annotated[str, Header()] = "",
        x_timestamp: Annotated[str, Header()] = "",
        x_nonce: Annotated[str, Header()] = "",
        x_signature: Annotated[str, Header()] = "",
        idempotency_key: Annotated[str, Header()] = "",
    ) -> Response:
        body = await request.body()
        doorkeeper.admit(x_app_key, x_timestamp, x_nonce, x_signature, request.url.path, body)
        try:
            asked = REQUEST.validate_json(body)
        except ValidationError as error:
            raise _Refused(422, "bad_request") from error
        if asked.request_id != idempotency_key:
            raise _Refused(422, "idempotency_key_mismatch")
        try:
            reply = await platform.inspect(asked)
        except GatewayUnavailable as error:
            raise _Refused(503, error.reason) from error
        except GatewayFault as error:
            raise _Refused(409 if error.reason == "request_id_reused" else 500, error.reason) from error
        return Response(REPLY.dump_json(reply), media_type="application/json")

    return app

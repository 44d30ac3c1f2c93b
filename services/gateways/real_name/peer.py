"""The real-name service's side of the wire, in front of the sandbox: for contract tests and for staging."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from services.gateways.behaviour import GARBAGE
from services.gateways.doorkeeper import Doorkeeper, Refused
from services.gateways.errors import GatewayFault, GatewayUnavailable
from services.gateways.real_name.http import PATH
from services.gateways.real_name.protocol import REPLY, REQUEST
from services.gateways.real_name.sandbox import RealNameSandbox
from services.gateways.signature import Credentials


def create_peer(credentials: Credentials) -> FastAPI:
    """The peer as an application: one route, `POST /v1/real-name-checks`."""
    app = FastAPI(title="Real-name service (sandbox)", docs_url=None, redoc_url=None, openapi_url=None)
    sandbox, doorkeeper = RealNameSandbox(), Doorkeeper(credentials)

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refused)
        return JSONResponse({"code": error.code}, error.status)

    @app.post(PATH)
    async def check(request: Request) -> Response:
        body = await request.body()
        doorkeeper.admit(request, body)
        try:
            asked = REQUEST.validate_json(body)
        except ValidationError as error:
            raise Refused(422, "bad_request") from error
        if asked.request_id != request.headers.get("idempotency-key", ""):
            raise Refused(422, "idempotency_key_mismatch")
        try:
            reply = await sandbox.check(asked)
        except GatewayUnavailable as error:
            raise Refused(503, error.reason) from error
        except GatewayFault as error:
            if error.reason == GARBAGE:
                return Response("<html>maintenance</html>")
            raise Refused(409 if error.reason == "request_id_reused" else 500, error.reason) from error
        return Response(REPLY.dump_json(reply), media_type="application/json")

    return app

"""The platform's side of the wire, in front of the sandbox: for contract tests and for staging before go-live."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from services.gateways.doorkeeper import Doorkeeper, Refused
from services.gateways.errors import GatewayFault, GatewayUnavailable
from services.gateways.inspection.protocol import REPLY, REQUEST
from services.gateways.inspection.sandbox import InspectionSandbox
from services.gateways.inspection.signature import PATH
from services.gateways.signature import Credentials


def create_peer(credentials: Credentials) -> FastAPI:
    """The peer as an application: one route, `POST /v1/inspections`."""
    app = FastAPI(title="Inspection platform (sandbox)", docs_url=None, redoc_url=None, openapi_url=None)
    platform = InspectionSandbox()
    doorkeeper = Doorkeeper(credentials)

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refused)
        return JSONResponse({"code": error.code}, error.status)

    @app.post(PATH)
    async def inspect(request: Request) -> Response:
        body = await request.body()
        doorkeeper.admit(request, body)
        try:
            asked = REQUEST.validate_json(body)
        except ValidationError as error:
            raise Refused(422, "bad_request") from error
        if asked.request_id != request.headers.get("idempotency-key", ""):
            raise Refused(422, "idempotency_key_mismatch")
        try:
            reply = await platform.inspect(asked)
        except GatewayUnavailable as error:
            raise Refused(503, error.reason) from error
        except GatewayFault as error:
            raise Refused(409 if error.reason == "request_id_reused" else 500, error.reason) from error
        return Response(REPLY.dump_json(reply), media_type="application/json")

    return app

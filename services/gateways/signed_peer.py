"""The other party's side of a signed JSON protocol, in front of a sandbox: for contract tests and for staging."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import TypeAdapter, ValidationError

from services.gateways.behaviour import GARBAGE
from services.gateways.doorkeeper import Doorkeeper, Refused
from services.gateways.errors import GatewayFault, GatewayUnavailable
from services.gateways.signature import Credentials


class Identified(Protocol):
    """A request that says by what it is told from others."""

    @property
    def request_id(self) -> str:
        """The same in the header `Idempotency-Key`."""
        ...


Asked = TypeVar("Asked", bound=Identified)
Replied = TypeVar("Replied")


def signed_peer(
    title: str,
    path: str,
    question: TypeAdapter[Asked],
    reply: TypeAdapter[Replied],
    answer: Callable[[Asked], Awaitable[Replied]],
    credentials: Credentials,
) -> FastAPI:
    """The peer as an application with one route, `POST path`."""
    app = FastAPI(title=title, docs_url=None, redoc_url=None, openapi_url=None)
    doorkeeper = Doorkeeper(credentials)

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refused)
        return JSONResponse({"code": error.code}, error.status)

    @app.post(path)
    async def asked(request: Request) -> Response:
        body = await request.body()
        doorkeeper.admit(request, body)
        try:
            wanted = question.validate_json(body)
        except ValidationError as error:
            raise Refused(422, "bad_request") from error
        if wanted.request_id != request.headers.get("idempotency-key", ""):
            raise Refused(422, "idempotency_key_mismatch")
        try:
            done = await answer(wanted)
        except GatewayUnavailable as error:
            raise Refused(503, error.reason) from error
        except GatewayFault as error:
            if error.reason == GARBAGE:
                return Response("<html>maintenance</html>")
            raise Refused(409 if error.reason == "request_id_reused" else 500, error.reason) from error
        return Response(reply.dump_json(done), media_type="application/json")

    return app

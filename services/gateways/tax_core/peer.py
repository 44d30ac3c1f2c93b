"""The core system's side of the wire, in front of the sandbox: for contract tests and for staging before go-live."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from services.gateways.behaviour import GARBAGE
from services.gateways.doorkeeper import Doorkeeper, Refused
from services.gateways.errors import GatewayFault, GatewayUnavailable
from services.gateways.signature import Credentials
from services.gateways.tax_core import wire
from services.gateways.tax_core.protocol import CoreRefusal, DebitRequest, FilingRequest, SettlementRequest
from services.gateways.tax_core.sandbox import TaxCoreSandbox

NONSENSE = b"<html>maintenance</html>"


def create_peer(credentials: Credentials) -> FastAPI:
    """The peer as an application: `POST /v1/<operation>`."""
    app = FastAPI(title="Core system (sandbox)", docs_url=None, redoc_url=None, openapi_url=None)
    sandbox, doorkeeper = TaxCoreSandbox(), Doorkeeper(credentials)

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refused)
        return JSONResponse({"code": error.code}, error.status)

    @app.post(wire.PATH + "{operation}")
    async def ask(operation: str, request: Request) -> Response:
        body = await request.body()
        doorkeeper.admit(request, body)
        asked, question = _understand(operation, body, request.headers.get("idempotency-key", ""))
        try:
            answer: wire.Answer[Any] = wire.Answer(result=await _put(sandbox, question, asked))
        except CoreRefusal as no:
            answer = wire.Answer(result=None, refused=wire.Refused(no.code, no.message))
        except GatewayUnavailable as error:
            raise Refused(503, error.reason) from error
        except GatewayFault as error:
            if error.reason == GARBAGE:
                return Response(NONSENSE)
            raise Refused(500, error.reason) from error
        return Response(wire.ANSWERS[asked].dump_json(answer), media_type="application/json")

    return app


def _understand(operation: str, body: bytes, key: str) -> tuple[wire.Operation, Any]:
    """The operation and its question.

    Raises `Refused`.
    """
    try:
        asked = wire.Operation(operation)
    except ValueError as error:
        raise Refused(404, "unknown_operation") from error
    try:
        question = wire.QUESTIONS[asked].validate_json(body)
    except ValidationError as error:
        raise Refused(422, "bad_request") from error
    if isinstance(question, FilingRequest | SettlementRequest | DebitRequest) and question.request_id != key:
        raise Refused(422, "idempotency_key_mismatch")
    return asked, question


def _put(sandbox: TaxCoreSandbox, question: Any, asked: wire.Operation) -> Awaitable[Any]:
    """Put a question to the sandbox."""
    match question:
        case wire.PersonAsked():
            return sandbox.mandates(question.resident_id)
        case wire.TaxpayerAsked():
            return sandbox.taxpayer(question.taxpayer_id)
        case wire.ObligationAsked():
            return sandbox.figures(question.taxpayer_id, question.obligation_id)
        case wire.ChargesAsked():
            return sandbox.charges(question.taxpayer_id, unpaid_only=question.unpaid_only)
        case wire.PeriodAsked():
            look = sandbox.obligations if asked is wire.Operation.OBLIGATIONS else sandbox.returns
            return look(question.taxpayer_id, question.period_from, question.period_to)
        case wire.RequestAsked():
            find = sandbox.filed if asked is wire.Operation.FILED else sandbox.settlement
            return find(question.taxpayer_id, question.request_id)
        case FilingRequest():
            return sandbox.file(question)
        case SettlementRequest():
            return sandbox.settle(question)
        case DebitRequest():
            return sandbox.debit(question)
    raise AssertionError(f"unreachable: {asked}")

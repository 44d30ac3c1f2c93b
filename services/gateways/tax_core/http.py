"""The real core system over HTTPS: signed requests, one deadline, repeats that can never act twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import httpx

from hub.kit.ids import new_id
from services.gateways.errors import GatewayFault
from services.gateways.signature import Credentials
from services.gateways.signed_http import SignedHttp, checked_address
from services.gateways.tax_core.protocol import (
    Charge,
    DebitRequest,
    Figures,
    Filed,
    FilingRequest,
    Mandate,
    Obligation,
    Settlement,
    SettlementRequest,
    Taxpayer,
)
from services.gateways.tax_core.wire import (
    ANSWERS,
    PATH,
    QUESTIONS,
    Answer,
    ChargesAsked,
    ObligationAsked,
    Operation,
    PeriodAsked,
    PersonAsked,
    RequestAsked,
    TaxpayerAsked,
)

T = TypeVar("T")

ALWAYS_ANSWERED = frozenset(Operation) - {Operation.FILED, Operation.SETTLEMENT}
"""Operations whose result is never null."""


class TaxCoreHttp:
    """A client of the core system's wire protocol (`docs/developers/core-gateway.md`); see `TaxCoreGateway`.

    Raises `ValueError` when the address is neither HTTPS nor on this machine.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        timeout_seconds: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        address = checked_address(url, "HUB_CORE_URL")
        self._http = SignedHttp(address, PATH, credentials, timeout_seconds, transport)

    async def mandates(self, resident_id: str) -> Sequence[Mandate]:
        """See `TaxCoreGateway`."""
        found: Sequence[Mandate] = await self._ask(Operation.MANDATES, PersonAsked(resident_id))
        return found

    async def taxpayer(self, taxpayer_id: str) -> Taxpayer:
        """See `TaxCoreGateway`."""
        found: Taxpayer = await self._ask(Operation.TAXPAYER, TaxpayerAsked(taxpayer_id))
        return _about(found, found.taxpayer_id == taxpayer_id)

    async def obligations(self, taxpayer_id: str, period_from: date, period_to: date) -> Sequence[Obligation]:
        """See `TaxCoreGateway`."""
        asked = PeriodAsked(taxpayer_id, period_from, period_to)
        found: Sequence[Obligation] = await self._ask(Operation.OBLIGATIONS, asked)
        return _about(found, all(item.taxpayer_id == taxpayer_id for item in found))

    async def figures(self, taxpayer_id: str, obligation_id: str) -> Figures:
        """See `TaxCoreGateway`."""
        found: Figures = await self._ask(Operation.FIGURES, ObligationAsked(taxpayer_id, obligation_id))
        return _about(found, found.obligation_id == obligation_id)

    async def file(self, request: FilingRequest) -> Filed:
        """See `TaxCoreGateway`."""
        found: Filed = await self._ask(Operation.FILE, request, request.request_id)
        fits = (found.request_id, found.obligation_id) == (request.request_id, request.obligation_id)
        return _about(found, fits and _adds_up(found))

    async def filed(self, taxpayer_id: str, request_id: str) -> Filed | None:
        """See `TaxCoreGateway`."""
        found: Filed | None = await self._ask(Operation.FILED, RequestAsked(taxpayer_id, request_id))
        return _about(found, found is None or (found.request_id == request_id and _adds_up(found)))

    async def returns(self, taxpayer_id: str, period_from: date, period_to: date) -> Sequence[Filed]:
        """See `TaxCoreGateway`."""
        found: Sequence[Filed] = await self._ask(Operation.RETURNS, PeriodAsked(taxpayer_id, period_from, period_to))
        return _about(found, all(_adds_up(item) for item in found))

    async def charges(self, taxpayer_id: str, *, unpaid_only: bool = True) -> Sequence[Charge]:
        """See `TaxCoreGateway`."""
        found: Sequence[Charge] = await self._ask(Operation.CHARGES, ChargesAsked(taxpayer_id, unpaid_only))
        return _about(found, all(item.taxpayer_id == taxpayer_id for item in found))

    async def settle(self, request: SettlementRequest) -> Settlement:
        """See `TaxCoreGateway`."""
        found: Settlement = await self._ask(Operation.SETTLE, request, request.request_id)
        return _about(found, found.request_id == request.request_id)

    async def debit(self, request: DebitRequest) -> Settlement:
        """See `TaxCoreGateway`."""
        found: Settlement = await self._ask(Operation.DEBIT, request, request.request_id)
        return _about(found, found.request_id == request.request_id)

    async def settlement(self, taxpayer_id: str, request_id: str) -> Settlement | None:
        """See `TaxCoreGateway`."""
        found: Settlement | None = await self._ask(Operation.SETTLEMENT, RequestAsked(taxpayer_id, request_id))
        return _about(found, found is None or found.request_id == request_id)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _ask(self, operation: Operation, question: object, request_id: str | None = None) -> Any:
        """The result of an operation; what only looks something up gets an id of its own.

        Raises `CoreRefusal` when the answer is a refusal, and what `SignedHttp.ask` raises.
        """
        body = QUESTIONS[operation].dump_json(question)
        answer: Answer[Any] = await self._http.ask(
            request_id or str(new_id()), body, _reader(operation), operation=operation
        )
        if answer.refused is not None:
            raise answer.refused.error()
        return answer.result


def _reader(operation: Operation) -> Callable[[bytes], Answer[Any]]:
    """Reads an answer, and raises `ValueError` for what is none."""

    def read(body: bytes) -> Answer[Any]:
        answer: Answer[Any] = ANSWERS[operation].validate_json(body)
        if answer.refused is not None and answer.result is not None:
            raise ValueError("both a result and a refusal")
        if answer.refused is None and answer.result is None and operation in ALWAYS_ANSWERED:
            raise ValueError("neither a result nor a refusal")
        return answer

    return read


def _about(found: T, fits: bool) -> T:
    """What was found, where it is about what was asked and makes sense.

    Raises `GatewayFault`.
    """
    if not fits:
        raise GatewayFault("reply_does_not_fit")
    return found


def _adds_up(filed: Filed) -> bool:
    return filed.total == sum((item.amount for item in filed.items), Decimal(0))

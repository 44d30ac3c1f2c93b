"""The stand-in of the core system: it keeps state, enforces the core system's rules, and fails when told to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import TypeVar

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit.db import transaction
from services.gateways.behaviour import GARBAGE, Mode, held_back
from services.gateways.errors import GatewayFault, GatewayTimeout, GatewayUnavailable
from services.gateways.tax_core import payments, records, returns
from services.gateways.tax_core.models import EVERY_OPERATION, CoreControl, CoreTaxpayer
from services.gateways.tax_core.protocol import (
    Charge,
    CoreRefusal,
    DebitRequest,
    Figures,
    Filed,
    FilingRequest,
    Mandate,
    Obligation,
    Role,
    Settlement,
    SettlementRequest,
    Taxpayer,
)
from services.gateways.tax_core.seed import SeededTaxpayer, people
from services.gateways.tax_core.seeding import seed
from services.gateways.tax_core.wire import Operation

T = TypeVar("T")


class TaxCoreSandbox:
    """The core system in our own database; with transactions of its own, as the outside system that it stands for."""

    def __init__(self, timeout_seconds: float | None = None) -> None:
        self._timeout_seconds = timeout_seconds

    async def mandates(self, resident_id: str) -> Sequence[Mandate]:
        """See `TaxCoreGateway`."""
        return await self._answer(Operation.MANDATES, lambda session: _mandates(session, resident_id))

    async def taxpayer(self, taxpayer_id: str) -> Taxpayer:
        """See `TaxCoreGateway`."""

        async def work(session: AsyncSession) -> Taxpayer:
            return records.described(await records.account(session, taxpayer_id)).file()

        return await self._answer(Operation.TAXPAYER, work)

    async def obligations(self, taxpayer_id: str, period_from: date, period_to: date) -> Sequence[Obligation]:
        """See `TaxCoreGateway`."""
        return await self._answer(
            Operation.OBLIGATIONS,
            lambda session: returns.obligations_of(session, taxpayer_id, period_from, period_to),
        )

    async def figures(self, taxpayer_id: str, obligation_id: str) -> Figures:
        """See `TaxCoreGateway`."""
        return await self._answer(
            Operation.FIGURES, lambda session: returns.figures_of(session, taxpayer_id, obligation_id)
        )

    async def file(self, request: FilingRequest) -> Filed:
        """See `TaxCoreGateway`."""
        return await self._answer(Operation.FILE, lambda session: returns.file(session, request))

    async def filed(self, taxpayer_id: str, request_id: str) -> Filed | None:
        """See `TaxCoreGateway`."""
        return await self._answer(Operation.FILED, lambda session: returns.filed(session, taxpayer_id, request_id))

    async def returns(self, taxpayer_id: str, period_from: date, period_to: date) -> Sequence[Filed]:
        """See `TaxCoreGateway`."""
        return await self._answer(
            Operation.RETURNS, lambda session: returns.returns(session, taxpayer_id, period_from, period_to)
        )

    async def charges(self, taxpayer_id: str, *, unpaid_only: bool = True) -> Sequence[Charge]:
        """See `TaxCoreGateway`."""
        return await self._answer(
            Operation.CHARGES, lambda session: payments.charges(session, taxpayer_id, unpaid_only=unpaid_only)
        )

    async def settle(self, request: SettlementRequest) -> Settlement:
        """See `TaxCoreGateway`."""
        return await self._answer(Operation.SETTLE, lambda session: payments.settle(session, request))

    async def debit(self, request: DebitRequest) -> Settlement:
        """See `TaxCoreGateway`."""
        return await self._answer(Operation.DEBIT, lambda session: payments.debit(session, request))

    async def settlement(self, taxpayer_id: str, request_id: str) -> Settlement | None:
        """See `TaxCoreGateway`."""
        return await self._answer(
            Operation.SETTLEMENT, lambda session: payments.settlement(session, taxpayer_id, request_id)
        )

    async def close(self) -> None:
        """Nothing is held."""

    async def _answer(self, operation: Operation, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Do the work in a transaction of its own, and behave as told."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                async with transaction() as session:
                    behaviour = await _behaviour(session, operation)
                if behaviour.mode == Mode.DOWN:
                    raise GatewayUnavailable("told_to_be_down")
                if behaviour.mode == Mode.ERROR:
                    raise GatewayFault("told_to_fail")
                answer = await _done_or_refused(work)
                # slow, or unreadable, after the work: it is done although the caller cannot know
                await held_back(behaviour.delay_ms / 1000)
                if behaviour.mode == Mode.GARBAGE:
                    raise GatewayFault(GARBAGE)
                if isinstance(answer, CoreRefusal):
                    raise answer
                return answer
        except TimeoutError:
            raise GatewayTimeout("no_answer_in_time") from None


async def _done_or_refused(work: Callable[[AsyncSession], Awaitable[T]]) -> T | CoreRefusal:
    """What comes of the work; a refusal, too, is an answer that may come late or be unreadable."""
    try:
        async with transaction() as session:
            return await work(session)
    except CoreRefusal as no:
        return no


async def _mandates(session: AsyncSession, resident_id: str) -> Sequence[Mandate]:
    name = next((person.name for person in people() if person.resident_id == resident_id.strip().upper()), None)
    if name is None:
        return []
    found = []
    for row in await session.scalars(select(CoreTaxpayer).order_by(CoreTaxpayer.taxpayer_id)):
        try:
            taxpayer = records.described(row)
        except CoreRefusal:
            continue
        found += _mandates_for(taxpayer, name)
    return sorted(found, key=lambda mandate: mandate.role is not Role.SELF)


def _mandates_for(taxpayer: SeededTaxpayer, name: str) -> list[Mandate]:
    return [
        Mandate(taxpayer.taxpayer_id, taxpayer.name, taxpayer.kind, mandate.role)
        for mandate in taxpayer.mandates
        if mandate.person == name
    ]


async def _behaviour(session: AsyncSession, operation: Operation) -> CoreControl:
    return await session.get(CoreControl, operation) or await _general_behaviour(session)


async def _general_behaviour(session: AsyncSession) -> CoreControl:
    row = await session.get(CoreControl, EVERY_OPERATION)
    if row is None:
        await seed(session)
        row = await session.get_one(CoreControl, EVERY_OPERATION)
    return row


async def control(
    session: AsyncSession, operation: Operation | None = None, *, mode: Mode | None = None, delay_ms: int | None = None
) -> CoreControl:
    """Tell one operation, or from now on all of them alike, how to behave; what is not given stays."""
    general = await _general_behaviour(session)
    if operation is None:
        row = general
        await session.execute(delete(CoreControl).where(CoreControl.operation != EVERY_OPERATION))
    else:
        row = await session.get(CoreControl, operation) or CoreControl(
            operation=operation, mode=general.mode, delay_ms=general.delay_ms
        )
        session.add(row)
    row.mode = mode if mode is not None else row.mode
    row.delay_ms = delay_ms if delay_ms is not None else row.delay_ms
    await session.flush()
    return row


async def controls(session: AsyncSession) -> Sequence[CoreControl]:
    """How the operations behave: all of them, then those that were told by themselves."""
    await _general_behaviour(session)
    return (await session.scalars(select(CoreControl).order_by(CoreControl.operation))).all()

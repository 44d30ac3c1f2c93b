"""The stand-in of the inspection platform: it keeps state, enforces the platform's rules, and fails when told to."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from hub.kit.db import transaction
from services.gateways.errors import GatewayFault, GatewayTimeout, GatewayUnavailable
from services.gateways.inspection.models import (
    InvoiceState,
    Mode,
    SandboxControl,
    SandboxInspection,
    SandboxInvoice,
)
from services.gateways.inspection.protocol import (
    REPLY,
    REQUEST,
    InspectionReply,
    InspectionRequest,
    InvoiceFace,
    InvoiceItem,
    InvoiceKind,
    Outcome,
    Party,
)
from services.gateways.inspection.seed import seed

CHECKS_PER_DAY = 5
YEARS_KEPT = 5

_BY_AMOUNT = frozenset({InvoiceKind.SPECIAL, InvoiceKind.E_SPECIAL, InvoiceKind.VEHICLE})
_OUTCOME = {
    InvoiceState.NORMAL: Outcome.MATCH,
    InvoiceState.VOIDED: Outcome.VOIDED,
    InvoiceState.RED_LETTERED: Outcome.RED_LETTERED,
    InvoiceState.PARTLY_RED_LETTERED: Outcome.PARTLY_RED_LETTERED,
}


class InspectionSandbox:
    """The platform in our own database; with transactions of its own, as the outside system that it stands for."""

    def __init__(self, timeout_seconds: float | None = None) -> None:
        self._timeout_seconds = timeout_seconds

    async def inspect(self, request: InspectionRequest) -> InspectionReply:
        """Answer as the platform would; see `InspectionGateway`."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._answer(request)
        except TimeoutError:
            raise GatewayTimeout("no_answer_in_time") from None

    async def close(self) -> None:
        """Nothing is held."""

    async def _answer(self, request: InspectionRequest) -> InspectionReply:
        async with transaction() as session:
            behaviour = await _behaviour(session)
        if behaviour.mode == Mode.DOWN:
            raise GatewayUnavailable("told_to_be_down")
        if behaviour.mode == Mode.ERROR:
            raise GatewayFault("told_to_fail")
        async with transaction() as session:
            reply = await _decide_once(session, request)
        # slow after the work: a caller who gave up has used up a check, which is what a real time-out may mean
        await asyncio.sleep(behaviour.delay_ms / 1000)
        return reply


async def _behaviour(session: AsyncSession) -> SandboxControl:
    control = await session.get(SandboxControl, 1)
    if control is None:
        await seed(session)
        control = await session.get_one(SandboxControl, 1)
    return control


async def _decide_once(session: AsyncSession, request: InspectionRequest) -> InspectionReply:
    """The answer to a request, from memory when the same one was answered before.

    Raises `GatewayFault` when the request id was used for something else.
    """
    await session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"inspection {request.code} {request.number}", 0)))
    )
    digest = hashlib.sha256(REQUEST.dump_json(request)).hexdigest()
    known = await session.get(SandboxInspection, request.request_id)
    if known is not None:
        if known.digest != digest:
            raise GatewayFault("request_id_reused")
        return REPLY.validate_python(known.reply)
    day = clock.today()
    of_invoice = select(func.count()).where(
        SandboxInspection.number == request.number, SandboxInspection.code == request.code,
        SandboxInspection.day == day, SandboxInspection.counted,
    )  # fmt: skip
    before = await session.scalar(of_invoice) or 0
    outcome, invoice = await _decide(session, request, day, before)
    counted = outcome not in {Outcome.TOO_OLD, Outcome.NOT_SYNCHRONISED, Outcome.TOO_MANY_CHECKS}
    reply = InspectionReply(
        request_id=request.request_id,
        outcome=outcome,
        answered_at=clock.now(),
        checks_today=before + counted,
        invoice=None if invoice is None else _face(invoice, day),
    )
    session.add(
        SandboxInspection(
            request_id=request.request_id, digest=digest, number=request.number, code=request.code, day=day,
            counted=counted, reply=REPLY.dump_python(reply, mode="json"),
        )
    )  # fmt: skip
    return reply


async def _decide(
    session: AsyncSession, request: InspectionRequest, day: date, checks_before: int
) -> tuple[Outcome, SandboxInvoice | None]:
    """The platform's rules in its order; the invoice comes along only when the outcome shows it."""
    if request.issued_on < years_before(day, YEARS_KEPT):
        return Outcome.TOO_OLD, None
    if request.code and request.issued_on >= day:
        return Outcome.NOT_SYNCHRONISED, None
    if checks_before >= CHECKS_PER_DAY:
        return Outcome.TOO_MANY_CHECKS, None
    invoice = await session.get(SandboxInvoice, (request.number, request.code))
    if invoice is None:
        return Outcome.NOT_FOUND, None
    if _issued_on(invoice, day) != request.issued_on or not _proven(invoice, request):
        return Outcome.MISMATCH, None
    return _OUTCOME[InvoiceState(invoice.state)], invoice


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)


def _issued_on(invoice: SandboxInvoice, day: date) -> date:
    return invoice.issued_on or day - timedelta(days=invoice.issued_days_ago or 0)


def _proven(invoice: SandboxInvoice, request: InspectionRequest) -> bool:
    """Whether the request carries the proof that this kind of invoice needs, and it is right."""
    kind = InvoiceKind(invoice.kind)
    if kind.digital:
        return request.total_with_tax == invoice.total
    if kind in _BY_AMOUNT:
        return request.amount_without_tax == invoice.amount
    if kind == InvoiceKind.USED_CAR:
        return request.vehicle_total == invoice.total
    return request.check_code is not None and request.check_code == (invoice.check_code or "")[-6:]


def _face(invoice: SandboxInvoice, day: date) -> InvoiceFace:
    items = tuple(
        InvoiceItem(
            **(item | {key: Decimal(item[key]) for key in ("amount", "tax", "quantity") if item[key] is not None})
        )
        for item in invoice.items
    )
    return InvoiceFace(
        kind=InvoiceKind(invoice.kind), number=invoice.number, code=invoice.code, issued_on=_issued_on(invoice, day),
        seller=Party(invoice.seller_name, invoice.seller_number),
        buyer=Party(invoice.buyer_name, invoice.buyer_number),
        items=items, amount=invoice.amount, tax=invoice.tax, total=invoice.total,
    )  # fmt: skip


async def control(session: AsyncSession, *, mode: Mode | None = None, delay_ms: int | None = None) -> SandboxControl:
    """Tell the sandbox how to behave; what is not given stays. Returns how it behaves now."""
    behaviour = await _behaviour(session)
    behaviour.mode = mode if mode is not None else behaviour.mode
    behaviour.delay_ms = delay_ms if delay_ms is not None else behaviour.delay_ms
    await session.flush()
    return behaviour


async def set_state(session: AsyncSession, number: str, code: str, state: InvoiceState) -> bool:
    """Void, correct or restore a fictional invoice; False when the sandbox does not know it."""
    await _behaviour(session)
    changed = await session.scalar(
        update(SandboxInvoice)
        .where(SandboxInvoice.number == number, SandboxInvoice.code == code)
        .values(state=state)
        .returning(SandboxInvoice.number)
    )
    return changed is not None


async def forget_checks(session: AsyncSession) -> int:
    """Forget every check made, as if it were a new day; returns how many there were."""
    return len((await session.scalars(delete(SandboxInspection).returning(SandboxInspection.request_id))).all())


async def invoices(session: AsyncSession) -> Sequence[InvoiceFace]:
    """What the sandbox knows, as it stands on the invoices today."""
    await _behaviour(session)
    rows = await session.scalars(select(SandboxInvoice).order_by(SandboxInvoice.code, SandboxInvoice.number))
    return [_face(row, clock.today()) for row in rows]

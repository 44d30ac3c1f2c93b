"""A day's statement of each channel against our orders: what only one side knows, and what the amounts say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from hub import audit
from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.logging import get_logger
from services.gateways.errors import GatewayError
from services.gateways.payments.protocol import Paid
from services.gateways.payments.registry import open_channels, payment_channel
from services.payment import repository, settling
from services.payment.models import Method, PaymentOrder, PaymentReconciliation, State
from services.payment.schemas import Finding, ReconciliationRead
from services.payment.states import ARRIVED

log = get_logger(__name__)


class Kind(StrEnum):
    """What can be wrong."""

    UNKNOWN_HERE = "unknown_here"
    """The party has money under a number that is none of ours for this channel."""
    CAUGHT_UP = "caught_up"
    """The party had the money and we did not know: written down now, and booked."""
    MISSING_THERE = "missing_there"
    """We hold money for arrived that the party's statement does not have."""
    AMOUNT_DIFFERS = "amount_differs"
    NOT_BOOKED = "not_booked"
    """The money is here, the core system has not booked it yet."""
    REFUND_DUE = "refund_due"


BALANCED, DIFFERENT, UNAVAILABLE = "balanced", "different", "unavailable"


async def reconcile(day: date, actor: str) -> list[ReconciliationRead]:
    """Compare a day in China for every open channel, put right what can be, and keep what was found."""
    async with transaction() as session:
        await audit.record(session, actor=actor, action="payment.reconciled", subject=f"day:{day.isoformat()}")
    for name in open_channels():
        await _reconcile_channel(day, Method(name))
    return await found(day)


async def reconcile_yesterday() -> bool:
    """Compare the day before today, unless that is done; a channel whose statement is late is asked again next time.

    Answers whether anything was compared.
    """
    day = clock.today() - timedelta(days=1)
    done = {one.method for one in await found(day) if one.state != UNAVAILABLE}
    if {Method(name) for name in open_channels()} <= done:
        return False
    await reconcile(day, "worker")
    return True


async def found(day: date) -> list[ReconciliationRead]:
    """What was found for a day, the last time that it was compared; empty when it never was."""
    async with transaction() as session:
        rows = await repository.reconciliations(session, day)
    return [_read(row) for row in rows]


async def _reconcile_channel(day: date, method: Method) -> None:
    try:
        statement = await payment_channel(method).statement(day)
    except GatewayError as error:
        log.warning("payment_statement_failed", method=method, error=type(error).__name__, reason=error.reason)
        await _keep(day, method, UNAVAILABLE, 0, [])
        return
    findings = [finding for row in statement for finding in await _of_row(row, method)]
    async with transaction() as session:
        ours = await repository.paid_on(session, day, method)
    there = {row.order_id for row in statement}
    findings += [
        _finding(Kind.MISSING_THERE, settling.number_of(order), order=order)
        for order in ours
        if settling.number_of(order) not in there
    ]
    await _keep(day, method, DIFFERENT if findings else BALANCED, len(statement), findings)
    if findings:
        log.error("payment_statement_differs", method=method, day=day.isoformat(), findings=len(findings))


async def _of_row(row: Paid, method: Method) -> Sequence[Finding]:
    order = await _named(row.order_id, method)
    if order is None:
        return [_finding(Kind.UNKNOWN_HERE, row.order_id, row=row)]
    findings = []
    if order.state not in ARRIVED:
        order = await settling.arrived(order.id, row)
        findings.append(_finding(Kind.CAUGHT_UP, row.order_id, row=row, order=order))
    order = await settling.book(order)
    if settling.total(order) != row.amount:
        findings.append(_finding(Kind.AMOUNT_DIFFERS, row.order_id, row=row, order=order))
    elif order.state == State.REFUND_DUE:
        findings.append(_finding(Kind.REFUND_DUE, row.order_id, row=row, order=order))
    if order.state == State.PAID:
        findings.append(_finding(Kind.NOT_BOOKED, row.order_id, row=row, order=order))
    return findings


async def _named(number: str, method: Method) -> PaymentOrder | None:
    try:
        order_id = UUID(hex=number)
    except ValueError:
        return None
    async with transaction() as session:
        order = await repository.find(session, order_id)
    return order if order is not None and order.method == method else None


def _finding(kind: Kind, number: str, *, row: Paid | None = None, order: PaymentOrder | None = None) -> Finding:
    return Finding(
        kind=kind, order=number, transaction_id=row.transaction_id if row else None,
        there=row.amount if row else None, here=settling.total(order) if order else None,
        state=State(order.state) if order else None,
    )  # fmt: skip


async def _keep(day: date, method: Method, state: str, rows: int, findings: Sequence[Finding]) -> None:
    content: dict[str, Any] = {"rows": rows, "findings": [one.model_dump(mode="json") for one in findings]}
    async with transaction() as session:
        await repository.keep_reconciliation(session, day, method, state, content)


def _read(row: PaymentReconciliation) -> ReconciliationRead:
    return ReconciliationRead(
        day=row.day, method=Method(row.method), state=row.state, made_at=row.made_at, **row.findings
    )

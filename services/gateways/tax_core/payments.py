"""How the sandbox books money: what is payable, what a payment settles, and debits by the tripartite agreement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from services.gateways.tax_core import records, rules
from services.gateways.tax_core.models import CoreCharge, CoreSettlement
from services.gateways.tax_core.protocol import (
    Charge,
    ChargeState,
    DebitRequest,
    Refusal,
    Settlement,
    SettlementRequest,
)
from services.gateways.tax_core.wording import NO_LATE_FEE, NOTHING_PAID, TOO_MUCH, refusal

DEBIT = "debit"


async def charges(session: AsyncSession, taxpayer_id: str, *, unpaid_only: bool) -> list[Charge]:
    """See `TaxCoreGateway.charges`."""
    records.described(await records.account(session, taxpayer_id))
    found = [records.charge(row) for row in await _in_force(session, taxpayer_id)]
    wanted = [item for item in found if item.amount and not (unpaid_only and item.state is ChargeState.PAID)]
    return sorted(wanted, key=lambda item: (item.due_on, item.charge_id))


async def credit(session: AsyncSession, taxpayer_id: str) -> Decimal:
    """What the taxpayer has paid too much, after corrections; kept until it is paid back or used up."""
    rows = await _in_force(session, taxpayer_id)
    return sum((records.received(row) - records.charge(row).paid for row in rows), records.NOTHING)


async def settle(session: AsyncSession, request: SettlementRequest) -> Settlement:
    """See `TaxCoreGateway.settle`."""
    digest = records.digest_of(request)
    if known := await _known(session, request.request_id, digest):
        return known
    records.described(await records.account(session, request.taxpayer_id, lock=True))
    paid_on = _day(request.paid_at)
    rows = await _payable(session, request.taxpayer_id, request.charge_ids, request.amount, request.late_fee, paid_on)
    return await _book(session, request, digest, rows, request.method, request.reference)


async def debit(session: AsyncSession, request: DebitRequest) -> Settlement:
    """See `TaxCoreGateway.debit`."""
    digest = records.digest_of(request)
    if known := await _known(session, request.request_id, digest):
        return known
    account = await records.account(session, request.taxpayer_id, lock=True)
    if not records.described(account).bank_agreement:
        raise refusal(Refusal.NO_AGREEMENT)
    rows = await _payable(
        session, request.taxpayer_id, request.charge_ids, request.amount, request.late_fee, clock.today()
    )
    left = Decimal(account.balance) - request.amount - request.late_fee
    if left < 0:
        raise refusal(Refusal.INSUFFICIENT_FUNDS)
    account.balance = str(left)
    return await _book(session, request, digest, rows, DEBIT, request.request_id)


async def settlement(session: AsyncSession, taxpayer_id: str, request_id: str) -> Settlement | None:
    """See `TaxCoreGateway.settlement`; waits for a request that is being worked on."""
    await records.hold_request(session, request_id)
    row = await session.get(CoreSettlement, request_id)
    return None if row is None or row.taxpayer_id != taxpayer_id else records.settlement(row)


async def _known(session: AsyncSession, request_id: str, digest: str) -> Settlement | None:
    await records.hold_request(session, request_id)
    row = await session.get(CoreSettlement, request_id)
    if row is None:
        return None
    if row.digest != digest:
        raise refusal(Refusal.REQUEST_REUSED)
    return records.settlement(row)


async def _payable(
    session: AsyncSession,
    taxpayer_id: str,
    charge_ids: Sequence[str],
    amount: Decimal,
    late_fee: Decimal,
    paid_on: date,
) -> list[CoreCharge]:
    """The charges that a payment is for, by due day.

    Raises `CoreRefusal` when one of them is not the taxpayer's or is settled, or the amounts do not fit them.
    """
    in_force = {row.charge_id: row for row in await _in_force(session, taxpayer_id) if records.charge(row).amount}
    if not charge_ids or not set(charge_ids) <= set(in_force):
        raise refusal(Refusal.UNKNOWN_CHARGE)
    rows = sorted((in_force[charge_id] for charge_id in set(charge_ids)), key=lambda row: (row.due_on, row.charge_id))
    if any(records.charge(row).state is ChargeState.PAID for row in rows):
        raise refusal(Refusal.ALREADY_PAID)
    if not (rules.is_money(amount) and rules.is_money(late_fee) and amount):
        raise refusal(Refusal.AMOUNTS_DO_NOT_FIT, NOTHING_PAID)
    if amount > sum(_owed(row) for row in rows):
        raise refusal(Refusal.AMOUNTS_DO_NOT_FIT, TOO_MUCH)
    if late_fee and all(paid_on <= row.due_on for row in rows):
        raise refusal(Refusal.AMOUNTS_DO_NOT_FIT, NO_LATE_FEE)
    return rows


async def _book(
    session: AsyncSession, request: SettlementRequest | DebitRequest, digest: str, rows: Sequence[CoreCharge],
    method: str, reference: str,
) -> Settlement:  # fmt: skip
    """Spread the money over the charges, those due first coming first."""
    left = request.amount
    for row in rows:
        part = min(left, _owed(row))
        row.body = row.body | {"received": str(records.received(row) + part)}
        left -= part
    booked = records.new_settlement(
        request.taxpayer_id, request_id=request.request_id, digest=digest, amount=request.amount,
        late_fee=request.late_fee, method=method, reference=reference, charge_ids=request.charge_ids,
        booked_at=clock.now(),
    )  # fmt: skip
    session.add(booked)
    await session.flush()
    return records.settlement(booked)


def _owed(row: CoreCharge) -> Decimal:
    shown = records.charge(row)
    return shown.amount - shown.paid


def _day(moment: datetime) -> date:
    return moment.astimezone(clock.SHANGHAI).date()


async def _in_force(session: AsyncSession, taxpayer_id: str) -> list[CoreCharge]:
    rows = await session.scalars(select(CoreCharge).where(CoreCharge.taxpayer_id == taxpayer_id, CoreCharge.in_force))
    return list(rows)

"""How the sandbox takes returns: what it accepts, what a correction does, and what becomes payable."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from services.gateways.tax_core import obligations, records, rules
from services.gateways.tax_core.models import CoreCharge, CoreReturn
from services.gateways.tax_core.protocol import Figures, Filed, FilingRequest, Obligation, Refusal
from services.gateways.tax_core.wording import refusal


async def obligations_of(session: AsyncSession, taxpayer_id: str, start: date, end: date) -> list[Obligation]:
    """See `TaxCoreGateway.obligations`."""
    taxpayer = records.described(await records.account(session, taxpayer_id))
    in_force = {row.obligation_id: row.return_id for row in await _in_force(session, taxpayer_id, start, end)}
    found = [
        obligations.as_filed(period.obligation, in_force.get(period.obligation.obligation_id))
        for period in obligations.periods(taxpayer)
        if start <= period.obligation.period_to <= end
    ]
    return sorted(found, key=lambda item: (item.due_on, item.obligation_id))


async def figures_of(session: AsyncSession, taxpayer_id: str, obligation_id: str) -> Figures:
    """See `TaxCoreGateway.figures`."""
    period = obligations.period_of(records.described(await records.account(session, taxpayer_id)), obligation_id)
    if period is None:
        raise refusal(Refusal.UNKNOWN_OBLIGATION)
    end = period.obligation.period_to
    of_year = await _in_force(session, taxpayer_id, date(end.year, 1, 1), end)
    return Figures(obligation_id, obligations.figures(period, of_year))


async def file(session: AsyncSession, request: FilingRequest) -> Filed:
    """See `TaxCoreGateway.file`."""
    digest = records.digest_of(request)
    await records.hold_request(session, request.request_id)
    known = await session.scalar(select(CoreReturn).where(CoreReturn.request_id == request.request_id))
    if known is not None:
        if known.digest != digest:
            raise refusal(Refusal.REQUEST_REUSED)
        return records.filed(known)
    taxpayer = records.described(await records.account(session, request.taxpayer_id, lock=True))
    period = obligations.period_of(taxpayer, request.obligation_id)
    if period is None:
        raise refusal(Refusal.UNKNOWN_OBLIGATION)
    rules.check_return(request, taxpayer, period)
    before = await session.scalar(
        select(CoreReturn).where(CoreReturn.obligation_id == request.obligation_id, CoreReturn.in_force)
    )
    if before is None and request.replaces is not None:
        raise refusal(Refusal.UNKNOWN_RETURN)
    if before is not None and request.replaces != before.return_id:
        raise refusal(Refusal.ALREADY_FILED if request.replaces is None else Refusal.UNKNOWN_RETURN)
    received = records.NOTHING if before is None else await _withdraw(session, before)
    row = records.new_return(
        period.obligation, request_id=request.request_id, digest=digest, items=request.items,
        accepted_at=clock.now(), payload=request.payload, filed_by=request.filed_by, replaces=request.replaces,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    answer = records.filed(row)
    if answer.total or received:
        session.add(records.new_charge(row, period.obligation, answer.total, received))
    return answer


async def filed(session: AsyncSession, taxpayer_id: str, request_id: str) -> Filed | None:
    """See `TaxCoreGateway.filed`; waits for a request that is being worked on."""
    await records.hold_request(session, request_id)
    row = await session.scalar(
        select(CoreReturn).where(CoreReturn.request_id == request_id, CoreReturn.taxpayer_id == taxpayer_id)
    )
    return None if row is None else records.filed(row)


async def returns(session: AsyncSession, taxpayer_id: str, start: date, end: date) -> list[Filed]:
    """See `TaxCoreGateway.returns`."""
    records.described(await records.account(session, taxpayer_id))
    rows = sorted(
        await _in_force(session, taxpayer_id, start, end), key=lambda row: (row.accepted_at, row.number), reverse=True
    )
    return [records.filed(row) for row in rows]


async def _withdraw(session: AsyncSession, row: CoreReturn) -> Decimal:
    """Take a return and its charge out of force; returns what has arrived for it."""
    row.in_force = False
    charge = await session.scalar(select(CoreCharge).where(CoreCharge.return_id == row.return_id, CoreCharge.in_force))
    if charge is None:
        received = records.NOTHING
    else:
        charge.in_force, received = False, records.received(charge)
    # the index allows one return in force, so the old one leaves before the new one comes
    await session.flush()
    return received


async def _in_force(session: AsyncSession, taxpayer_id: str, start: date, end: date) -> list[CoreReturn]:
    rows = await session.scalars(
        select(CoreReturn).where(
            CoreReturn.taxpayer_id == taxpayer_id, CoreReturn.in_force, CoreReturn.period_to.between(start, end)
        )
    )
    return list(rows)

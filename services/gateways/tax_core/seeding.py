"""Writing the seeded taxpayers into the sandbox, with the returns and payments of their past."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from services.gateways.behaviour import Mode
from services.gateways.tax_core import records
from services.gateways.tax_core.models import (
    EVERY_OPERATION,
    CoreCharge,
    CoreControl,
    CoreReturn,
    CoreSettlement,
    CoreTaxpayer,
)
from services.gateways.tax_core.obligations import Period, periods
from services.gateways.tax_core.protocol import TaxItem
from services.gateways.tax_core.seed import SeededTaxpayer, read_seed
from services.gateways.tax_core.wording import TAXES

SEED_LOCK = 12366_011
BEFOREHAND = "期初数据"
"""Who filed and how it was paid, where the sandbox did it by itself."""


async def seed(session: AsyncSession) -> int:
    """Write the taxpayers that the sandbox does not know yet, and leave the others alone; returns how many it wrote."""
    await session.execute(select(func.pg_advisory_xact_lock(SEED_LOCK)))
    known = set(await session.scalars(select(CoreTaxpayer.taxpayer_id)))
    fresh = [taxpayer for taxpayer in read_seed().taxpayers if taxpayer.taxpayer_id not in known]
    for taxpayer in fresh:
        file = taxpayer.model_dump(mode="json", exclude={"balance"})
        session.add(CoreTaxpayer(taxpayer_id=taxpayer.taxpayer_id, file=file, balance=str(taxpayer.balance)))
    past = [(filed_on(period), period, paid) for taxpayer in fresh for period, paid in filed_before(taxpayer)]
    for day, period, paid in sorted(past, key=lambda item: (item[0], item[1].obligation.obligation_id)):
        _write_past(session, day, period, paid)
    if await session.get(CoreControl, EVERY_OPERATION) is None:
        session.add(CoreControl(operation=EVERY_OPERATION, mode=Mode.NORMAL, delay_ms=0))
    await session.flush()
    return len(fresh)


async def start_over(session: AsyncSession) -> int:
    """Forget everything that happened and write the seed anew, as of today; returns how many taxpayers there are."""
    await session.execute(select(func.pg_advisory_xact_lock(SEED_LOCK)))
    for table in (CoreSettlement, CoreCharge, CoreReturn, CoreTaxpayer, CoreControl):
        await session.execute(delete(table))
    session.expunge_all()
    return await seed(session)


def filed_before(taxpayer: SeededTaxpayer) -> Iterator[tuple[Period, bool]]:
    """Periods whose returns the taxpayer had filed before the sandbox began, each with whether it was paid."""
    today = clock.today()
    for duty in taxpayer.duties:
        may = [period for period in periods(taxpayer) if period.duty is duty and period.opens_on <= today]
        done = may[: max(len(may) - duty.left_open, 0)]
        for place, period in enumerate(done):
            yield period, place < len(done) - duty.unpaid


def filed_on(period: Period) -> date:
    """The day of a seeded return: some days before it was due, on the eve of seeding at the latest."""
    eve = clock.today() - timedelta(days=1)
    return max(period.opens_on, min(period.obligation.due_on - timedelta(days=3), eve))


def _write_past(session: AsyncSession, day: date, period: Period, paid: bool) -> None:
    at = datetime.combine(day, time(12), clock.SHANGHAI).astimezone(clock.UTC)
    items = [TaxItem(tax, TAXES[tax], amount) for tax, amount in period.items.items()]
    total = sum((item.amount for item in items), records.NOTHING)
    row = records.new_return(
        period.obligation, request_id=f"seed-{period.obligation.obligation_id}", digest="", items=items,
        accepted_at=at, payload=period.known, filed_by=BEFOREHAND,
    )  # fmt: skip
    session.add(row)
    if not total:
        return
    charge = records.new_charge(row, period.obligation, total, total if paid else records.NOTHING)
    session.add(charge)
    if paid:
        session.add(
            records.new_settlement(
                row.taxpayer_id, request_id=row.request_id, digest="", amount=total, late_fee=records.NOTHING,
                method=BEFOREHAND, reference=row.request_id, charge_ids=[charge.charge_id], booked_at=at,
            )
        )  # fmt: skip

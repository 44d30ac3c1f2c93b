"""How every taxpayer of the sandbox stands today, for those who run a demonstration; and money for their accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from services.gateways.tax_core import payments, records, returns, sandbox
from services.gateways.tax_core.models import CoreTaxpayer
from services.gateways.tax_core.protocol import CoreRefusal, ObligationState


@dataclass(frozen=True, slots=True)
class Standing:
    """A taxpayer with what is open, in numbers of returns and in 元."""

    taxpayer_id: str
    name: str
    open: int
    overdue: int
    owed: Decimal
    credit: Decimal
    balance: Decimal


async def of_everybody(session: AsyncSession) -> list[Standing]:
    """Every taxpayer that is still registered."""
    await sandbox.controls(session)
    ids = await session.scalars(select(CoreTaxpayer.taxpayer_id).order_by(CoreTaxpayer.taxpayer_id))
    found = []
    for taxpayer_id in ids.all():
        try:
            found.append(await _of(session, taxpayer_id))
        except CoreRefusal:
            continue
    return found


async def _of(session: AsyncSession, taxpayer_id: str) -> Standing:
    row = await records.account(session, taxpayer_id)
    today = clock.today()
    may_file = [
        item for item in await returns.obligations_of(session, taxpayer_id, date.min, date.max)
        if item.state is ObligationState.OPEN and item.opens_on is not None and item.opens_on <= today
    ]  # fmt: skip
    owed = await payments.charges(session, taxpayer_id, unpaid_only=True)
    return Standing(
        taxpayer_id=taxpayer_id, name=records.described(row).name, open=len(may_file),
        overdue=sum(item.due_on < today for item in may_file),
        owed=sum((item.amount - item.paid for item in owed), records.NOTHING),
        credit=await payments.credit(session, taxpayer_id), balance=Decimal(row.balance),
    )  # fmt: skip


async def set_balance(session: AsyncSession, taxpayer_id: str, amount: Decimal) -> None:
    """Say what lies in the account of a taxpayer's tripartite agreement.

    Raises `CoreRefusal` when there is no such taxpayer.
    """
    await sandbox.controls(session)
    (await records.account(session, taxpayer_id, lock=True)).balance = str(amount.quantize(records.CENT))

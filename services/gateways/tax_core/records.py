"""The rows of the sandbox: finding a taxpayer, writing returns, charges and payments, showing them to the gateway."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from hub.kit.ids import new_id
from services.gateways.tax_core.models import CoreCharge, CoreReturn, CoreSettlement, CoreTaxpayer
from services.gateways.tax_core.periods import period_words
from services.gateways.tax_core.protocol import (
    Charge,
    ChargeState,
    DebitRequest,
    Filed,
    FilingRequest,
    Obligation,
    Refusal,
    Settlement,
    SettlementRequest,
    TaxItem,
)
from services.gateways.tax_core.seed import SeededTaxpayer
from services.gateways.tax_core.wording import DEREGISTERED, refusal

CENT = Decimal("0.01")
NOTHING = Decimal("0.00")


async def account(session: AsyncSession, taxpayer_id: str, *, lock: bool = False) -> CoreTaxpayer:
    """The row of a taxpayer; with `lock` nobody else changes what is the taxpayer's until the transaction ends.

    Raises `CoreRefusal` when there is none.
    """
    query = select(CoreTaxpayer).where(CoreTaxpayer.taxpayer_id == taxpayer_id)
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise refusal(Refusal.UNKNOWN_TAXPAYER)
    return row


def described(row: CoreTaxpayer) -> SeededTaxpayer:
    """A taxpayer as the sandbox knows it; a de-registered one is only known to have been.

    Raises `CoreRefusal`.
    """
    taxpayer = SeededTaxpayer.model_validate(row.file)
    if taxpayer.deregistered_on is not None and taxpayer.deregistered_on <= clock.today():
        raise refusal(Refusal.UNKNOWN_TAXPAYER, DEREGISTERED)
    return taxpayer


def digest_of(request: FilingRequest | SettlementRequest | DebitRequest) -> str:
    """What a request says, to be compared with a later one under the same id; 35 and 35.00 say the same."""
    return hashlib.sha256(json.dumps(_canonical(asdict(request)), sort_keys=True).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _canonical(item) for key, item in value.items()}
        case list() | tuple():
            return [_canonical(item) for item in value]
        case Decimal():
            return f"{value.normalize():f}"
        case datetime():
            return value.astimezone(clock.UTC).isoformat()
        case _:
            return value


async def hold_request(session: AsyncSession, request_id: str) -> None:
    """Let repeats of a request wait until this transaction ends."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"core {request_id}", 0))))


def new_return(
    obligation: Obligation, *, request_id: str, digest: str, items: Sequence[TaxItem], accepted_at: datetime,
    payload: Mapping[str, str], filed_by: str, replaces: str | None = None,
) -> CoreReturn:  # fmt: skip
    """The row of an accepted return."""
    body = {
        "form": obligation.form, "payload": dict(payload), "filed_by": filed_by, "replaces": replaces,
        "items": [[item.tax, item.title, str(item.amount.quantize(CENT))] for item in items],
    }  # fmt: skip
    return CoreReturn(
        return_id=str(new_id()), request_id=request_id, digest=digest, taxpayer_id=obligation.taxpayer_id,
        obligation_id=obligation.obligation_id, period_to=obligation.period_to, due_on=obligation.due_on,
        accepted_at=accepted_at, body=body,
    )  # fmt: skip


def filed(row: CoreReturn) -> Filed:
    """A return as the gateway shows it."""
    items = tuple(TaxItem(tax, title, Decimal(amount)) for tax, title, amount in row.body["items"])
    return Filed(
        request_id=row.request_id, return_id=row.return_id,
        receipt_number=f"HZ-{_day(row.accepted_at)}-{row.number:06d}", obligation_id=row.obligation_id,
        accepted_at=row.accepted_at.astimezone(clock.UTC), items=items,
        total=sum((item.amount for item in items), NOTHING), due_on=row.due_on, replaces=row.body["replaces"],
    )  # fmt: skip


def new_charge(row: CoreReturn, obligation: Obligation, amount: Decimal, received: Decimal) -> CoreCharge:
    """The row of what a return makes payable, with what has arrived for the obligation before."""
    title = f"{obligation.title}（{period_words(obligation.period_from, obligation.period_to)}）"
    return CoreCharge(
        charge_id=str(new_id()), taxpayer_id=row.taxpayer_id, return_id=row.return_id, due_on=obligation.due_on,
        body={"title": title, "amount": str(amount), "received": str(received)},
    )  # fmt: skip


def received(row: CoreCharge) -> Decimal:
    """What has arrived for a charge and those that it replaces; more than its amount after a correction downwards."""
    return Decimal(row.body["received"])


def charge(row: CoreCharge) -> Charge:
    """A charge as the gateway shows it."""
    amount = Decimal(row.body["amount"])
    paid = min(received(row), amount)
    state = ChargeState.PAID if paid == amount else ChargeState.PARTLY_PAID if paid else ChargeState.UNPAID
    return Charge(
        charge_id=row.charge_id, taxpayer_id=row.taxpayer_id, return_id=row.return_id, title=row.body["title"],
        amount=amount, paid=paid, due_on=row.due_on, state=state,
    )  # fmt: skip


def new_settlement(
    taxpayer_id: str, *, request_id: str, digest: str, amount: Decimal, late_fee: Decimal, method: str, reference: str,
    charge_ids: Sequence[str], booked_at: datetime,
) -> CoreSettlement:  # fmt: skip
    """The row of a booked payment."""
    body = {
        "amount": str(amount.quantize(CENT)), "late_fee": str(late_fee.quantize(CENT)),
        "method": method, "reference": reference, "charge_ids": list(charge_ids),
    }  # fmt: skip
    return CoreSettlement(request_id=request_id, digest=digest, taxpayer_id=taxpayer_id, booked_at=booked_at, body=body)


def settlement(row: CoreSettlement) -> Settlement:
    """A booked payment as the gateway shows it."""
    return Settlement(
        request_id=row.request_id, receipt_number=f"WS-{_day(row.booked_at)}-{row.number:06d}",
        booked_at=row.booked_at.astimezone(clock.UTC), amount=Decimal(row.body["amount"]),
        late_fee=Decimal(row.body["late_fee"]),
    )  # fmt: skip


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(clock.SHANGHAI):%Y%m%d}"

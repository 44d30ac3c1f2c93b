"""The books of a stand-in: orders, what was paid, how it is told to behave; with transactions of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from hub.kit.clock import SHANGHAI
from hub.kit.db import transaction
from services.gateways.behaviour import Mode
from services.gateways.payments.models import (
    LedgerState,
    Notices,
    Party,
    SandboxPayment,
    SandboxPaymentControl,
)

FEN = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Entry:
    """An order as the party knows it; `extra` is what its wire protocol needs besides."""

    party: Party
    order_id: str
    reference: str
    state: LedgerState
    amount: Decimal
    subject: str
    expires_at: datetime
    notify_url: str
    extra: Mapping[str, str]
    transaction_id: str = ""
    paid_amount: Decimal | None = None
    paid_at: datetime | None = None


class OrderReused(Exception):
    """The order id came before with another amount."""


class NotPayable(Exception):
    """The order is closed, over or paid already."""


def reference_of(party: Party, order_id: str) -> str:
    """Twenty digits that the party makes up for an order, always the same ones."""
    return str(int(hashlib.sha256(f"{party} {order_id}".encode()).hexdigest(), 16))[:20]


async def place(entry: Entry) -> Entry:
    """Write an order down, or find it as it stands.

    Raises `OrderReused`.
    """
    row = {
        "party": entry.party, "order_id": entry.order_id, "reference": entry.reference,
        "state": entry.state, "content": _content(entry),
    }  # fmt: skip
    async with transaction() as session:
        await session.execute(insert(SandboxPayment).values(row).on_conflict_do_nothing())
        known = _entry(await session.get_one(SandboxPayment, (entry.party, entry.order_id)))
    if known.amount != entry.amount:
        raise OrderReused
    return known


async def find(party: Party, order_id: str) -> Entry | None:
    """The order; what is over by its time is closed."""
    async with transaction() as session:
        row = await session.get(SandboxPayment, (party, order_id))
    return _entry(row) if row else None


async def by_reference(party: Party, reference: str) -> Entry | None:
    """The order that the party's own code names."""
    async with transaction() as session:
        row = await session.scalar(
            select(SandboxPayment).where(SandboxPayment.party == party, SandboxPayment.reference == reference)
        )
    return _entry(row) if row else None


async def change(party: Party, order_id: str, **extra: str) -> None:
    """Write something more down about an order."""
    async with transaction() as session:
        row = await session.get_one(SandboxPayment, (party, order_id), with_for_update=True)
        row.content = {**row.content, "extra": {**row.content["extra"], **extra}}


async def close(party: Party, order_id: str) -> Entry | None:
    """Take no money for the order any more; a paid one stays paid."""
    async with transaction() as session:
        row = await session.get(SandboxPayment, (party, order_id), with_for_update=True)
        if row is None:
            return None
        if row.state == LedgerState.OPEN:
            row.state = LedgerState.CLOSED
        return _entry(row)


async def pay(party: Party, order_id: str) -> Entry:
    """Somebody pays; the amount is what was asked for, unless the party is told to take a wrong one.

    Raises `NotPayable`.
    """
    async with transaction() as session:
        row = await session.get(SandboxPayment, (party, order_id), with_for_update=True)
        if row is None or _entry(row).state is not LedgerState.OPEN:
            raise NotPayable
        told = await _behaviour(session, party)
        amount = _entry(row).amount - (FEN if told.notices == Notices.WRONG_AMOUNT else 0)
        row.state, row.day = LedgerState.PAID, clock.today()
        row.content = {
            **row.content, "paid_amount": str(amount), "paid_at": clock.now().replace(microsecond=0).isoformat(),
            "transaction_id": f"42{row.reference}{clock.today():%Y%m%d}",
        }  # fmt: skip
        return _entry(row)


async def paid_on(party: Party, day: date) -> Sequence[Entry]:
    """What was paid on a day in China."""
    async with transaction() as session:
        rows = await session.scalars(
            select(SandboxPayment)
            .where(SandboxPayment.party == party, SandboxPayment.day == day)
            .order_by(SandboxPayment.order_id)
        )
        return [_entry(row) for row in rows]


async def behaviour(party: Party) -> SandboxPaymentControl:
    """How the party behaves now."""
    async with transaction() as session:
        return await _behaviour(session, party)


async def control(
    party: Party, *, mode: Mode | None = None, delay_ms: int | None = None, notices: Notices | None = None
) -> SandboxPaymentControl:
    """Tell a party how to behave; what is not given stays. Returns how it behaves now."""
    async with transaction() as session:
        await session.execute(
            insert(SandboxPaymentControl)
            .values(party=party, mode=Mode.NORMAL, delay_ms=0, notices=Notices.NORMAL)
            .on_conflict_do_nothing()
        )
        told = await session.get_one(SandboxPaymentControl, party, with_for_update=True)
        told.mode = mode if mode is not None else told.mode
        told.delay_ms = delay_ms if delay_ms is not None else told.delay_ms
        told.notices = notices if notices is not None else told.notices
        return told


async def _behaviour(session: AsyncSession, party: Party) -> SandboxPaymentControl:
    told = await session.get(SandboxPaymentControl, party)
    return told or SandboxPaymentControl(party=party, mode=Mode.NORMAL, delay_ms=0, notices=Notices.NORMAL)


def _content(entry: Entry) -> dict[str, Any]:
    return {
        "amount": str(entry.amount), "subject": entry.subject, "expires_at": entry.expires_at.isoformat(),
        "notify_url": entry.notify_url, "extra": dict(entry.extra),
    }  # fmt: skip


def _entry(row: SandboxPayment) -> Entry:
    content = row.content
    entry = Entry(
        party=Party(row.party), order_id=row.order_id, reference=row.reference, state=LedgerState(row.state),
        amount=Decimal(content["amount"]), subject=content["subject"],
        expires_at=datetime.fromisoformat(content["expires_at"]), notify_url=content["notify_url"],
        extra=content["extra"],
    )  # fmt: skip
    if entry.state is LedgerState.PAID:
        return replace(
            entry, transaction_id=content["transaction_id"], paid_amount=Decimal(content["paid_amount"]),
            paid_at=datetime.fromisoformat(content["paid_at"]).astimezone(SHANGHAI),
        )  # fmt: skip
    over = entry.state is LedgerState.OPEN and entry.expires_at <= clock.now()
    return replace(entry, state=LedgerState.CLOSED) if over else entry

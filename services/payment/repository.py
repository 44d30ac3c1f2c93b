"""Payment orders and reconciliations: the only place that reads or writes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from services.payment.models import Method, PaymentOrder, PaymentOrderCharge, PaymentReconciliation, State
from services.payment.states import OPEN, check_move


async def queue_for(session: AsyncSession, taxpayer_id: str) -> None:
    """Wait until nobody else makes an order for this taxpayer; until the end of the transaction."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"payment {taxpayer_id}", 0))))


async def by_key(session: AsyncSession, key_hash: str) -> PaymentOrder | None:
    """The order that was made by this act."""
    return await session.scalar(select(PaymentOrder).where(PaymentOrder.key_hash == key_hash))


async def in_the_way(session: AsyncSession, charge_ids: Collection[str]) -> Sequence[UUID]:
    """The open orders that hold any of the charges."""
    rows = await session.scalars(
        select(PaymentOrderCharge.order_id)
        .where(PaymentOrderCharge.charge_id.in_(charge_ids), PaymentOrderCharge.open)
        .distinct()
    )
    return rows.all()


async def moving(session: AsyncSession, taxpayer_id: str) -> Sequence[str]:
    """The charges for which money has arrived that is not booked yet, or may be moving at this moment."""
    debited = and_(PaymentOrder.method == Method.TRIPARTITE, PaymentOrder.state == State.AWAITING)
    rows = await session.scalars(
        select(PaymentOrderCharge.charge_id)
        .join(PaymentOrder, PaymentOrder.id == PaymentOrderCharge.order_id)
        .where(PaymentOrder.taxpayer_id == taxpayer_id, PaymentOrderCharge.open)
        .where(or_(PaymentOrder.state == State.PAID, debited))
        .distinct()
    )
    return rows.all()


async def add(session: AsyncSession, order: PaymentOrder, charge_ids: Collection[str]) -> None:
    """Write an order down; it holds its charges from now on."""
    session.add(order)
    await session.flush()
    session.add_all(PaymentOrderCharge(order_id=order.id, charge_id=one, open=True) for one in charge_ids)
    await session.flush()


async def find(session: AsyncSession, order_id: UUID) -> PaymentOrder | None:
    """The order of this number."""
    return await session.get(PaymentOrder, order_id)


async def locked(session: AsyncSession, order_id: UUID) -> PaymentOrder | None:
    """The order of this number, as it is now and nobody else's to change until the end of the transaction."""
    return await session.get(PaymentOrder, order_id, with_for_update=True, populate_existing=True)


async def move(session: AsyncSession, order: PaymentOrder, target: State, reason: str | None = None) -> None:
    """Move a locked order on; in a final state it lets go of its charges.

    Raises `MoveNotAllowed`.
    """
    check_move(State(order.state), target)
    order.state, order.reason = target, reason
    if target not in OPEN:
        await session.execute(
            update(PaymentOrderCharge).where(PaymentOrderCharge.order_id == order.id).values(open=False)
        )
    await session.flush()


async def of_taxpayer(session: AsyncSession, taxpayer_id: str, limit: int = 50) -> Sequence[PaymentOrder]:
    """The orders of a taxpayer, the newest first."""
    rows = await session.scalars(
        select(PaymentOrder)
        .where(PaymentOrder.taxpayer_id == taxpayer_id)
        .order_by(PaymentOrder.created_at.desc(), PaymentOrder.id.desc())
        .limit(limit)
    )
    return rows.all()


async def next_unresolved(session: AsyncSession, handled: Collection[UUID]) -> UUID | None:
    """The open order that was not looked at for longest, apart from those handled; it counts as looked at now."""
    order = await session.scalar(
        select(PaymentOrder)
        .where(PaymentOrder.state.in_(OPEN), PaymentOrder.id.not_in(handled))
        .order_by(PaymentOrder.looked_at.asc().nulls_first(), PaymentOrder.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if order is None:
        return None
    order.looked_at = clock.now()
    await session.flush()
    return order.id


async def paid_on(session: AsyncSession, day: date, method: Method) -> Sequence[PaymentOrder]:
    """The orders whose money arrived on a day in China by a method."""
    rows = await session.scalars(
        select(PaymentOrder).where(PaymentOrder.paid_on == day, PaymentOrder.method == method).order_by(PaymentOrder.id)
    )
    return rows.all()


async def in_state(session: AsyncSession, state: State, limit: int = 200) -> Sequence[PaymentOrder]:
    """The orders in a state, the oldest first."""
    rows = await session.scalars(
        select(PaymentOrder).where(PaymentOrder.state == state).order_by(PaymentOrder.created_at).limit(limit)
    )
    return rows.all()


async def keep_reconciliation(
    session: AsyncSession, day: date, method: Method, state: str, findings: Mapping[str, Any]
) -> None:
    """Write down what was found; an earlier finding of the same day and channel is replaced."""
    row = {"state": state, "findings": findings, "made_at": clock.now()}
    await session.execute(
        insert(PaymentReconciliation)
        .values(day=day, method=method, **row)
        .on_conflict_do_update(index_elements=["day", "method"], set_=row)
    )


async def reconciliations(session: AsyncSession, day: date) -> Sequence[PaymentReconciliation]:
    """What was found for a day."""
    rows = await session.scalars(
        select(PaymentReconciliation).where(PaymentReconciliation.day == day).order_by(PaymentReconciliation.method)
    )
    return rows.all()


async def erase_before(session: AsyncSession, moment: datetime) -> None:
    """Drop orders that came to nothing and were made before the moment; where money moved, they are records to keep."""
    gone = select(PaymentOrder.id).where(
        PaymentOrder.created_at < moment, PaymentOrder.state.in_((State.FAILED, State.EXPIRED, State.CLOSED))
    )
    await session.execute(delete(PaymentOrderCharge).where(PaymentOrderCharge.order_id.in_(gone)))
    await session.execute(
        delete(PaymentOrder).where(
            PaymentOrder.created_at < moment, PaymentOrder.state.in_((State.FAILED, State.EXPIRED, State.CLOSED))
        )
    )

"""Paying: makes orders, says where they stand, takes notices, and sees every order through to its end.

It keeps short transactions of its own around every call, so that none is open while another party is asked. An order is
written down before anybody is asked for money, and its number is the request id everywhere (see `settling`).
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping, Sequence
from uuid import UUID

from hub import audit
from hub.accounts.looks import looked
from hub.kit import clock
from hub.kit.crypto import fingerprint
from hub.kit.db import transaction
from hub.kit.errors import Conflict, HubError, Invalid, NotFound
from hub.kit.idempotency import IdempotencyKeyReused
from hub.kit.ids import new_id
from hub.kit.logging import get_logger
from hub.skills import Principal
from services.calculations.service import keep
from services.gateways.payments.protocol import Acknowledgement, Closed, Paid
from services.gateways.payments.registry import payment_channel
from services.payment import dues, repository, settling
from services.payment.choices import methods_for
from services.payment.dues import Due
from services.payment.models import Method, PaymentOrder, State
from services.payment.schemas import (
    DueList,
    DueRead,
    OrderRead,
    PayTax,
    ReceiptRead,
    order_read,
    sum_of,
)
from services.payment.states import OPEN

log = get_logger(__name__)

ROUND_SECONDS = 45.0
"""How long one round of the worker begins to look at open orders: parties that are down use up their time-outs."""
AT_ONCE = 4


class OrderNotFound(NotFound):
    """No such order, or another taxpayer's."""

    code = "payment_order_not_found"
    message = "没有找到这笔缴款订单，请核对订单号。"


class ReceiptNotFound(NotFound):
    """There is no receipt yet."""

    code = "payment_receipt_not_found"
    message = "这笔缴款还没有完税凭证。款项入库后才会开出，请稍后再查。"


class MethodNotOpen(Invalid):
    """The method is switched off, or the taxpayer has no agreement."""

    code = "payment_method_not_open"
    message = "不能用这种方式缴款，请选择其他缴款方式。"


class OrderInTheWay(Conflict):
    """An earlier order for the same charge cannot be closed at present."""

    code = "payment_order_in_the_way"
    message = "同一笔税款还有一笔未完成的订单，暂时不能关闭。请先查询缴款结果，或过几分钟再试。"


class AlreadyPaying(Conflict):
    """Money for the charge has arrived, or is being debited."""

    code = "payment_already_under_way"
    message = "这笔税款已经付款或正在扣款，请不要重复缴款。请先查询缴款结果。"


async def due_list(principal: Principal) -> DueList:
    """What the taxpayer owes now and how it can be paid.

    Raises `CoreUnavailable`.
    """
    taxpayer_id = _taxpayer(principal)
    async with transaction() as session:
        await looked(session, principal, "payment.charges_read")
    charges = [DueRead.model_validate(due.plain()) for due in await dues.dues_of(taxpayer_id)]
    total = sum_of(charges, "amount") + sum_of(charges, "late_fee")
    return DueList(charges=charges, total=total, methods=await methods_for(taxpayer_id))


async def place(
    principal: Principal, form: PayTax, *, key: str, channel: str, address: str = ""
) -> OrderRead:  # fmt: skip
    """Order a payment; a repeat by the same person under the same key gets the first order as it stands.

    An earlier order for the same charges is closed first. Trouble with the party that takes the money leaves the order
    "created": the same act again takes up where it was left. Raises `NothingDue`, `ChargeNotFound`, `PartNotPossible`,
    `MethodNotOpen`, `TooLateToday`, `AlreadyPaying`, `OrderInTheWay`, `CoreUnavailable`, `IdempotencyKeyReused`.
    """
    taxpayer_id = _taxpayer(principal)
    asked = fingerprint(f"{taxpayer_id} {form.model_dump_json()}")
    key_hash = fingerprint(f"{principal.person_id}\n{key}")
    async with transaction() as session:
        known = await repository.by_key(session, key_hash)
    if known is None:
        try:
            wanted = await _wanted(taxpayer_id, form)
            known = await _made(principal, wanted, form, key_hash=key_hash, asked=asked, channel=channel)
        except HubError:
            # a repeat at the same moment may have paid by now, so that nothing is due any more
            async with transaction() as session:
                known = await repository.by_key(session, key_hash)
            if known is None:
                raise
    if known.asked_hash != asked:
        raise IdempotencyKeyReused
    return order_read(await settling.proceed(known, address))


async def _wanted(taxpayer_id: str, form: PayTax) -> list[Due]:
    wanted = await dues.chosen(taxpayer_id, form.charges, form.part)
    if form.method is None or form.method not in await methods_for(taxpayer_id):
        raise MethodNotOpen
    return wanted


async def _made(
    principal: Principal, wanted: Sequence[Due], form: PayTax, *, key_hash: str, asked: str, channel: str
) -> PaymentOrder:
    """The order, written down; orders for the same charges are closed first."""
    assert form.method is not None
    charge_ids = [due.charge_id for due in wanted]
    ours = PaymentOrder(
        id=new_id(), key_hash=key_hash, asked_hash=asked, person_id=principal.person_id,
        taxpayer_id=_taxpayer(principal), method=form.method, device=form.device, state=State.CREATED,
        sheet={"taxpayer": principal.taxpayer_name or "", "items": [due.plain() for due in wanted]},
        channel=channel, created_at=clock.now(), expires_at=dues.expiry(wanted, form.method),
    )  # fmt: skip
    for _ in range(2):
        async with transaction() as session:
            await repository.queue_for(session, ours.taxpayer_id)
            if known := await repository.by_key(session, key_hash):
                return known
            in_the_way = await repository.in_the_way(session, charge_ids)
            if not in_the_way:
                if result := dues.worked_out(wanted):
                    kept = await keep(
                        session, result, {"charges": charge_ids}, channel=channel, owner=principal.person_id
                    )  # fmt: skip
                    ours.trace_id = kept.trace_id
                await repository.add(session, ours, charge_ids)
                await looked(session, principal, "payment.order_made")
                return ours
        for order_id in in_the_way:
            await _clear(order_id)
    raise OrderInTheWay


async def _clear(order_id: UUID) -> None:
    """Make way: close an earlier order.

    Raises `AlreadyPaying`, `OrderInTheWay`.
    """
    order = await settling.reread(order_id)
    order = await settling.look(order) if _under_way(order) else await settling.withdraw(order, State.CLOSED)
    if order.state == State.BOOKED or _under_way(order):
        raise AlreadyPaying
    if order.state in OPEN:
        raise OrderInTheWay


def _under_way(order: PaymentOrder) -> bool:
    """Whether money has arrived or may be moving at this moment: nobody may give up the order."""
    return order.state == State.PAID or (order.method == Method.TRIPARTITE and order.state == State.AWAITING)


async def under_way(taxpayer_id: str) -> frozenset[str]:
    """The charges that are paid but not booked yet, or are being debited at this moment."""
    async with transaction() as session:
        return frozenset(await repository.moving(session, taxpayer_id))


async def orders_of(principal: Principal) -> list[OrderRead]:
    """The taxpayer's orders, the newest first, as last known."""
    async with transaction() as session:
        await looked(session, principal, "payment.orders_read")
        rows = await repository.of_taxpayer(session, _taxpayer(principal))
    return [order_read(row) for row in rows]


async def latest(principal: Principal) -> OrderRead | None:
    """The taxpayer's latest order, its state asked afresh; None when there is none."""
    async with transaction() as session:
        await looked(session, principal, "payment.order_read")
        rows = await repository.of_taxpayer(session, _taxpayer(principal), limit=1)
    return order_read(await settling.look(rows[0], asked=True)) if rows else None


async def order_of(principal: Principal, order_id: UUID) -> OrderRead:
    """One of the taxpayer's orders, its state asked afresh.

    Raises `OrderNotFound`, also for another taxpayer's.
    """
    return order_read(await settling.look(await _own(principal, order_id, "payment.order_read")))


async def by_ticket(number: str, ticket: str) -> OrderRead:
    """The order that a payment page shows to whoever has its address, asked afresh while it is open.

    Raises `OrderNotFound`, also for a wrong ticket.
    """
    async with transaction() as session:
        order = await repository.find(session, UUID(hex=number))
    expected = str(order.opened["ticket"]) if order is not None and order.opened else ""
    if order is None or not expected or not hmac.compare_digest(expected.encode(), ticket.encode()):
        raise OrderNotFound
    return order_read(await settling.look(order))


async def withdraw(principal: Principal, order_id: UUID) -> OrderRead:
    """Close an order that is not paid; one on which money has moved stays as it is.

    Raises `OrderNotFound`.
    """
    order = await _own(principal, order_id, "payment.order_closed")
    if order.state not in (State.CREATED, State.AWAITING):
        return order_read(order)
    if order.method == Method.TRIPARTITE:
        return order_read(await settling.look(order))
    return order_read(await settling.withdraw(order, State.CLOSED))


async def receipt_of(principal: Principal, order_id: UUID) -> ReceiptRead:
    """The tax payment receipt of an order.

    Raises `OrderNotFound`, `ReceiptNotFound`.
    """
    order = order_read(await settling.look(await _own(principal, order_id, "payment.receipt_read")))
    if order.receipt_number is None or order.booked_at is None:
        raise ReceiptNotFound
    return ReceiptRead(
        number=order.receipt_number, booked_at=order.booked_at, taxpayer=order.taxpayer, charges=order.charges,
        amount=order.amount, late_fee=order.late_fee,
    )  # fmt: skip


async def _own(principal: Principal, order_id: UUID, action: str) -> PaymentOrder:
    async with transaction() as session:
        order = await repository.find(session, order_id)
        if order is None or order.taxpayer_id != _taxpayer(principal):
            raise OrderNotFound
        await looked(session, principal, action)
    return order


async def take_notice(channel: str, headers: Mapping[str, str], body: bytes) -> tuple[Acknowledgement, UUID | None]:
    """Take a party's notice: verified, written down, and acknowledged; returns the order that can be booked now.

    A notice for an order that we do not know, or that is paid another way, changes nothing: reconciliation reports it.
    Raises `BadNotice`, and `LookupError` when there is no such channel.
    """
    party = payment_channel(channel)
    standing = party.verify(headers, body)
    order = await _named(standing.order_id, channel)
    if order is None:
        log.error("payment_notice_for_unknown_order", channel=channel)
        return party.acknowledgement, None
    if isinstance(standing, Paid):
        order = await settling.arrived(order.id, standing)
        return party.acknowledgement, order.id if order.state == State.PAID else None
    if isinstance(standing, Closed):
        # the party closes by itself what we are about to close: looking finds out which state that is
        await settling.look(order)
    return party.acknowledgement, None


async def _named(number: str, channel: str) -> PaymentOrder | None:
    try:
        order_id = UUID(hex=number)
    except ValueError:
        return None
    async with transaction() as session:
        order = await repository.find(session, order_id)
    return order if order is not None and order.method == channel else None


async def book(order_id: UUID) -> None:
    """Book what a notice told of; when it does not work now, the worker tries again."""
    await settling.book(await settling.reread(order_id))


async def resolve_open_orders() -> int:
    """See every open order on: the worker's job, every minute. Returns how many came to an end.

    A round ends in time for the next one; what it did not get to comes first then. Workers side by side share the work.
    """
    handled: set[UUID] = set()
    until = asyncio.get_running_loop().time() + ROUND_SECONDS
    return sum(await asyncio.gather(*(_resolve(handled, until) for _ in range(AT_ONCE))))


async def _resolve(handled: set[UUID], until: float) -> int:
    ended = 0
    while asyncio.get_running_loop().time() < until:
        async with transaction() as session:
            order_id = await repository.next_unresolved(session, handled)
        if order_id is None:
            break
        if order_id in handled:
            continue
        handled.add(order_id)
        try:
            order = await settling.look(await settling.reread(order_id))
        except Exception as error:
            # one order must not keep the others from being looked at
            log.exception("payment_order_stuck", order=order_id.hex, exc_info=error)
            continue
        ended += order.state not in OPEN
    return ended


async def preview(principal: Principal, form: PayTax, channel: str) -> tuple[list[Due], UUID | None]:
    """What an order would be now, with the trace id of its late fees.

    Raises as `place` does.
    """
    taxpayer_id = _taxpayer(principal)
    wanted = await _wanted(taxpayer_id, form)
    assert form.method is not None, "it is one that is open"
    dues.expiry(wanted, form.method)
    result = dues.worked_out(wanted)
    async with transaction() as session:
        for order_id in await repository.in_the_way(session, [due.charge_id for due in wanted]):
            order = await repository.find(session, order_id)
            if order is not None and _under_way(order):
                raise AlreadyPaying
        await looked(session, principal, "payment.charges_read")
        if result is None:
            return wanted, None
        entered = {"charges": [due.charge_id for due in wanted]}
        return wanted, (await keep(session, result, entered, channel=channel, owner=principal.person_id)).trace_id


async def to_return(actor: str) -> list[OrderRead]:
    """The orders whose money staff have to return; the look is written down."""
    async with transaction() as session:
        await audit.record(session, actor=actor, action="payment.refunds_due_read", subject="payment")
        rows = await repository.in_state(session, State.REFUND_DUE)
    return [order_read(row) for row in rows]


def _taxpayer(principal: Principal) -> str:
    assert principal.taxpayer_id is not None, "access AUTHORISED comes with a taxpayer"
    return principal.taxpayer_id

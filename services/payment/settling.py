"""From the first question to a party until the receipt: each step is written down before and after it is taken.

Every step may be repeated: the order's number is the request id with the wallet, the bank and the core system alike.
So after a crash, or when an answer is lost, the step is simply taken again, by whoever looks at the order next.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hub.kit import clock
from hub.kit.clock import SHANGHAI
from hub.kit.db import transaction
from hub.kit.logging import get_logger
from services.gateways.errors import GatewayError
from services.gateways.payments.protocol import Bill, Closed, Device, NotYet, Opened, Paid, PaymentChannel, Unknown
from services.gateways.payments.registry import payment_channel
from services.gateways.registry import tax_core
from services.gateways.tax_core.protocol import CoreRefusal, DebitRequest, Settlement, SettlementRequest
from services.payment import repository, wording
from services.payment.models import Method, PaymentOrder, State
from services.payment.states import ARRIVED
from services.payment.telling import tell

log = get_logger(__name__)

AMOUNT_DIFFERS = "amount_differs"


def number_of(order: PaymentOrder) -> str:
    """The order's number as parties know it: 32 letters and digits."""
    return order.id.hex


def amounts(order: PaymentOrder) -> tuple[Decimal, Decimal]:
    """What is paid of the charges, and the late fees on top."""
    items = order.sheet["items"]
    zero = Decimal("0.00")
    return sum((Decimal(one["amount"]) for one in items), zero), sum((Decimal(one["late_fee"]) for one in items), zero)


def total(order: PaymentOrder) -> Decimal:
    """What the order asks for, 元."""
    amount, late_fee = amounts(order)
    return amount + late_fee


def expired(order: PaymentOrder) -> bool:
    """Whether its time is over."""
    return order.expires_at <= clock.now()


def channel_of(order: PaymentOrder) -> PaymentChannel | None:
    """The channel that takes the order's money; None for direct debit, and where it has been switched off since."""
    try:
        return None if order.method == Method.TRIPARTITE else payment_channel(order.method)
    except LookupError:
        log.warning("payment_channel_off", method=order.method)
        return None


async def reread(order_id: UUID) -> PaymentOrder:
    """The order as it stands now."""
    async with transaction() as session:
        found = await repository.find(session, order_id)
    assert found is not None, "orders are not deleted while somebody handles them"
    return found


async def proceed(order: PaymentOrder, address: str = "") -> PaymentOrder:
    """Take the first step of a fresh order, or take it again; trouble with the other party leaves it as it is.

    Who orders is told by the answer.
    """
    if order.state not in (State.CREATED, State.AWAITING):
        return order
    if order.method == Method.TRIPARTITE:
        return await _debit(order, asked=True)
    if order.state == State.CREATED:
        return await _open(order, address)
    return order


async def _open(order: PaymentOrder, address: str) -> PaymentOrder:
    if expired(order):
        return await _give_up(order, State.EXPIRED)
    channel = channel_of(order)
    if channel is None:
        return order
    bill = Bill(
        number_of(order), total(order), wording.SUBJECT, order.expires_at, Device(order.device), address
    )  # fmt: skip
    try:
        opened = await channel.open(bill)
    except GatewayError as error:
        _trouble(order, "open", error)
        return await reread(order.id)
    return await _opened(order.id, opened)


async def _opened(order_id: UUID, opened: Opened) -> PaymentOrder:
    async with transaction() as session:
        order = await repository.locked(session, order_id)
        assert order is not None
        if order.state == State.CREATED:
            ticket = secrets.token_urlsafe(24)
            order.opened = {"kind": opened.kind, "content": opened.content, "ticket": ticket}
            await repository.move(session, order, State.AWAITING)
    return order


async def _debit(order: PaymentOrder, *, asked: bool) -> PaymentOrder:
    """Have the core system debit; from the moment that it may have been asked, the order is awaiting."""
    if expired(order):
        return await _settled_or_expired(order, asked=asked)
    async with transaction() as session:
        current = await repository.locked(session, order.id)
        assert current is not None
        if current.state == State.CREATED:
            await repository.move(session, current, State.AWAITING)
    if current.state != State.AWAITING:
        return current
    amount, late_fee = amounts(order)
    charge_ids = tuple(one["charge_id"] for one in order.sheet["items"])
    try:
        request = DebitRequest(number_of(order), order.taxpayer_id, charge_ids, amount, late_fee)
        return await _booked(order.id, await tax_core().debit(request), asked=asked)
    except CoreRefusal as refusal:
        return await _give_up(current, State.FAILED, refusal.code)
    except GatewayError as error:
        _trouble(order, "debit", error)
        return await reread(order.id)


async def _settled_or_expired(order: PaymentOrder, *, asked: bool) -> PaymentOrder:
    """A debit whose time is over: did the core system do it?"""
    try:
        settlement = await tax_core().settlement(order.taxpayer_id, number_of(order))
    except GatewayError as error:
        _trouble(order, "settlement", error)
        return order
    except CoreRefusal as refusal:
        return await _give_up(order, State.FAILED, refusal.code)
    if settlement is None:
        return await _give_up(order, State.EXPIRED)
    return await _booked(order.id, settlement, asked=asked)


async def _give_up(seen: PaymentOrder, target: State, reason: str | None = None) -> PaymentOrder:
    """Move on to a state without money, unless something has happened since the order was seen."""
    before = seen.state
    async with transaction() as session:
        order = await repository.locked(session, seen.id)
        assert order is not None
        if order.state == before:
            await repository.move(session, order, target, reason)
            log.info("payment_given_up", method=order.method, state=target, reason=reason)
    return order


async def arrived(order_id: UUID, paid: Paid) -> PaymentOrder:
    """Write down that money has arrived, once; another amount than asked for is due back."""
    async with transaction() as session:
        order = await repository.locked(session, order_id)
        assert order is not None
        if order.state in ARRIVED:
            if order.arrived and order.arrived["transaction_id"] != paid.transaction_id:
                log.error("payment_arrived_twice", method=order.method, order=number_of(order))
            return order
        order.arrived = {
            "transaction_id": paid.transaction_id, "amount": str(paid.amount), "paid_at": paid.paid_at.isoformat(),
        }  # fmt: skip
        order.paid_on = paid.paid_at.astimezone(SHANGHAI).date()
        fits = paid.amount == total(order)
        await repository.move(
            session, order, State.PAID if fits else State.REFUND_DUE, None if fits else AMOUNT_DIFFERS
        )
        log.info("payment_arrived", method=order.method, state=order.state)
    return order


async def book(order: PaymentOrder, *, asked: bool = False) -> PaymentOrder:
    """Have the core system book what has arrived; what it refuses is due back, what it does not answer is tried again.

    Anything that is not waiting to be booked stays as it is. Unless the payer has just `asked`, they are told.
    """
    if order.state != State.PAID or order.arrived is None:
        return order
    paid_at = datetime.fromisoformat(order.arrived["paid_at"])
    amount, late_fee = amounts(order)
    request = SettlementRequest(
        request_id=number_of(order), taxpayer_id=order.taxpayer_id,
        charge_ids=tuple(one["charge_id"] for one in order.sheet["items"]), amount=amount, late_fee=late_fee,
        paid_at=paid_at, method=order.method, reference=order.arrived["transaction_id"],
    )  # fmt: skip
    try:
        return await _booked(order.id, await tax_core().settle(request), asked=asked)
    except CoreRefusal as refusal:
        log.error("payment_booking_refused", code=refusal.code, order=number_of(order))
        async with transaction() as session:
            current = await repository.locked(session, order.id)
            assert current is not None
            if current.state == State.PAID:
                await repository.move(session, current, State.REFUND_DUE, refusal.code)
                if not asked:
                    await tell(session, current)
        return current
    except GatewayError as error:
        _trouble(order, "settle", error)
        return await reread(order.id)


async def _booked(order_id: UUID, settlement: Settlement, *, asked: bool) -> PaymentOrder:
    async with transaction() as session:
        order = await repository.locked(session, order_id)
        assert order is not None
        if order.state in (State.BOOKED, State.REFUND_DUE):
            return order
        if order.arrived is None:
            # a debit: taken and booked in one
            order.arrived = {
                "transaction_id": settlement.request_id, "amount": str(settlement.amount + settlement.late_fee),
                "paid_at": settlement.booked_at.isoformat(),
            }  # fmt: skip
            order.paid_on = settlement.booked_at.astimezone(SHANGHAI).date()
        if order.state != State.PAID:
            await repository.move(session, order, State.PAID)
        order.receipt = {"number": settlement.receipt_number, "booked_at": settlement.booked_at.isoformat()}
        await repository.move(session, order, State.BOOKED)
        if not asked:
            await tell(session, order)
        log.info("payment_booked", method=order.method)
    return order


async def look(order: PaymentOrder, *, asked: bool = False) -> PaymentOrder:
    """Ask afresh where an open order stands and take the next step; trouble leaves it for the next time.

    Unless the payer has just `asked` for it in their chat, they are told there what came of it.
    """
    if order.state == State.PAID:
        return await book(order, asked=asked)
    if order.state == State.CREATED:
        return await withdraw(order, State.EXPIRED) if expired(order) else order
    if order.state != State.AWAITING:
        return order
    if order.method == Method.TRIPARTITE:
        return await _debit(order, asked=asked)
    channel = channel_of(order)
    if channel is None:
        return order
    try:
        standing = await channel.query(number_of(order))
    except GatewayError as error:
        _trouble(order, "query", error)
        return order
    if isinstance(standing, Paid):
        return await book(await arrived(order.id, standing), asked=asked)
    if isinstance(standing, Closed):
        return await _give_up(order, State.EXPIRED if expired(order) else State.CLOSED)
    assert isinstance(standing, NotYet | Unknown)
    return await withdraw(order, State.EXPIRED) if expired(order) else order


async def withdraw(order: PaymentOrder, target: State) -> PaymentOrder:
    """Close an order that nobody has paid; what was paid at the last moment is booked instead.

    An order that the party never said to be ready for is closed here even when the party cannot be reached: nobody has
    seen what to pay it with.
    """
    channel = channel_of(order)
    if channel is not None:
        try:
            standing = await channel.close(number_of(order))
        except GatewayError as error:
            _trouble(order, "close", error)
            if order.state != State.CREATED:
                return order
        else:
            if isinstance(standing, Paid):
                return await book(await arrived(order.id, standing))
    return await _give_up(order, target)


def _trouble(order: PaymentOrder, step: str, error: GatewayError) -> None:
    log.warning("payment_step_failed", step=step, method=order.method, error=type(error).__name__, reason=error.reason)

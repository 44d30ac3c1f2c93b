"""What a payment says to people: the sheet before it, the order, its state."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hub.bureau import bureau
from hub.kit import clock
from hub.skills import Button
from services.payment import wording
from services.payment.choices import due_words
from services.payment.dues import Due, expiry
from services.payment.models import Method, State
from services.payment.schemas import OrderRead

PAY, STATUS = "pay_tax", "payment_status"
HUMAN = Button(wording.TALK_TO_HUMAN, "intent:talk_to_human")
_AGAIN = frozenset({State.FAILED, State.EXPIRED, State.CLOSED, State.CREATED})


def sheet(taxpayer: str, dues: Sequence[Due], method: Method) -> str:
    """What is confirmed: for whom, what, how much, by which way, to whom."""
    amount = sum((due.amount for due in dues), Decimal("0.00"))
    fee = sum((due.late_fee for due in dues), Decimal("0.00"))
    lines = [wording.PREVIEW_HEAD, wording.PAYER.format(taxpayer=taxpayer)]
    lines += [
        wording.ITEM.format(
            title=due.title, amount=due.amount, due=due_words(due),
            fee=wording.FEE.format(fee=due.late_fee) if due.late_fee else "",
        )
        for due in dues
    ]  # fmt: skip
    lines += [
        _total(amount, fee),
        wording.METHOD.format(method=wording.METHODS[method]),
        wording.PAYEE.format(bureau=bureau().name),
    ]
    if method is Method.TRIPARTITE:
        lines.append(wording.DEBIT_AT_ONCE)
    else:
        lines.append(wording.VALID_UNTIL.format(until=clock.shown(expiry(dues, method))))
    return "\n".join(lines)


def _total(amount: Decimal, fee: Decimal) -> str:
    parts = wording.TOTAL_FEE.format(amount=amount, fee=fee) if fee else ""
    return wording.TOTAL.format(total=amount + fee, fee=parts)


def order_text(order: OrderRead) -> str:
    """Where an order stands and what to do next."""
    method = wording.METHODS[order.method]
    if order.state is State.AWAITING and order.opened is None:
        lines = [wording.DEBIT_UNDER_WAY]
    else:
        lines = [wording.HEADLINE[order.state].format(method=method)]
    if order.reason:
        lines.append(wording.REASONS.get(order.reason, wording.OTHER_REASON))
    lines += [wording.PAYER.format(taxpayer=order.taxpayer), *(f"· {charge.title}" for charge in order.charges)]
    lines += [_total(order.amount, order.late_fee), wording.METHOD.format(method=method)]
    if order.opened:
        opened = wording.OPENED[order.opened.kind].format(
            method=method, content=order.opened.content, page=order.opened.page
        )
        lines += [opened, wording.VALID_UNTIL.format(until=clock.shown(order.expires_at))]
    if order.paid_at:
        lines.append(wording.PAID_AT.format(at=clock.shown(order.paid_at)))
    if order.receipt_number and order.booked_at:
        lines.append(wording.RECEIPT.format(number=order.receipt_number, at=clock.shown(order.booked_at)))
    lines.append(wording.ORDER_NUMBER.format(number=order.id.hex))
    return "\n".join(lines)


def buttons(order: OrderRead) -> tuple[Button, ...]:
    """What to do next."""
    if order.state in _AGAIN:
        return (Button(wording.PAY_AGAIN, f"skill:{PAY}"), HUMAN)
    if order.state is State.AWAITING and order.opened:
        return (Button(wording.I_PAID, f"skill:{STATUS}"), HUMAN)
    if order.state in (State.AWAITING, State.PAID):
        return (Button(wording.LOOK_AGAIN, f"skill:{STATUS}"), HUMAN)
    return (HUMAN,)

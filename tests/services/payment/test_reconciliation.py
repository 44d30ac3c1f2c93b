"""A day's statements against our orders."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest

from services.gateways.behaviour import Mode
from services.gateways.payments.models import LedgerState, Notices, Party
from services.gateways.payments.registry import payment_channel
from services.gateways.payments.sandbox import ledger
from services.gateways.tax_core.wire import Operation
from services.payment import reconciliation
from services.payment.commands import KINDS, STATES
from services.payment.models import Method
from services.payment.reconciliation import Kind, found, reconcile, reconcile_yesterday
from services.payment.schemas import Finding
from tests.services.inspection import TODAY
from tests.services.payment.payer import order, pay, pay_unnoticed, rows
from tests.services.payments import a_bill, tell
from tests.services.tax_core import JINXI, QINGCHUAN, tell_core


async def compared(method: Method = Method.WECHAT) -> tuple[str, list[Finding]]:
    """What comparing today finds for one channel."""
    [one] = [one for one in await reconcile(TODAY, "staff:tests") if one.method is method]
    return one.state, one.findings


async def test_what_both_sides_know_balances(paying: str) -> None:
    await pay(await order(JINXI))
    await pay(await order(QINGCHUAN, method="alipay"))
    for one in await reconcile(TODAY, "staff:tests"):
        assert (one.state, one.findings) == ("balanced", [])
        assert one.rows == (1 if one.method in (Method.WECHAT, Method.ALIPAY) else 0)
    assert len(await found(TODAY)) == 5
    assert await found(TODAY - timedelta(days=1)) == []


async def test_money_that_we_missed_is_caught_up_and_booked(paying: str) -> None:
    placed = await order(JINXI)
    await pay_unnoticed(placed)
    state, findings = await compared()
    assert (state, [one.kind for one in findings]) == ("different", [Kind.CAUGHT_UP])
    assert findings[0].order == placed.id.hex
    assert rows(paying, "select state from payment_order") == [("booked",)]
    assert await compared() == ("balanced", [])


async def test_yesterday_is_compared_once_and_a_late_statement_is_asked_for_again(
    paying: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pay_unnoticed(await order(JINXI))
    monkeypatch.setattr(reconciliation, "clock", Clock)
    await tell("wechat", Mode.DOWN)
    assert await reconcile_yesterday()
    states = {one.method: one.state for one in await found(TODAY)}
    assert states.pop(Method.WECHAT) == "unavailable"
    assert set(states.values()) == {"balanced"}
    await tell("wechat")
    assert await reconcile_yesterday()
    assert rows(paying, "select state from payment_order") == [("booked",)]
    assert not await reconcile_yesterday()


class Clock:
    """The day after."""

    @staticmethod
    def today() -> date:
        return TODAY + timedelta(days=1)


async def test_money_under_a_number_that_is_not_ours_is_reported(paying: str) -> None:
    bill = a_bill()
    await payment_channel("wechat").open(bill)
    await ledger.pay(Party.WECHAT, bill.order_id)
    state, findings = await compared()
    assert state == "different"
    assert [(one.kind, one.order, one.there, one.here) for one in findings] == [
        (Kind.UNKNOWN_HERE, bill.order_id, Decimal("12.34"), None)
    ]


async def test_money_that_the_party_does_not_know_is_reported(paying: str) -> None:
    placed = await order(JINXI)
    await pay(placed)
    with psycopg.connect(paying) as connection:
        connection.execute("update sandbox_payment set state = %s, day = null", [LedgerState.CLOSED])
    state, findings = await compared()
    assert state == "different"
    assert [(one.kind, one.order) for one in findings] == [(Kind.MISSING_THERE, placed.id.hex)]


async def test_another_amount_is_reported(paying: str) -> None:
    await tell("wechat", notices=Notices.WRONG_AMOUNT)
    placed = await order(JINXI)
    await pay(placed)
    _, findings = await compared()
    assert [(one.kind, one.there, one.here) for one in findings] == [
        (Kind.AMOUNT_DIFFERS, placed.total - Decimal("0.01"), placed.total)
    ]


async def test_money_that_cannot_be_booked_is_reported(paying: str) -> None:
    await tell_core(Mode.DOWN, operation=Operation.SETTLE)
    await pay(await order(JINXI))
    _, findings = await compared()
    assert [one.kind for one in findings] == [Kind.NOT_BOOKED]
    await tell_core(operation=Operation.SETTLE)
    assert await compared() == ("balanced", [])


async def test_money_that_is_due_back_is_reported(paying: str) -> None:
    first = await order(JINXI, method="alipay")
    second = await order(JINXI)
    await pay(first)
    await pay(second)
    _, findings = await compared()
    assert [(one.kind, one.order) for one in findings] == [(Kind.REFUND_DUE, second.id.hex)]


async def test_a_statement_that_cannot_be_had_is_said(paying: str) -> None:
    await tell("wechat", Mode.DOWN)
    assert await compared() == ("unavailable", [])
    await tell("wechat")
    assert await compared() == ("balanced", [])


def test_every_finding_has_its_words() -> None:
    assert set(KINDS) == set(Kind)
    assert set(STATES) == {"balanced", "different", "unavailable"}

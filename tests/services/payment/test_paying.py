"""From the order to the receipt, by every way of paying, and what happens when something goes wrong on the way."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import httpx
import pytest

from hub.kit import clock, db
from hub.kit.idempotency import IdempotencyKeyReused
from hub.settings import ROOT, get_settings
from services.calculations.service import CalculationNotFound, explained
from services.gateways import registry as gateways
from services.gateways.behaviour import Mode
from services.gateways.payments.models import Notices, Party
from services.gateways.payments.registry import close_payment_channels
from services.gateways.payments.sandbox import ledger
from services.gateways.registry import tax_core
from services.gateways.tax_core.protocol import Settlement
from services.gateways.tax_core.wire import Operation
from services.payment import dues, repository, service, settling
from services.payment.models import PaymentOrder, State
from services.payment.schemas import OrderRead
from tests.services.inspection import TODAY
from tests.services.payment.payer import WANG, acting_for, door, order, pay, pay_unnoticed, rows, settlements
from tests.services.payment.repeat import MARK
from tests.services.payments import peer_of, tell
from tests.services.tax_core import JINXI, NOODLES, QINGCHUAN, SUNHAO, tell_core

WALLETS = ["wechat", "alipay", "online_bank", "bank_transfer", "pos"]


async def status(taxpayer_id: str = QINGCHUAN) -> OrderRead:
    """The latest order, asked afresh."""
    found = await service.latest(acting_for(taxpayer_id))
    assert found is not None
    return found


def later(by: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass."""
    moment = clock.now() + by
    monkeypatch.setattr(clock, "now", lambda: moment)


async def test_what_is_due_carries_late_fees_to_the_day(paying: str) -> None:
    [charge] = await tax_core().charges(JINXI)
    found = await service.due_list(acting_for(JINXI))
    [due] = found.charges
    assert charge.due_on < TODAY
    days = (TODAY - charge.due_on).days
    assert (due.charge_id, due.amount) == (charge.charge_id, Decimal("4452.00"))
    assert due.late_fee == (Decimal("4452.00") * days * Decimal("0.0005")).quantize(Decimal("0.01"))
    assert found.total == due.amount + due.late_fee
    assert [*found.methods] == ["tripartite", *WALLETS[:2], "bank_transfer", "online_bank", "pos"]
    assert "tripartite" not in (await service.due_list(acting_for(NOODLES))).methods


@pytest.mark.parametrize("method", WALLETS)
async def test_money_arrives_by_notice_and_is_booked(paying: str, method: str) -> None:
    placed = await order(JINXI, method=method)
    assert placed.state is State.AWAITING
    assert placed.opened is not None
    assert placed.late_fee > 0
    await pay(placed)
    booked = await status(JINXI)
    assert (booked.id, booked.state) == (placed.id, State.BOOKED)
    assert booked.receipt_number
    assert booked.opened is None
    assert await tax_core().charges(JINXI) == []
    receipt = await service.receipt_of(acting_for(JINXI), placed.id)
    assert (receipt.number, receipt.amount) == (booked.receipt_number, Decimal("4452.00"))
    kept = await tax_core().settlement(JINXI, placed.id.hex)
    assert kept is not None
    assert (kept.amount, kept.late_fee) == (placed.amount, placed.late_fee)


async def test_direct_debit_is_booked_at_once_and_once(paying: str) -> None:
    placed = await order(method="tripartite", key="act-1")
    assert placed.state is State.BOOKED
    again = await asyncio.gather(*(order(method="tripartite", key="act-1") for _ in range(4)))
    assert all(one == placed for one in again)
    assert settlements(paying) == 1


async def test_a_debit_without_money_fails_and_says_why(paying: str) -> None:
    placed = await order(JINXI, method="tripartite")
    assert (placed.state, placed.reason) == (State.FAILED, "insufficient_funds")
    assert (await order(JINXI)).state is State.AWAITING


async def test_there_is_no_debit_without_agreement(paying: str) -> None:
    with pytest.raises((service.MethodNotOpen, dues.NothingDue)):
        await order(NOODLES, method="tripartite")
    with pytest.raises(dues.NothingDue):
        await order(SUNHAO)


async def test_repeats_at_the_same_time_are_one_order(paying: str) -> None:
    placed = await asyncio.gather(*(order(key="act-1") for _ in range(5)))
    assert len({one.id for one in placed}) == 1
    assert rows(paying, "select count(*) from payment_order") == [(1,)]
    assert rows(paying, "select count(*) from sandbox_payment") == [(1,)]
    with pytest.raises(IdempotencyKeyReused):
        await order(key="act-1", method="alipay")


async def test_repeats_from_two_processes_are_one_order_and_one_booking(paying: str) -> None:
    await service.due_list(acting_for())
    patience = {"HUB_CORE_TIMEOUT_SECONDS": "240", "HUB_PAYMENT_TIMEOUT_SECONDS": "240"}
    command = [sys.executable, "-m", "tests.services.payment.repeat", "act-1", clock.now().isoformat()]
    others = [
        await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=os.environ | patience, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    lines = [line for other in others for line in (await other.communicate())[0].decode().splitlines()]
    told = {line.removeprefix(MARK) for line in lines if line.startswith(MARK)}
    assert [other.returncode for other in others] == [0, 0]
    assert told == {(await order(key="act-1", method="tripartite")).id.hex}
    assert settlements(paying) == 1


async def test_a_repeat_that_comes_as_the_first_is_done_gets_its_answer(
    paying: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_key = repository.by_key
    first: list[OrderRead] = []

    async def overtaken(session: Any, key_hash: str) -> PaymentOrder | None:
        found = await by_key(session, key_hash)
        if not first:
            monkeypatch.setattr(repository, "by_key", by_key)
            first.append(await order(method="tripartite", key="act-1"))
        return found

    monkeypatch.setattr(repository, "by_key", overtaken)
    assert await order(method="tripartite", key="act-1") == first[0]
    assert first[0].state is State.BOOKED
    assert settlements(paying) == 1


async def test_notices_three_times_over_book_once(paying: str) -> None:
    placed = await order()
    await tell("wechat", notices=Notices.DUPLICATE)
    await pay(placed)
    assert (await status()).state is State.BOOKED
    assert settlements(paying) == 1


async def test_a_lost_notice_is_found_by_asking(paying: str) -> None:
    placed = await order(JINXI, method="alipay")
    await pay_unnoticed(placed)
    assert (await status(JINXI)).state is State.BOOKED


async def test_a_lost_notice_is_found_by_the_worker(paying: str) -> None:
    placed = await order(JINXI)
    assert await service.resolve_open_orders() == 0
    await pay_unnoticed(placed)
    assert await service.resolve_open_orders() == 1
    assert rows(paying, "select state from payment_order") == [("booked",)]


async def test_a_late_notice_changes_nothing_any_more(paying: str) -> None:
    placed = await order(JINXI)
    await tell("wechat", notices=Notices.HELD)
    await pay(placed)
    assert rows(paying, "select state from payment_order") == [("awaiting",)]
    booked = await status(JINXI)
    assert booked.state is State.BOOKED
    entry = await ledger.find(Party.WECHAT, placed.id.hex)
    assert entry is not None
    assert await peer_of("wechat").tell(entry, httpx.ASGITransport(door())) == 200
    assert await status(JINXI) == booked
    assert settlements(paying) == 1


async def test_a_round_sees_every_order_on_and_one_that_is_stuck_keeps_nobody(
    paying: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = [await order(JINXI), await order(QINGCHUAN, method="alipay")]
    for one in placed:
        await pay_unnoticed(one)
    look = settling.look

    async def stuck(row: PaymentOrder) -> PaymentOrder:
        if row.id == placed[0].id:
            raise ConnectionAbortedError
        return await look(row)

    with monkeypatch.context() as patch:
        patch.setattr(settling, "look", stuck)
        assert await service.resolve_open_orders() == 1
    assert sum(await asyncio.gather(*(service.resolve_open_orders() for _ in range(3)))) >= 1
    assert rows(paying, "select distinct state from payment_order") == [("booked",)]
    assert settlements(paying) == 2


async def test_a_wrong_amount_is_due_back_and_the_charge_can_be_paid_again(paying: str) -> None:
    placed = await order(JINXI)
    await tell("wechat", notices=Notices.WRONG_AMOUNT)
    await pay(placed)
    held = await status(JINXI)
    assert (held.state, held.reason) == (State.REFUND_DUE, "amount_differs")
    assert [one.id for one in await service.to_return("staff:tests")] == [placed.id]
    assert settlements(paying) == 0
    await tell("wechat")
    await pay(await order(JINXI))
    assert (await status(JINXI)).state is State.BOOKED


@pytest.mark.parametrize("mode", [Mode.DOWN, Mode.ERROR, Mode.GARBAGE])
async def test_money_that_arrived_waits_for_the_core_system(paying: str, mode: Mode) -> None:
    placed = await order(JINXI)
    await tell_core(mode, operation=Operation.SETTLE)
    await pay(placed)
    assert (await status(JINXI)).state is State.PAID
    assert await service.resolve_open_orders() == 0
    # garbage: the core system has booked it and knows of no debt any more; else the order is in the way
    with pytest.raises(dues.NothingDue if mode is Mode.GARBAGE else service.AlreadyPaying):
        await order(JINXI)
    await tell_core(operation=Operation.SETTLE)
    assert await service.resolve_open_orders() == 1
    assert (await status(JINXI)).state is State.BOOKED
    assert settlements(paying) == 1


async def test_a_slow_debit_is_resolved_and_taken_once(paying: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(get_settings(), "core_timeout_seconds", 2.0)
        gateways.tax_core.cache_clear()
        await tell_core(delay_ms=6_000, operation=Operation.DEBIT)
        placed = await order(method="tripartite", key="act-1")
    gateways.tax_core.cache_clear()
    assert (placed.state, placed.opened) == (State.AWAITING, None)
    await tell_core(operation=Operation.DEBIT)
    assert await service.resolve_open_orders() == 1
    assert (await order(method="tripartite", key="act-1")).state is State.BOOKED
    assert settlements(paying) == 1


async def test_a_debit_that_never_reached_the_core_system_ends_with_its_time(
    paying: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tell_core(Mode.DOWN, operation=Operation.DEBIT)
    placed = await order(method="tripartite")
    assert placed.state is State.AWAITING
    with pytest.raises(service.AlreadyPaying):
        await order()
    later(timedelta(minutes=31), monkeypatch)
    assert (await status()).state is State.EXPIRED
    assert (await order()).state is State.AWAITING


@pytest.mark.parametrize("mode", [Mode.DOWN, Mode.ERROR, Mode.GARBAGE])
async def test_a_party_in_trouble_leaves_the_act_to_be_repeated(paying: str, mode: Mode) -> None:
    await tell("wechat", mode)
    placed = await order(key="act-1")
    assert (placed.state, placed.opened) == (State.CREATED, None)
    await tell("wechat")
    again = await order(key="act-1")
    assert (again.id, again.state) == (placed.id, State.AWAITING)


async def test_a_party_in_trouble_does_not_keep_people_from_another(paying: str) -> None:
    await tell("wechat", Mode.DOWN)
    first = await order(JINXI)
    second = await order(JINXI, method="alipay")
    assert second.state is State.AWAITING
    assert (await service.order_of(acting_for(JINXI), first.id)).state is State.CLOSED


async def test_a_new_order_closes_the_old_one(paying: str) -> None:
    first = await order()
    second = await order(method="alipay")
    assert second.state is State.AWAITING
    assert (await service.order_of(acting_for(), first.id)).state is State.CLOSED
    with pytest.raises(ledger.NotPayable):
        await pay(first)
    assert rows(paying, "select count(*) from payment_order_charge where open") == [(1,)]


async def test_an_order_that_cannot_be_closed_now_stays(paying: str) -> None:
    first = await order()
    await tell("wechat", Mode.DOWN)
    with pytest.raises(service.OrderInTheWay):
        await order(method="alipay")
    await tell("wechat")
    assert (await service.order_of(acting_for(), first.id)).state is State.AWAITING


async def test_an_old_order_that_was_paid_is_booked_instead(paying: str) -> None:
    first = await order(JINXI)
    await pay_unnoticed(first)
    with pytest.raises(service.AlreadyPaying):
        await order(JINXI, method="alipay")
    assert (await status(JINXI)).state is State.BOOKED


async def test_money_for_a_code_that_was_closed_is_booked_or_due_back(paying: str) -> None:
    # Alipay cannot close a code that nobody has scanned: it can still be paid
    first = await order(JINXI, method="alipay")
    second = await order(JINXI)
    await pay(first)
    assert (await service.order_of(acting_for(JINXI), first.id)).state is State.BOOKED
    await pay(second)
    told = await service.order_of(acting_for(JINXI), second.id)
    assert (told.state, told.reason) == (State.REFUND_DUE, "already_paid")
    assert settlements(paying) == 1


async def test_an_order_ends_with_its_time(paying: str, monkeypatch: pytest.MonkeyPatch) -> None:
    placed = await order()
    assert placed.expires_at - clock.now() == timedelta(minutes=30)
    later(timedelta(minutes=29), monkeypatch)
    assert await service.resolve_open_orders() == 0
    later(timedelta(minutes=1), monkeypatch)
    assert await service.resolve_open_orders() == 1
    assert (await status()).state is State.EXPIRED


async def test_money_of_the_last_moment_is_booked(paying: str, monkeypatch: pytest.MonkeyPatch) -> None:
    placed = await order(JINXI)
    await pay_unnoticed(placed)
    later(timedelta(hours=1), monkeypatch)
    assert (await status(JINXI)).state is State.BOOKED


async def test_codes_live_longer_but_never_beyond_the_amounts(paying: str, monkeypatch: pytest.MonkeyPatch) -> None:
    late = await order(JINXI, method="bank_transfer")
    assert clock.shown(late.expires_at) == "2026-11-22 23:59"
    moment = datetime(2026, 11, 22, 15, 58, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    with pytest.raises(dues.TooLateToday):
        await order(JINXI)


async def test_a_part_can_be_paid_and_the_rest_stays(paying: str) -> None:
    placed = await order(JINXI, part="1000")
    assert placed.amount == Decimal("1000.00")
    days = (TODAY - placed.charges[0].due_on).days
    assert placed.late_fee == (Decimal(1000) * days * Decimal("0.0005")).quantize(Decimal("0.01"))
    await pay(placed)
    [rest] = (await service.due_list(acting_for(JINXI))).charges
    assert rest.amount == Decimal("3452.00")
    with pytest.raises(dues.PartNotPossible):
        await order(JINXI, part="3452.01")


async def test_what_is_another_taxpayers_is_not_there(paying: str) -> None:
    placed = await order(JINXI)
    stranger = acting_for(QINGCHUAN)
    for asked in (service.order_of, service.withdraw, service.receipt_of):
        with pytest.raises(service.OrderNotFound):
            await asked(stranger, placed.id)
    with pytest.raises(dues.ChargeNotFound):
        await order(QINGCHUAN, charges=placed.charges[0].charge_id)
    assert (await service.order_of(acting_for(JINXI), placed.id)).state is State.AWAITING
    assert placed.trace_id is not None
    assert (await explained(placed.trace_id, owner=WANG)).calculator == "late_fee"
    with pytest.raises(CalculationNotFound):
        await explained(placed.trace_id)


async def test_an_order_can_be_withdrawn_unless_money_has_moved(paying: str) -> None:
    placed = await order(JINXI)
    assert (await service.withdraw(acting_for(JINXI), placed.id)).state is State.CLOSED
    paid = await order(JINXI)
    await pay(paid)
    assert (await service.withdraw(acting_for(JINXI), paid.id)).state is State.BOOKED


@pytest.mark.parametrize("lost", ["_opened", "_booked"])
async def test_a_crash_between_two_steps_loses_and_doubles_nothing(
    paying: str, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object, **__: object) -> None:
        raise ConnectionAbortedError

    with monkeypatch.context() as patch:
        patch.setattr(settling, lost, crash)
        if lost == "_booked":
            with pytest.raises(ConnectionAbortedError):
                await order(method="tripartite", key="act-1")
        else:
            with pytest.raises(ConnectionAbortedError):
                await order(key="act-1")
    again = await order(method="tripartite" if lost == "_booked" else "wechat", key="act-1")
    assert again.state is (State.BOOKED if lost == "_booked" else State.AWAITING)
    assert rows(paying, "select count(*) from payment_order") == [(1,)]
    assert settlements(paying) == (1 if lost == "_booked" else 0)


async def test_a_crash_after_the_money_was_booked_is_put_right(paying: str, monkeypatch: pytest.MonkeyPatch) -> None:
    placed = await order(JINXI)
    await pay_unnoticed(placed)
    move = repository.move

    async def crash_at_the_end(session: Any, row: Any, target: State, reason: str | None = None) -> None:
        if target is State.BOOKED:
            raise ConnectionAbortedError
        await move(session, row, target, reason)

    with monkeypatch.context() as patch:
        patch.setattr(repository, "move", crash_at_the_end)
        assert await service.resolve_open_orders() == 0
    assert rows(paying, "select state from payment_order") == [("paid",)]
    assert await service.resolve_open_orders() == 1
    assert settlements(paying) == 1


async def test_no_connection_is_held_while_others_are_asked(paying: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    core = tax_core()

    class Watched:
        def __getattr__(self, name: str) -> Any:
            async def asked(*args: Any, **kwargs: Any) -> Settlement:
                held.append(cast(Any, db.engine().pool).checkedout())
                return cast(Settlement, await getattr(core, name)(*args, **kwargs))

            return asked

    for module in (dues, settling):
        monkeypatch.setattr(module, "tax_core", Watched)
    await pay(await order(JINXI))
    assert held
    assert set(held) == {0}


async def test_nothing_readable_is_kept(paying: str) -> None:
    placed = await order(JINXI)
    await pay(placed)
    # With its point the sum cannot come up by chance among the digits of a ciphertext.
    total = f"{placed.total:.2f}"
    kept = rows(paying, "select o::text || c::text from payment_order o, payment_order_charge c, sandbox_payment s")
    found = rows(paying, "select s::text from sandbox_payment s") + kept
    for secret in (total, "4452.00", "锦溪", "增值税"):
        for (text,) in found:
            assert secret not in text
            assert secret.encode().hex() not in text


async def test_channels_can_be_closed_and_opened_again(paying: str) -> None:
    await close_payment_channels()
    assert (await order()).state is State.AWAITING

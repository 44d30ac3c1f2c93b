"""What every core system gateway must do with money; on both implementations, as `test_tax_core_gateway.py`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from hub.kit import clock
from services.gateways.errors import GatewayTimeout
from services.gateways.tax_core.protocol import (
    ChargeState,
    CoreRefusal,
    Refusal,
    Settlement,
    TaxCoreGateway,
)
from services.gateways.tax_core.wire import Operation
from tests.services.inspection import TODAY, stand_on
from tests.services.tax_core import (
    JINXI,
    NOODLES,
    QINGCHUAN,
    TOTAL,
    a_debit,
    a_payment,
    a_return,
    balance,
    charge_of,
    obligation_id,
    put_into_account,
    refused,
    tell_core,
    vat,
)

CENT = Decimal("0.01")


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_on(TODAY, monkeypatch)


async def test_charges_come_by_due_day_and_paid_ones_only_when_asked_for(core: TaxCoreGateway) -> None:
    everything = await core.charges(QINGCHUAN, unpaid_only=False)
    assert [item.due_on for item in everything] == sorted(item.due_on for item in everything)
    unpaid = await core.charges(QINGCHUAN)
    assert [(item.title, item.amount) for item in unpaid] == [("印花税（2026年第三季度）", Decimal(30))]
    assert [item for item in everything if item.state is not ChargeState.PAID] == unpaid


async def test_a_payment_is_booked_with_a_receipt(core: TaxCoreGateway) -> None:
    (charge,) = await core.charges(QINGCHUAN)
    request = a_payment(charge, late_fee=Decimal("0.41"))
    booked = await core.settle(request)
    assert (booked.request_id, booked.amount, booked.late_fee) == (request.request_id, Decimal(30), Decimal("0.41"))
    assert booked.booked_at == clock.now()
    assert booked.receipt_number.startswith("WS-20261122-")
    assert list(await core.charges(QINGCHUAN)) == []
    assert await core.settlement(QINGCHUAN, request.request_id) == booked
    assert await core.settlement(NOODLES, request.request_id) is None


async def test_a_part_may_be_paid_and_goes_to_what_is_due_first(core: TaxCoreGateway) -> None:
    filed = await core.file(a_return())
    stamp = next(item for item in await core.charges(QINGCHUAN) if item.return_id != filed.return_id)
    vat_charge = await charge_of(core, filed)
    assert stamp.due_on == vat_charge.due_on
    await core.settle(a_payment(stamp, vat_charge, amount=Decimal("100.00")))
    states = Counter(item.state for item in await core.charges(QINGCHUAN))
    assert sum((item.amount - item.paid for item in await core.charges(QINGCHUAN)), Decimal(0)) == TOTAL + 30 - 100
    assert states[ChargeState.PARTLY_PAID] == 1
    await core.settle(a_payment(*await core.charges(QINGCHUAN)))
    assert list(await core.charges(QINGCHUAN)) == []


BAD_PAYMENTS: tuple[tuple[dict[str, object], Refusal], ...] = (
    ({"amount": Decimal("30.01")}, Refusal.AMOUNTS_DO_NOT_FIT),
    ({"amount": Decimal("0.00")}, Refusal.AMOUNTS_DO_NOT_FIT),
    ({"amount": Decimal("-1.00")}, Refusal.AMOUNTS_DO_NOT_FIT),
    ({"amount": Decimal("1.001")}, Refusal.AMOUNTS_DO_NOT_FIT),
    ({"late_fee": Decimal("-0.01")}, Refusal.AMOUNTS_DO_NOT_FIT),
    ({"charge_ids": ("no-such-charge",)}, Refusal.UNKNOWN_CHARGE),
    ({"charge_ids": ()}, Refusal.UNKNOWN_CHARGE),
    ({"taxpayer_id": NOODLES}, Refusal.UNKNOWN_CHARGE),
)


async def test_a_payment_that_does_not_fit_is_refused_and_leaves_no_trace(core: TaxCoreGateway) -> None:
    (charge,) = await core.charges(QINGCHUAN)
    for changes, code in BAD_PAYMENTS:
        request = a_payment(charge, **changes)
        assert (await refused(core.settle(request))).code is code, changes
        assert await core.settlement(request.taxpayer_id, request.request_id) is None
        debit = a_debit(charge, **changes)
        expected = Refusal.NO_AGREEMENT if debit.taxpayer_id == NOODLES else code
        assert (await refused(core.debit(debit))).code is expected, changes
    assert list(await core.charges(QINGCHUAN)) == [charge]


async def test_what_is_paid_is_not_paid_again(core: TaxCoreGateway) -> None:
    (charge,) = await core.charges(QINGCHUAN)
    await core.settle(a_payment(charge))
    assert (await refused(core.settle(a_payment(charge)))).code is Refusal.ALREADY_PAID
    assert (await refused(core.debit(a_debit(charge)))).code is Refusal.ALREADY_PAID


async def test_a_surcharge_for_lateness_needs_lateness(core: TaxCoreGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    (charge,) = await core.charges(QINGCHUAN)
    in_time = clock.now() - (TODAY - charge.due_on)
    too_early = a_payment(charge, late_fee=CENT, paid_at=in_time)
    assert (await refused(core.settle(too_early))).code is Refusal.AMOUNTS_DO_NOT_FIT
    assert (await core.settle(replace(too_early, paid_at=in_time + timedelta(days=1)))).late_fee == CENT


async def test_one_request_is_one_payment_however_often_it_comes(core: TaxCoreGateway) -> None:
    (charge,) = await core.charges(QINGCHUAN)
    request = a_payment(charge, amount=Decimal("10.00"))
    first, *repeats = await asyncio.gather(*(core.settle(request) for _ in range(6)))
    assert all(repeat == first for repeat in repeats)
    assert [item.paid for item in await core.charges(QINGCHUAN)] == [Decimal(10)]
    changed = replace(request, amount=Decimal("11.00"))
    assert (await refused(core.settle(changed))).code is Refusal.REQUEST_REUSED
    as_debit = a_debit(charge, request_id=request.request_id)
    assert (await refused(core.debit(as_debit))).code is Refusal.REQUEST_REUSED


async def test_of_two_payments_at_the_same_time_one_is_refused(core: TaxCoreGateway) -> None:
    (charge,) = await core.charges(QINGCHUAN)
    answers = await asyncio.gather(*(core.settle(a_payment(charge)) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(answer, Settlement) for answer in answers) == 1
    assert [answer.code for answer in answers if isinstance(answer, CoreRefusal)] == [Refusal.ALREADY_PAID] * 3


async def test_a_debit_takes_the_money_once(core: TaxCoreGateway) -> None:
    (charge,) = await core.charges(QINGCHUAN)
    request = a_debit(charge, late_fee=Decimal("0.41"))
    first, *repeats = await asyncio.gather(*(core.debit(request) for _ in range(5)))
    assert all(repeat == first for repeat in repeats)
    assert (first.amount, first.late_fee) == (Decimal(30), Decimal("0.41"))
    assert await core.settlement(QINGCHUAN, request.request_id) == first
    assert list(await core.charges(QINGCHUAN)) == []
    assert await balance(QINGCHUAN) == Decimal("500000.00") - Decimal("30.41")


async def test_a_debit_needs_an_agreement(core: TaxCoreGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = obligation_id(NOODLES, "vat_small_scale", date(2026, 9, 30))
    filed = await core.file(a_return(taxpayer_id=NOODLES, obligation_id=wanted, items=vat("10.00")))
    charge = await charge_of(core, filed)
    assert (await refused(core.debit(a_debit(charge)))).code is Refusal.NO_AGREEMENT
    assert (await core.settle(a_payment(charge))).amount == Decimal(10)


async def test_a_debit_needs_funds_for_everything(core: TaxCoreGateway) -> None:
    (charge,) = await core.charges(JINXI)
    request = a_debit(charge, late_fee=Decimal("1.00"))
    assert (await refused(core.debit(request))).code is Refusal.INSUFFICIENT_FUNDS
    await put_into_account(JINXI, charge.amount)
    assert (await refused(core.debit(request))).code is Refusal.INSUFFICIENT_FUNDS
    assert (await core.charges(JINXI))[0].paid == 0
    await put_into_account(JINXI, charge.amount + 1)
    assert (await core.debit(request)).amount == charge.amount
    assert await balance(JINXI) == 0


async def test_a_slow_debit_took_the_money_once(
    open_core: Callable[[float], TaxCoreGateway], core: TaxCoreGateway
) -> None:
    (charge,) = await core.charges(QINGCHUAN)
    request = a_debit(charge)
    await tell_core(delay_ms=4_000, operation=Operation.DEBIT)
    with pytest.raises(GatewayTimeout):
        await open_core(1).debit(request)
    await tell_core()
    found = await core.settlement(QINGCHUAN, request.request_id)
    assert found is not None
    assert await core.debit(request) == found
    assert await balance(QINGCHUAN) == Decimal("500000.00") - 30

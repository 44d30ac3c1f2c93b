"""What every core system gateway must do: the sandbox, and the real client against the peer on a loopback port."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from hub.kit import clock
from services.gateways.behaviour import Mode
from services.gateways.errors import GatewayFault, GatewayTimeout, GatewayUnavailable
from services.gateways.tax_core.protocol import (
    ChargeState,
    CoreRefusal,
    Filed,
    ObligationState,
    Refusal,
    Role,
    TaxCoreGateway,
    TaxItem,
    TaxpayerKind,
    VatKind,
)
from services.gateways.tax_core.seed import people, person
from services.gateways.tax_core.wire import Operation
from tests.services.inspection import TODAY, stand_on
from tests.services.tax_core import (
    DEREGISTERED,
    ITEMS,
    NOODLES,
    QINGCHUAN,
    SONGJIAN,
    SUNHAO,
    THIRD_QUARTER,
    TOTAL,
    YEAR,
    YUANSHAN,
    YUNQI,
    ZHAOMIN,
    a_debit,
    a_payment,
    a_return,
    charge_of,
    credit,
    obligation,
    obligation_id,
    refused,
    tell_core,
    vat,
)

CENT = Decimal("0.01")


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_on(TODAY, monkeypatch)


# people and files


async def test_a_person_acts_for_themselves_first_and_for_others_by_role(core: TaxCoreGateway) -> None:
    found = await core.mandates(person("王小明").resident_id)
    assert [(item.name, item.kind, item.role) for item in found] == [
        ("王小明", TaxpayerKind.PERSON, Role.SELF),
        ("杭州晴川咨询有限公司", TaxpayerKind.COMPANY, Role.LEGAL_REPRESENTATIVE),
        ("杭州远山贸易有限公司", TaxpayerKind.COMPANY, Role.FINANCE_OFFICER),
    ]
    assert len(await core.mandates(person("李静").resident_id)) == 6
    assert [item.role for item in await core.mandates(person("孙浩").resident_id)] == [Role.SELF]


async def test_an_unknown_person_acts_for_nobody(core: TaxCoreGateway) -> None:
    stranger = person("孙浩").resident_id.replace("1999", "1998")
    assert stranger not in {known.resident_id for known in people()}
    assert list(await core.mandates(stranger)) == []


async def test_a_file_says_what_kind_of_taxpayer_it_is(core: TaxCoreGateway) -> None:
    found = await core.taxpayer(QINGCHUAN)
    assert (found.name, found.kind, found.vat) == ("杭州晴川咨询有限公司", TaxpayerKind.COMPANY, VatKind.SMALL_SCALE)
    assert (found.place, found.small_low_profit, found.bank_agreement) == ("city", True, True)
    assert found.registered_on == date(2021, 3, 18)
    assert (await core.taxpayer(YUANSHAN)).vat is VatKind.GENERAL
    assert (await core.taxpayer(NOODLES)).kind is TaxpayerKind.SOLE_TRADER
    assert (await core.taxpayer(SUNHAO)).credit_code == ""


@pytest.mark.parametrize("taxpayer_id", ["DJ99999999", DEREGISTERED])
async def test_unknown_and_deregistered_taxpayers_are_refused_everywhere(
    core: TaxCoreGateway, taxpayer_id: str
) -> None:
    for work in (
        core.taxpayer(taxpayer_id), core.obligations(taxpayer_id, *YEAR), core.figures(taxpayer_id, THIRD_QUARTER),
        core.returns(taxpayer_id, *YEAR), core.charges(taxpayer_id), core.file(a_return(taxpayer_id=taxpayer_id)),
        core.settle(a_payment(taxpayer_id=taxpayer_id, charge_ids=("x",), amount=Decimal(1))),
        core.debit(a_debit(taxpayer_id=taxpayer_id, charge_ids=("x",), amount=Decimal(1))),
    ):  # fmt: skip
        assert (await refused(work)).code is Refusal.UNKNOWN_TAXPAYER


# what is to be filed


async def test_obligations_come_by_due_day_with_the_shifts_of_the_calendar(core: TaxCoreGateway) -> None:
    found = await core.obligations(QINGCHUAN, *YEAR)
    assert [item.due_on for item in found] == sorted(item.due_on for item in found)
    due = {item.period_to: item.due_on for item in found if item.form == "vat_small_scale"}
    assert due == {
        date(2026, 3, 31): date(2026, 4, 20),
        date(2026, 6, 30): date(2026, 7, 15),
        date(2026, 9, 30): date(2026, 10, 26),
        date(2026, 12, 31): date(2027, 1, 15),
    }
    third = await core.obligations(QINGCHUAN, date(2026, 9, 1), date(2026, 9, 30))
    assert {item.form for item in third} == {"vat_small_scale", "cit_prepayment", "stamp", "iit_withholding"}
    assert {item.period_to for item in third} == {date(2026, 9, 30)}


async def test_what_was_filed_and_what_is_open_is_told_apart(core: TaxCoreGateway) -> None:
    open_one = await obligation(core, THIRD_QUARTER)
    assert (open_one.state, open_one.return_id) == (ObligationState.OPEN, None)
    assert (open_one.period_from, open_one.opens_on) == (date(2026, 7, 1), date(2026, 10, 1))
    returns = {item.obligation_id: item for item in await core.returns(QINGCHUAN, *YEAR)}
    for item in await core.obligations(QINGCHUAN, *YEAR):
        known = returns.get(item.obligation_id)
        assert (item.state, item.return_id) == (
            (ObligationState.OPEN, None) if known is None else (ObligationState.FILED, known.return_id)
        )


async def test_there_is_a_company_with_overdue_returns_and_a_person_with_nothing(core: TaxCoreGateway) -> None:
    late = [
        item.period_to for item in await core.obligations(SONGJIAN, *YEAR)
        if item.state is ObligationState.OPEN and item.due_on < TODAY
    ]  # fmt: skip
    assert late == [date(2026, 6, 30), date(2026, 9, 30)]
    assert list(await core.obligations(SUNHAO, *YEAR)) == []
    assert list(await core.charges(SUNHAO, unpaid_only=False)) == []


async def test_figures_are_there_for_every_obligation(core: TaxCoreGateway) -> None:
    found = await core.figures(QINGCHUAN, THIRD_QUARTER)
    assert found.obligation_id == THIRD_QUARTER
    assert found.values == {
        "on": "2026-09-30", "period": "quarter", "prices": "exclusive", "place": "city",
        "sales": "286000.00", "special_sales": "120000.00",
    }  # fmt: skip
    car = await core.figures(ZHAOMIN, obligation_id(ZHAOMIN, "vehicle_vessel", date(2026, 12, 31)))
    assert car.values["displacement"] == "1598"


async def test_another_taxpayers_obligation_is_as_unknown_as_one_that_does_not_exist(core: TaxCoreGateway) -> None:
    foreign = await refused(core.figures(NOODLES, THIRD_QUARTER))
    missing = await refused(core.figures(NOODLES, "DJ33010007-vat_small_scale-20260229"))
    assert (foreign.code, foreign.message) == (missing.code, missing.message)
    assert foreign.code is Refusal.UNKNOWN_OBLIGATION
    assert (await refused(core.file(a_return(taxpayer_id=NOODLES)))).code is Refusal.UNKNOWN_OBLIGATION


async def test_what_was_prepaid_follows_from_the_returns_of_the_year(core: TaxCoreGateway) -> None:
    third, fourth = (obligation_id(QINGCHUAN, "cit_prepayment", day) for day in (date(2026, 9, 30), YEAR[1]))
    assert (await core.figures(QINGCHUAN, third)).values["prepaid"] == "9500.00"
    items = (TaxItem("cit", "企业所得税", Decimal("6000.00")),)
    await core.file(a_return(obligation_id=third, form="cit_prepayment", items=items))
    assert (await core.figures(QINGCHUAN, fourth)).values["prepaid"] == "15500.00"


# returns


async def test_a_return_is_accepted_and_makes_something_payable(core: TaxCoreGateway) -> None:
    request = a_return()
    filed = await core.file(request)
    assert (filed.request_id, filed.obligation_id, filed.items) == (request.request_id, THIRD_QUARTER, ITEMS)
    assert (filed.total, filed.due_on, filed.replaces) == (TOTAL, date(2026, 10, 26), None)
    assert filed.accepted_at == clock.now()
    assert filed.receipt_number.startswith("HZ-20261122-")
    after = await obligation(core, THIRD_QUARTER)
    assert (after.state, after.return_id) == (ObligationState.FILED, filed.return_id)
    assert (await core.returns(QINGCHUAN, *YEAR))[0] == filed
    charge = next(item for item in await core.charges(QINGCHUAN) if item.return_id == filed.return_id)
    assert (charge.amount, charge.paid, charge.state) == (TOTAL, Decimal(0), ChargeState.UNPAID)
    assert (charge.due_on, charge.title) == (
        date(2026, 10, 26),
        "增值税及附加税费（小规模纳税人）（2026年第三季度）",
    )


async def test_a_zero_return_makes_nothing_payable(core: TaxCoreGateway) -> None:
    wanted = obligation_id(YUNQI, "vat_small_scale", date(2026, 9, 30))
    filed = await core.file(a_return(taxpayer_id=YUNQI, obligation_id=wanted, items=vat("0.00")))
    assert filed.total == 0
    assert list(await core.charges(YUNQI, unpaid_only=False)) == []


BAD_RETURNS: tuple[tuple[dict[str, object], Refusal], ...] = (
    ({"form": "vat_general"}, Refusal.WRONG_FORM),
    ({"items": (TaxItem("cit", "企业所得税", Decimal(1)),)}, Refusal.WRONG_FORM),
    ({"items": (*ITEMS, TaxItem("stamp", "印花税", Decimal(1)))}, Refusal.WRONG_FORM),
    ({"items": ITEMS[1:]}, Refusal.WRONG_FORM),
    ({"items": ()}, Refusal.WRONG_FORM),
    ({"items": vat("-0.01")}, Refusal.AMOUNTS_DO_NOT_FIT),
    ({"items": vat("0.001")}, Refusal.AMOUNTS_DO_NOT_FIT),
    ({"items": vat("1") * 2}, Refusal.AMOUNTS_DO_NOT_FIT),
    ({"items": (*vat("0.00"), ITEMS[1])}, Refusal.AMOUNTS_DO_NOT_FIT),
    ({"items": (ITEMS[0], replace(ITEMS[1], amount=Decimal("84.01")))}, Refusal.AMOUNTS_DO_NOT_FIT),
    ({"payload": {"total": "1242.01"}}, Refusal.AMOUNTS_DO_NOT_FIT),
    ({"payload": {"total": "没有"}}, Refusal.AMOUNTS_DO_NOT_FIT),
    ({"obligation_id": "DJ33010001-vat_small_scale-20261231"}, Refusal.NOT_YET_OPEN),
    ({"obligation_id": "DJ33010001-vat_small_scale-20260630"}, Refusal.ALREADY_FILED),
    ({"obligation_id": "DJ33010001-vat_small_scale-20251231"}, Refusal.UNKNOWN_OBLIGATION),
    ({"replaces": "no-such-return"}, Refusal.UNKNOWN_RETURN),
    ({"obligation_id": "DJ33010001-vat_small_scale-20260630", "replaces": "other"}, Refusal.UNKNOWN_RETURN),
)


async def test_a_return_that_breaks_a_rule_is_refused_and_leaves_no_trace(core: TaxCoreGateway) -> None:
    before = await core.returns(QINGCHUAN, *YEAR), await core.charges(QINGCHUAN, unpaid_only=False)
    request = a_return()
    for changes, code in BAD_RETURNS:
        assert (await refused(core.file(replace(request, **changes)))).code is code, changes  # type: ignore[arg-type]
        assert await core.filed(QINGCHUAN, request.request_id) is None
    assert (await core.returns(QINGCHUAN, *YEAR), await core.charges(QINGCHUAN, unpaid_only=False)) == before
    # the id of a refused request is free
    assert (await core.file(request)).total == TOTAL


async def test_the_full_rate_of_a_surcharge_is_still_accepted(core: TaxCoreGateway) -> None:
    full = (ITEMS[0], replace(ITEMS[1], amount=Decimal("84.00")))
    assert (await core.file(a_return(items=full, payload={"total": "1284.00"}))).total == Decimal(1284)


async def test_a_period_opens_on_the_day_after_its_end(core: TaxCoreGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    request = a_return(obligation_id=obligation_id(QINGCHUAN, "vat_small_scale", YEAR[1]))
    stand_on(date(2026, 12, 31), monkeypatch)
    assert (await refused(core.file(request))).code is Refusal.NOT_YET_OPEN
    stand_on(date(2027, 1, 1), monkeypatch)
    assert (await core.file(request)).due_on == date(2027, 1, 15)


async def test_yearly_vehicle_tax_is_filed_within_its_year(core: TaxCoreGateway) -> None:
    wanted = obligation_id(ZHAOMIN, "vehicle_vessel", YEAR[1])
    item = TaxItem("vehicle_vessel", "车船税", Decimal("300.00"))
    filed = await core.file(
        a_return(taxpayer_id=ZHAOMIN, obligation_id=wanted, form="vehicle_vessel", items=(item,), payload={})
    )
    assert (filed.total, filed.due_on) == (Decimal(300), date(2026, 12, 31))


async def test_one_request_is_one_return_however_often_it_comes(core: TaxCoreGateway) -> None:
    request = a_return()
    first, *repeats = await asyncio.gather(*(core.file(request) for _ in range(6)))
    assert all(repeat == first for repeat in repeats)
    same = replace(request, items=(replace(ITEMS[0], amount=Decimal("1.2E+3")), ITEMS[1]))
    assert await core.file(same) == first
    assert await core.filed(QINGCHUAN, request.request_id) == first
    assert Counter(item.obligation_id for item in await core.returns(QINGCHUAN, *YEAR))[THIRD_QUARTER] == 1
    assert sum(item.return_id == first.return_id for item in await core.charges(QINGCHUAN)) == 1


async def test_of_two_returns_at_the_same_time_one_is_refused(core: TaxCoreGateway) -> None:
    answers = await asyncio.gather(*(core.file(a_return()) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(answer, Filed) for answer in answers) == 1
    assert [answer.code for answer in answers if isinstance(answer, CoreRefusal)] == [Refusal.ALREADY_FILED] * 3


async def test_a_request_id_stands_for_one_return(core: TaxCoreGateway) -> None:
    request = a_return()
    await core.file(request)
    others: tuple[dict[str, object], ...] = (
        {"items": vat("1200.00")},
        {"payload": {"sales": "286000.00"}},
        {"filed_by": "李静（办税人员）"},
        {"taxpayer_id": NOODLES},
    )
    for changes in others:
        changed = replace(request, **changes)  # type: ignore[arg-type]
        assert (await refused(core.file(changed))).code is Refusal.REQUEST_REUSED, changes


async def test_what_became_of_a_request_is_told_to_its_taxpayer_only(core: TaxCoreGateway) -> None:
    request = a_return()
    assert await core.filed(QINGCHUAN, request.request_id) is None
    filed = await core.file(request)
    assert await core.filed(QINGCHUAN, request.request_id) == filed
    assert await core.filed(NOODLES, request.request_id) is None


# corrections


async def test_a_correction_replaces_the_return_and_its_charge(core: TaxCoreGateway) -> None:
    first = await core.file(a_return())
    old = next(item for item in await core.charges(QINGCHUAN) if item.return_id == first.return_id)
    second = await core.file(a_return(items=vat("1500.00"), replaces=first.return_id))
    assert (second.replaces, second.total) == (first.return_id, Decimal(1500))
    assert second.receipt_number != first.receipt_number
    in_force = [item for item in await core.returns(QINGCHUAN, *YEAR) if item.obligation_id == THIRD_QUARTER]
    assert in_force == [second]
    assert (await obligation(core, THIRD_QUARTER)).return_id == second.return_id
    assert (await refused(core.settle(a_payment(old)))).code is Refusal.UNKNOWN_CHARGE
    again = await refused(core.file(a_return(items=vat("1.00"), replaces=first.return_id)))
    assert again.code is Refusal.UNKNOWN_RETURN
    # what became of the first request is still known
    assert await core.filed(QINGCHUAN, first.request_id) == first


async def test_a_correction_upwards_leaves_the_difference_to_be_paid(core: TaxCoreGateway) -> None:
    first = await core.file(a_return())
    await core.settle(a_payment(await charge_of(core, first)))
    second = await core.file(a_return(items=vat("1500.00"), replaces=first.return_id))
    charge = await charge_of(core, second)
    assert (charge.amount, charge.paid, charge.state) == (Decimal(1500), TOTAL, ChargeState.PARTLY_PAID)
    assert await credit(QINGCHUAN) == 0
    await core.settle(a_payment(charge))
    assert (await charge_of(core, second)).state is ChargeState.PAID


async def test_a_correction_downwards_keeps_what_was_paid_too_much(core: TaxCoreGateway) -> None:
    first = await core.file(a_return())
    await core.settle(a_payment(await charge_of(core, first)))
    second = await core.file(a_return(items=vat("1000.00"), replaces=first.return_id))
    charge = await charge_of(core, second)
    assert (charge.amount, charge.paid, charge.state) == (Decimal(1000), Decimal(1000), ChargeState.PAID)
    assert await credit(QINGCHUAN) == TOTAL - 1000
    third = await core.file(a_return(items=vat("0.00"), replaces=second.return_id))
    assert await credit(QINGCHUAN) == TOTAL
    assert third.return_id not in {item.return_id for item in await core.charges(QINGCHUAN, unpaid_only=False)}
    # and upwards again: what was paid before counts
    last = await core.file(a_return(replaces=third.return_id))
    assert (await charge_of(core, last)).state is ChargeState.PAID
    assert await credit(QINGCHUAN) == 0


# troubles


async def test_down_and_broken_are_told_apart_and_nothing_is_done(core: TaxCoreGateway) -> None:
    request = a_return()
    await tell_core(Mode.DOWN)
    with pytest.raises(GatewayUnavailable):
        await core.file(request)
    with pytest.raises(GatewayUnavailable):
        await core.taxpayer(QINGCHUAN)
    await tell_core(Mode.ERROR)
    with pytest.raises(GatewayFault):
        await core.file(request)
    await tell_core()
    assert await core.filed(QINGCHUAN, request.request_id) is None
    assert (await core.file(request)).total == TOTAL


async def test_each_operation_can_fail_by_itself(core: TaxCoreGateway) -> None:
    for operation in Operation:
        await tell_core(Mode.GARBAGE, operation=operation)
        assert await failing(core) == {operation}
        await tell_core()
    assert await failing(core) == set()
    await tell_core(Mode.DOWN, operation=Operation.CHARGES)
    assert await failing(core) == {Operation.CHARGES}


async def failing(core: TaxCoreGateway) -> set[Operation]:
    """The operations to which no usable answer comes."""
    nothing = a_payment(charge_ids=("no-such-charge",), amount=CENT)
    asked = {
        Operation.MANDATES: core.mandates(person("孙浩").resident_id),
        Operation.TAXPAYER: core.taxpayer(QINGCHUAN),
        Operation.OBLIGATIONS: core.obligations(QINGCHUAN, *YEAR),
        Operation.FIGURES: core.figures(QINGCHUAN, THIRD_QUARTER),
        Operation.FILE: core.file(a_return(obligation_id="none")),
        Operation.FILED: core.filed(QINGCHUAN, "none"),
        Operation.RETURNS: core.returns(QINGCHUAN, *YEAR),
        Operation.CHARGES: core.charges(QINGCHUAN),
        Operation.SETTLE: core.settle(nothing),
        Operation.DEBIT: core.debit(a_debit(charge_ids=("no-such-charge",), amount=CENT)),
        Operation.SETTLEMENT: core.settlement(QINGCHUAN, "none"),
    }
    found = set()
    for operation, work in asked.items():
        try:
            await work
        except (GatewayUnavailable, GatewayFault):
            found.add(operation)
        except CoreRefusal:
            continue
    return found


async def test_a_filing_whose_answer_is_garbage_was_done_and_can_be_found(core: TaxCoreGateway) -> None:
    request = a_return()
    await tell_core(Mode.GARBAGE, operation=Operation.FILE)
    with pytest.raises(GatewayFault):
        await core.file(request)
    found = await core.filed(QINGCHUAN, request.request_id)
    assert found is not None
    await tell_core()
    assert await core.file(request) == found


async def test_a_slow_answer_is_a_time_out_and_can_be_fetched_later(
    open_core: Callable[[float], TaxCoreGateway], core: TaxCoreGateway
) -> None:
    request = a_return()
    await tell_core(delay_ms=4_000, operation=Operation.FILE)
    with pytest.raises(GatewayTimeout):
        await open_core(1).file(request)
    await tell_core()
    found = await core.filed(QINGCHUAN, request.request_id)
    assert found is not None
    assert await core.file(request) == found


async def test_a_little_slow_is_still_an_answer(core: TaxCoreGateway) -> None:
    await tell_core(delay_ms=200)
    assert (await core.taxpayer(QINGCHUAN)).taxpayer_id == QINGCHUAN

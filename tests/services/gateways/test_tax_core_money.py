"""Whatever is filed, corrected and paid in whatever order: no money appears, none is lost, one return is in force."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

from hub.kit.db import transaction
from services.gateways.tax_core import payments, records, returns
from services.gateways.tax_core.protocol import CoreRefusal, Refusal, TaxCoreGateway
from services.gateways.tax_core.sandbox import TaxCoreSandbox
from tests.services.tax_core import QINGCHUAN, YEAR, a_debit, a_payment, a_return, obligation_id, vat

QUARTERS = [obligation_id(QINGCHUAN, "vat_small_scale", day) for day in (date(2026, 6, 30), date(2026, 9, 30))]
START = Decimal("500000.00")
NOTHING = Decimal(0)


async def one_act(core: TaxCoreGateway, chance: random.Random) -> tuple[Decimal, Decimal]:
    """File, correct, pay or debit something at random, sometimes nonsense; what was booked, what was debited."""
    in_force = {item.obligation_id: item.return_id for item in await core.returns(QINGCHUAN, *YEAR)}
    unpaid = await core.charges(QINGCHUAN)
    act = chance.randrange(5) if unpaid else 0
    if act <= 1:
        wanted, amount = chance.choice(QUARTERS), Decimal(chance.randrange(0, 300_000)) / 100
        replaces = in_force.get(wanted) if chance.random() < 0.8 else None
        await core.file(a_return(obligation_id=wanted, items=vat(str(amount)), payload={}, replaces=replaces))
        return NOTHING, NOTHING
    if act == 2:
        charge = chance.choice(unpaid)
        part = ((charge.amount - charge.paid) * chance.randrange(1, 120) / 100).quantize(Decimal("0.01"))
        return (await core.settle(a_payment(charge, amount=part))).amount, NOTHING
    if act == 3:
        return (await core.settle(a_payment(*unpaid))).amount, NOTHING
    debited = (await core.debit(a_debit(chance.choice(unpaid)))).amount
    return debited, debited


async def test_money_is_conserved(empty_database: str) -> None:
    core, chance = TaxCoreSandbox(60), random.Random(20261122)
    arrived = sum((item.paid for item in await core.charges(QINGCHUAN, unpaid_only=False)), NOTHING)
    left, done = START, Counter[str]()
    for _ in range(60):
        try:
            booked, debited = await one_act(core, chance)
        except CoreRefusal as no:
            booked, debited = NOTHING, NOTHING
            done[no.code] += 1
        arrived, left = arrived + booked, left - debited
        done["debited" if debited else "booked" if booked else "filed"] += 1
        charges = await core.charges(QINGCHUAN, unpaid_only=False)
        async with transaction() as session:
            credit = await payments.credit(session, QINGCHUAN)
            assert Decimal((await records.account(session, QINGCHUAN)).balance) == left
        assert sum((item.paid for item in charges), NOTHING) + credit == arrived
        assert all(0 <= item.paid <= item.amount for item in charges)
        in_force = await core.returns(QINGCHUAN, *YEAR)
        assert max(Counter(item.obligation_id for item in in_force).values()) == 1
        assert {item.return_id for item in charges} <= {item.return_id for item in in_force}
    assert done["booked"] > 3
    assert done["debited"] > 3
    assert {Refusal.ALREADY_FILED, Refusal.AMOUNTS_DO_NOT_FIT} <= set(done)


async def test_a_request_that_is_being_worked_on_is_waited_for(empty_database: str) -> None:
    core = TaxCoreSandbox(60)
    await core.taxpayer(QINGCHUAN)
    request = a_return()
    async with transaction() as session:
        filed = await returns.file(session, request)
        asking = asyncio.create_task(core.filed(QINGCHUAN, request.request_id))
        repeating = asyncio.create_task(core.file(request))
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert not asking.done()
        assert not repeating.done()
    assert await asking == await repeating == filed


async def test_a_payment_meets_a_correction_and_one_of_them_comes_first(empty_database: str) -> None:
    core = TaxCoreSandbox(60)
    first = await core.file(a_return())
    charge = next(item for item in await core.charges(QINGCHUAN) if item.return_id == first.return_id)
    correction = a_return(items=vat("1000.00"), payload={}, replaces=first.return_id)
    paid, second = await asyncio.gather(core.settle(a_payment(charge)), core.file(correction), return_exceptions=True)
    assert not isinstance(second, BaseException)
    after = next(
        item for item in await core.charges(QINGCHUAN, unpaid_only=False) if item.return_id == second.return_id
    )
    assert after.amount == 1000
    # either the payment was booked and stays with the quarter, or it was refused and nothing was booked
    assert after.paid == (0 if isinstance(paid, CoreRefusal) else 1000)
    assert await core.file(replace(correction)) == second


async def test_the_first_questions_may_come_all_at_once(empty_database: str) -> None:
    core = TaxCoreSandbox(60)
    found = await asyncio.gather(*(core.returns(QINGCHUAN, *YEAR) for _ in range(6)))
    assert all(answer == found[0] for answer in found)
    assert max(Counter(item.obligation_id for item in found[0]).values()) == 1

"""A correction replaces the return in force, says what it does to the payment, and is itself replaced by the next."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hub.kit.db import transaction
from hub.skills import question_of
from services.filing import repository, service
from services.filing.errors import NothingToCorrect
from services.filing.models import ReturnStatus
from services.gateways.registry import tax_core
from services.registry import skill_by_name
from tests.services.filing.filers import (
    FILED_VAT,
    OPEN_VAT,
    SMALL,
    TOO_LATE,
    VAT,
    acting,
    calculated,
    context,
    file,
    filed_in_core,
    preview_of,
    stand_at,
    unpaid,
)
from tests.services.tax_core import QINGCHUAN, a_payment


async def paid_in_full() -> None:
    """The money for everything that is owed arrives."""
    charges = [one for one in await tax_core().charges(QINGCHUAN) if "增值税" in one.title and one.amount != one.paid]
    await tax_core().settle(a_payment(*charges))


async def total_of(sales: str, special: str = "120000") -> Decimal:
    """What the calculator says."""
    return (await calculated(VAT, {**SMALL, "sales": sales, "special_sales": special}))["total"]


async def test_more_is_declared_and_the_difference_is_to_be_paid(core: str) -> None:
    first = await file({"obligation_id": OPEN_VAT})
    await paid_in_full()
    more = await total_of("330000")
    sheet = await preview_of({"obligation_id": f"correct:{VAT}:{OPEN_VAT}", "sales": "330000"})
    assert f"这是更正申报，替代回执号{first.receipt}的申报（原税额1,242.00元，已缴1,242.00元）" in sheet.text
    assert f"更正后税额增加{more - 1242:,}元，还要缴{more - 1242:,}元" in sheet.text
    assert "不含税销售额：330,000.00元（您填写，上次申报为286,000.00元）" in sheet.text
    assert "开专票的销售额：120,000.00元（上次申报）" in sheet.text
    second = await file({"obligation_id": f"correct:{VAT}:{OPEN_VAT}", "sales": "330000"})
    assert (second.status, second.result["to_pay"]) == ("filed", str(more - 1242))
    assert second.result["replaces"] == first.result["return_id"]
    assert "更正申报成功" in second.text
    assert await unpaid_of(second.result["return_id"]) == (more, Decimal("1242.00"))
    assert first.result["return_id"] not in await unpaid()
    statuses = {one.receipt_number: one.status for one in (await service.returns(acting())).returns}
    assert statuses[first.receipt] == ReturnStatus.REPLACED
    assert statuses[second.receipt] == ReturnStatus.FILED


async def unpaid_of(return_id: str) -> tuple[Decimal, Decimal]:
    """What is charged and paid on a return."""
    return (await unpaid())[return_id]


async def test_less_is_declared_and_what_was_paid_too_much_is_said(core: str) -> None:
    await file({"obligation_id": OPEN_VAT})
    await paid_in_full()
    less = await total_of("286000", "50000")
    values = {"obligation_id": f"correct:{VAT}:{OPEN_VAT}", "special_sales": "50000"}
    sheet = await preview_of(values)
    assert f"多缴{Decimal('1242.00') - less:,}元，可以申请退还，或者抵缴以后的税款" in sheet.text
    done = await file(values)
    assert (done.status, done.result["to_pay"]) == ("filed", "0.00")
    assert "skill:pay_tax" not in [button.payload for button in done.buttons]


async def test_less_is_declared_before_anything_was_paid(core: str) -> None:
    await file({"obligation_id": OPEN_VAT})
    less = await total_of("286000", "50000")
    done = await file({"obligation_id": OPEN_VAT, "special_sales": "50000"})
    assert f"还要缴{less:,}元" in done.text
    assert "多缴" not in done.text
    assert await unpaid_of(done.result["return_id"]) == (less, Decimal("0.00"))


async def test_a_return_that_was_filed_elsewhere_can_be_corrected(core: str) -> None:
    sheet = await preview_of({"obligation_id": f"correct:{VAT}:{FILED_VAT}", "sales": "280000"})
    assert "替代回执号HZ-" in sheet.text
    assert (await file({"obligation_id": f"correct:{VAT}:{FILED_VAT}", "sales": "280000"})).status == "filed"
    assert filed_in_core(core, FILED_VAT) == 2


async def test_a_correction_that_says_nothing_new_is_not_filed(core: str) -> None:
    done = await file({"obligation_id": OPEN_VAT})
    with pytest.raises(NothingToCorrect) as error:
        await preview_of({"obligation_id": f"correct:{VAT}:{OPEN_VAT}", "sales": "286000"})
    assert done.receipt in error.value.user_message
    with pytest.raises(NothingToCorrect):
        await file({"obligation_id": OPEN_VAT})
    assert filed_in_core(core) == 1


async def test_a_correction_asks_for_the_figures_and_says_what_they_were(core: str) -> None:
    skill = skill_by_name("file_vat")
    values = {"obligation_id": f"correct:{VAT}:{FILED_VAT}"}
    assert skill.required_fields(values) == ["obligation_id", "sales", "special_sales"]
    before = question_of(skill.form, "sales").before
    assert before is not None
    assert await before(context(), values) == "税务机关已有数据的不含税销售额是268,000.00元。"


async def test_a_correction_upwards_after_the_due_day_warns_of_the_late_fee(
    core: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await file({"obligation_id": OPEN_VAT})
    stand_at(TOO_LATE, monkeypatch)
    text = (await preview_of({"obligation_id": OPEN_VAT, "sales": "330000"})).text
    assert "补缴的税款会从原缴款期限次日起按日加收滞纳金" in text
    assert "已经逾期" not in text, "the period was filed in time"


async def test_each_correction_replaces_the_one_before(core: str) -> None:
    done = await file({"obligation_id": OPEN_VAT})
    for sales in ("290000", "295000", "310000"):
        again = await file({"obligation_id": OPEN_VAT, "sales": sales})
        assert again.result["replaces"] == done.result["return_id"]
        done = again
    async with transaction() as session:
        kept = await repository.of_taxpayer(session, QINGCHUAN, 10)
    assert [record.status for record, _ in kept] == [ReturnStatus.FILED] + [ReturnStatus.REPLACED] * 3
    in_force = await tax_core().returns(QINGCHUAN, kept[0][0].period_from, kept[0][0].period_to)
    assert [one.return_id for one in in_force if one.obligation_id == OPEN_VAT] == [done.result["return_id"]]


async def test_a_sheet_made_before_a_correction_cannot_bring_the_old_figures_back(core: str) -> None:
    await file({"obligation_id": OPEN_VAT})
    old = await service.preview(acting(), OPEN_VAT, [{"sales": "290000"}], channel="api")
    await file({"obligation_id": OPEN_VAT, "sales": "295000"})
    outcome = await service.file_sheet(acting(), old.sheet_id, key="old-sheet", channel="api")
    assert outcome.refusal is not None
    assert outcome.refusal.code == "unknown_return"
    assert outcome.filed is None

"""A return from what is known to the receipt: prefilled, shown, confirmed, filed once."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from hub.kit.errors import HubError
from hub.kit.idempotency import IdempotencyKeyReused
from hub.skills import FormInvalid
from services.calculations import service as calculations
from services.filing import receipts, service
from services.filing.errors import ObligationNotFound
from services.filing.models import ReturnStatus
from services.registry import skill_by_name
from tests.services.filing.filers import (
    CIT,
    OPEN_CIT,
    OPEN_VAT,
    Q3,
    SMALL,
    TOO_LATE,
    VAT,
    WANG,
    acting,
    calculated,
    context,
    file,
    filed_in_core,
    preview_of,
    rows,
    skill_options,
    stand_at,
    unpaid,
)
from tests.services.tax_core import NOODLES, QINGCHUAN, SONGJIAN, YUANSHAN, YUNQI, obligation_id


async def test_the_only_obligation_that_is_due_is_chosen_by_itself(core: str) -> None:
    skill = skill_by_name("file_vat")
    assert skill.prefill is not None
    values = await skill.prefill(context(), {})
    assert values == {"obligation_id": f"file:{VAT}:{OPEN_VAT}"}
    assert skill.required_fields(values) == ["obligation_id"]


async def test_the_sheet_says_every_figure_with_its_source_and_every_amount(core: str) -> None:
    sheet = await preview_of({"obligation_id": f"file:{VAT}:{OPEN_VAT}"})
    assert sheet.refusal is None
    for words in (
        "增值税及附加税费申报表（小规模纳税人适用）", "纳税人：杭州晴川咨询有限公司", "王小明（法定代表人）",
        "2026年第三季度（2026-07-01至2026-09-30），申报截止2026-10-26",
        "不含税销售额：286,000.00元（税务机关已有数据）", "开专票的销售额：120,000.00元（税务机关已有数据）",
        "增值税1,200.00元，城市维护建设税42.00元", "合计应缴：1,242.00元",
        "免征增值税：免税销售额166,000.00元", "没有达到300,000.00元，免征", "增值税法",
    ):  # fmt: skip
        assert words in sheet.text, sheet.text
    assert "零申报" not in sheet.text
    assert "逾期" not in sheet.text
    explained = await calculations.explained(sheet.trace_id, owner=WANG)
    assert explained.figures[0].amount == Decimal("1200.00")
    assert any(one["title"] == "中华人民共和国增值税法" for one in sheet.citations), sheet.citations
    assert rows(core, "select count(*) from tax_return") == [(0,)]


@pytest.mark.parametrize(
    ("said", "sales", "special"),
    [
        ({}, "286000", "120000"),
        ({"sales": "299999.99", "special_sales": "0"}, "299999.99", "0"),
        ({"sales": "300000", "special_sales": "0"}, "300000", "0"),
        ({"sales": "412345.67", "special_sales": "98765.43"}, "412345.67", "98765.43"),
    ],
)
async def test_amounts_are_the_calculators_to_the_cent(
    core: str, said: dict[str, str], sales: str, special: str
) -> None:
    wanted = await calculated(VAT, {**SMALL, "sales": sales, "special_sales": special})
    done = await file({"obligation_id": OPEN_VAT, **said})
    assert done.status == "filed", done.text
    amounts = {item["tax"]: Decimal(item["amount"]) for item in done.result["items"]}
    assert amounts["vat"] == wanted["payable"]
    for tax in ("construction_tax", "education_surcharge", "local_education_surcharge"):
        assert amounts.get(tax, Decimal(0)) == wanted[tax]
    assert Decimal(done.result["total"]) == wanted["total"]
    owed = await unpaid()
    assert owed.get(done.result["return_id"], (Decimal(0), Decimal(0)))[0] == wanted["total"]


async def test_what_was_confirmed_is_filed_with_a_receipt_that_anybody_can_check(core: str) -> None:
    values = {"obligation_id": f"file:{VAT}:{OPEN_VAT}"}
    shown = await preview_of(values)
    done = await file(values)
    assert (done.status, done.trace_id) == ("filed", shown.trace_id)
    assert done.receipt
    assert done.receipt in done.text
    assert "请在2026-10-26以前缴款" in done.text
    assert [button.payload for button in done.buttons] == ["skill:pay_tax", "intent:explain_amount", "skill:my_returns"]
    [listed] = [one for one in (await service.returns(acting())).returns if one.id is not None]
    receipt = (await service.receipt(acting(), listed.id)).model_dump()
    keys = receipts.public_keys()
    assert receipts.verify(receipt, keys)
    content = receipt["content"]
    assert content["receipt_number"] == done.receipt
    assert (content["total"], content["late"]) == ("1242.00", False)
    assert {"line": "1", "name": "sales", "value": "286000.00"} in content["figures"]
    assert not receipts.verify({**receipt, "content": {**content, "total": "1.00"}}, keys)
    assert not receipts.verify(receipt, {})
    assert not receipts.verify({**receipt, "signature": "AAAA"}, keys)
    assert filed_in_core(core) == 1


async def test_a_figure_put_right_is_shown_with_what_is_known(core: str) -> None:
    sheet = await preview_of({"obligation_id": OPEN_VAT, "sales": "30万"})
    assert "不含税销售额：300,000.00元（您填写，税务机关已有数据为286,000.00元）" in sheet.text
    assert "没有免征：本期销售额300,000.00元达到或超过300,000.00元，全额计税" in sheet.text


async def test_nothing_sold_is_a_nil_return_and_said_to_be_one(core: str) -> None:
    idle = acting(YUNQI, "李静")
    values = {"obligation_id": obligation_id(YUNQI, VAT, Q3)}
    assert "这是零申报" in (await preview_of(values, principal=idle)).text
    done = await file(values, principal=idle)
    assert (done.status, done.result["total"], done.result["to_pay"]) == ("filed", "0.00", "0.00")
    assert "不用缴款" in done.text
    assert "skill:pay_tax" not in [button.payload for button in done.buttons]
    assert done.receipt


async def test_exempt_sales_are_no_nil_return(core: str) -> None:
    noodles = acting(NOODLES, "陈大勇")
    sheet = await preview_of({"obligation_id": obligation_id(NOODLES, VAT, Q3)}, principal=noodles)
    assert "零申报" not in sheet.text
    assert "免税销售额226,000.00元" in sheet.text
    assert "没有应缴税款" in sheet.text


async def test_a_late_return_is_taken_with_a_warning(core: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_at(TOO_LATE, monkeypatch)
    sheet = await preview_of({"obligation_id": OPEN_VAT})
    assert "已经逾期27天" in sheet.text
    assert "按日加收滞纳金" in sheet.text
    assert "罚款" not in sheet.text
    done = await file({"obligation_id": OPEN_VAT})
    assert (done.status, done.result["late"]) == ("filed", True)
    assert "请尽快缴款" in done.text


async def test_the_last_day_is_in_time(core: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_at(Q3.replace(month=10, day=26), monkeypatch, hour=15)  # 23:00 in China
    assert "逾期" not in (await preview_of({"obligation_id": OPEN_VAT})).text


async def test_a_general_taxpayer_declares_output_and_input_tax(core: str) -> None:
    trade = acting(YUANSHAN)
    [due] = [one for one in await skill_options(trade) if "更正" not in one.title]
    sheet = await preview_of({"obligation_id": due.value, "input_tax": "90000", "sales": "5"}, principal=trade)
    assert "进项税额：90,000.00元（您填写，税务机关已有数据为97,000.00元）" in sheet.text
    assert "“不含税销售额”不在这张申报表里，没有计入。" in sheet.text
    wanted = await calculated(
        "vat_general",
        {"prices": "exclusive", "place": "city", "payer": "other", "sales_standard": "1050000",
         "sales_services": "100000", "input_tax": "90000"},
    )  # fmt: skip
    done = await file({"obligation_id": due.value, "input_tax": "90000"}, principal=trade)
    assert (done.status, Decimal(done.result["total"])) == ("filed", wanted["total"])


async def test_an_enterprise_prepays_what_is_left_after_earlier_quarters(core: str) -> None:
    wanted = await calculated(
        CIT, {"profit": "310000", "staff": "9", "assets": "1310000", "restricted": "no", "prepaid": "9500"}
    )
    assert wanted["payable"] == Decimal("6000.00")
    sheet = await preview_of({"obligation_id": OPEN_CIT}, skill="file_cit")
    assert "已预缴税额：9,500.00元" in sheet.text
    assert "从业人数：9（税务机关已有数据）" in sheet.text
    done = await file({"obligation_id": OPEN_CIT}, skill="file_cit")
    assert Decimal(done.result["total"]) == wanted["payable"]


@pytest.mark.parametrize("foreign", [obligation_id(YUANSHAN, "vat_general", Q3), obligation_id(NOODLES, VAT, Q3), "x"])
async def test_another_taxpayers_obligation_is_not_there(core: str, foreign: str) -> None:
    with pytest.raises(ObligationNotFound) as seen:
        await preview_of({"obligation_id": foreign})
    with pytest.raises(ObligationNotFound) as done:
        await file({"obligation_id": foreign})
    assert seen.value.user_message == done.value.user_message
    assert rows(core, "select count(*) from tax_return") == [(0,)]


@pytest.mark.parametrize(
    ("obligation", "values", "words"),
    [
        (obligation_id(QINGCHUAN, VAT, Q3.replace(month=12, day=31)), {}, "2027-01-01起可以申报"),
        (obligation_id(QINGCHUAN, "iit_withholding", Q3), {}, "不能在这里申报"),
    ],
)
async def test_what_cannot_be_filed_is_explained(
    core: str, obligation: str, values: dict[str, str], words: str
) -> None:
    with pytest.raises(HubError) as error:
        await preview_of({"obligation_id": obligation, **values})
    assert words in error.value.user_message


@pytest.mark.parametrize(
    ("values", "words"),
    [({"sales": "1000"}, "不能超过销售额"), ({"sales": "9000000"}, "超过小规模纳税人的年销售额上限")],
)
async def test_figures_that_do_not_go_together_are_explained_with_a_way_on(
    core: str, values: dict[str, str], words: str
) -> None:
    sheet = await preview_of({"obligation_id": OPEN_VAT, **values})
    assert words in sheet.refusal
    assert sheet.open, "the form stays, so that what is wrong can be changed"
    done = await file({"obligation_id": OPEN_VAT, **values})
    assert (done.status, done.retry_fields) == ("rejected", ("sales",))
    assert words in done.text


async def test_wrong_fields_are_named(core: str) -> None:
    with pytest.raises(FormInvalid) as error:
        await service.preview(acting(), OPEN_VAT, [{"sales": "many", "colour": "red"}], channel="api")
    assert {one["field"] for one in error.value.extra["errors"]} == {"sales", "colour"}


async def test_the_same_act_five_times_at_once_is_one_return(core: str) -> None:
    done = await asyncio.gather(*(file({"obligation_id": OPEN_VAT}, key="one-act") for _ in range(5)))
    assert {one.status for one in done} == {"filed"}
    assert len({one.receipt for one in done}) == 1
    assert filed_in_core(core) == 1
    assert rows(core, "select count(*) from tax_return") == [(1,)]
    again = await file({"obligation_id": OPEN_VAT}, key="one-act")
    assert again.receipt == done[0].receipt
    with pytest.raises(IdempotencyKeyReused):
        await file({"obligation_id": OPEN_VAT, "sales": "1"}, key="one-act")


async def test_two_acts_at_once_on_one_sheet_are_one_return(core: str) -> None:
    shown = await service.preview(acting(), OPEN_VAT, [], channel="api")
    done = await asyncio.gather(
        *(service.file_sheet(acting(), shown.sheet_id, key=f"key-{number}", channel="api") for number in range(4))
    )
    assert len({one.record.id for one in done}) == 1
    assert filed_in_core(core) == 1


async def test_two_people_at_once_file_once_and_the_other_is_told(core: str) -> None:
    mate = acting(QINGCHUAN, "李静", person_id=WANG.__class__(int=WANG.int + 1))
    await preview_of({"obligation_id": OPEN_VAT})
    await preview_of({"obligation_id": OPEN_VAT, "sales": "290000"}, principal=mate)
    done = await asyncio.gather(
        file({"obligation_id": OPEN_VAT}), file({"obligation_id": OPEN_VAT, "sales": "290000"}, principal=mate)
    )
    assert sorted(one.status for one in done) == ["filed", "refused"]
    refused = next(one for one in done if one.status == "refused")
    assert "已经申报过" in refused.text
    assert refused.receipt is None
    assert filed_in_core(core) == 1


async def test_calendar_and_returns_are_told(core: str) -> None:
    calendar = await file({}, skill="tax_calendar")
    assert "现在可以申报：" in calendar.text
    assert "2026年第三季度，截止2026-10-26（还有6天）" in calendar.text
    assert "2026年第四季度" in calendar.text
    assert [button.payload for button in calendar.buttons][:2] == ["skill:file_vat", "skill:file_cit"]
    done = await file({"obligation_id": OPEN_VAT})
    listed = await file({}, skill="my_returns")
    assert listed.trace_id == done.trace_id, "the list explains its newest"
    assert done.receipt in listed.text
    assert "2026年第二季度" in listed.text, "those that were filed elsewhere are shown as well"
    statuses = {one["period"]: one["status"] for one in listed.result["returns"] if one["form"] == VAT}
    assert statuses["2026年第三季度"] == ReturnStatus.FILED


async def test_who_has_several_open_periods_chooses(core: str) -> None:
    design = acting(SONGJIAN, "李静")
    skill = skill_by_name("file_vat")
    assert skill.prefill is not None
    assert await skill.prefill(context(design), {}) == {}
    titles = [one.title for one in await skill_options(design)]
    assert titles[:2] == ["2026年第二季度（已逾期，截止2026-07-15）", "2026年第三季度（截止2026-10-26）"]
    assert titles[2:] == ["更正2026年第一季度（已申报）"]


async def test_looks_are_audited(core: str) -> None:
    await preview_of({"obligation_id": OPEN_VAT})
    await file({"obligation_id": OPEN_VAT})
    found = rows(core, "select action, actor, subject from audit_entry order by id")
    assert {action for action, _, _ in found} >= {"filing.preview", "filing.confirm", "filing.filed"}
    assert {(actor, subject) for _, actor, subject in found} == {(f"person:{WANG}", f"taxpayer:{QINGCHUAN}")}

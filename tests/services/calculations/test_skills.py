"""Seven calculators as skills: the same cents as the calculators, what was taken for granted, and how it is said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from hub.kit.errors import HubError
from hub.skills import Access, SkillContext, SkillResult, question_of
from services.calculations.service import entered, explained
from services.calculations.skills import CALCULATIONS, IN_CHAT
from services.taxes.calculator import NoLawForTheDay
from services.taxes.registry import calculator_by_name
from tests.services.inspection import TODAY

SKILLS = {skill.name: skill for skill in CALCULATIONS}
CONTEXT = SkillContext(today=TODAY, key="k", caller="conversation:x", channel="web")

# what a person says, the same for the calculator, and the amount as worked out by hand
HAPPY: dict[str, tuple[dict[str, str], dict[str, Any], str]] = {
    "calc_vat": (
        {"sales": "50万", "period": "按季度", "prices": "不含税"},
        {"sales": "500000", "period": "quarter", "prices": "exclusive", "place": "city"},
        "5000.00",
    ),
    "calc_wages": (
        {"monthly_income": "2万", "monthly_special": "3500元", "monthly_additional": "没有", "month": "3月"},
        {"monthly_income": "20000", "monthly_special": "3500", "month": 3},
        "345.00",
    ),
    "calc_bonus": (
        {"bonus": "5万", "way": "两种都算", "year_income": "24万", "year_deductions": "4万"},
        {"bonus": "50000", "year_income": "240000", "year_deductions": "40000"},
        "4790.00",
    ),
    "calc_labour": ({"kind": "讲课费", "income": "5000块"}, {"kind": "labour", "income": "5000"}, "800.00"),
    "calc_deed": (
        {"price": "150万", "home": "首套", "area": "89.5平"},
        {"price": "1500000", "home": "only", "area": "89.5"},
        "15000.00",
    ),
    "calc_vehicle_purchase": (
        {"price": "16.95万", "terms": "含税", "drive": "纯电"},
        {"price": "169500", "terms": "with_vat", "vehicle": "car", "new_energy": True},
        "7500.00",
    ),
    "calc_late_fee": (
        {"amount": "1万", "due": "2026年10月26日"},
        {"amount": "10000", "due": "2026-10-26"},
        "135.00",
    ),
}  # fmt: skip


async def used(name: str, values: dict[str, Any]) -> SkillResult:
    """Submit, as chat and API do."""
    skill = SKILLS[name]
    form = skill.form.model_validate(values)
    assert set(skill.required_fields(form.model_dump(exclude_none=True))) <= set(form.model_dump(exclude_none=True))
    return await skill.submit(CONTEXT, form)


def test_they_are_seven_and_for_everybody() -> None:
    assert set(SKILLS) == set(HAPPY)
    assert all(skill.access is Access.ANONYMOUS and not skill.confirm and skill.offer for skill in CALCULATIONS)


@pytest.mark.parametrize("name", HAPPY)
async def test_the_amount_is_the_calculators_to_the_cent(name: str, empty_database: str) -> None:
    said, plain, by_hand = HAPPY[name]
    done = await used(name, said)
    calculator = calculator_by_name(next(one.calculator for one in IN_CHAT if one.skill == name))
    expected = calculator.calculate(calculator.read({"on": TODAY} | plain))
    assert [Decimal(figure["amount"]) for figure in done.result["figures"]] == [one.amount for one in expected.figures]
    assert expected.figures[0].amount == Decimal(by_hand)
    first = done.text.splitlines()[0]
    assert first == f"{expected.figures[0].label}：{Decimal(by_hand):,}元。"


@pytest.mark.parametrize("name", HAPPY)
async def test_it_can_be_explained_done_again_and_changed(name: str, empty_database: str) -> None:
    said, _, _ = HAPPY[name]
    done = await used(name, said)
    assert [button.payload for button in done.buttons] == ["intent:explain_amount", f"skill:{name}"]
    assert done.trace_id
    read = await explained(read_id(done))
    assert read.model_dump(mode="json") == done.result
    assert list(done.citations) == [one.model_dump(mode="json") for one in read.citations]
    assert done.citations[0]["title"]
    skill, values = await entered(read_id(done))
    assert skill == name
    assert set(values) == set(said)
    again = await SKILLS[name].submit(CONTEXT, SKILLS[name].form.model_validate(values))
    assert again.result["figures"] == done.result["figures"]


def read_id(done: SkillResult) -> UUID:
    """The trace id as services take it."""
    return UUID(str(done.trace_id))


@pytest.mark.parametrize(
    ("name", "told", "granted", "gone"),
    [
        ("calc_vat", {"place": "县城"}, "市区", True),
        ("calc_vat", {"special_sales": "5万"}, "没有开专用发票", True),
        ("calc_vat", {"leases": "1万"}, "没有开专用发票", False),
        ("calc_vat", {"on": "2026年7月1日"}, "2026年11月22日的规定", True),
        ("calc_wages", {"month": "十二月"}, "11月份的工资", True),
        ("calc_wages", {"start_month": "9月"}, "每个月都一样", True),
        ("calc_bonus", {"on": "2026-02-10"}, "2026年11月22日的规定", True),
        ("calc_labour", {"on": "2026-02-10"}, "2026年11月22日的规定", True),
        ("calc_deed", {"on": "昨天"}, "2026年11月22日签合同", True),
        ("calc_vehicle_purchase", {"vehicle": "货车"}, "乘用车", True),
        ("calc_late_fee", {"on": "12月1日"}, "2026年11月22日缴纳", True),
        ("calc_late_fee", {"debt": "社保"}, "税款", True),
    ],
)
async def test_what_is_taken_for_granted_is_said_until_it_is_told(
    name: str, told: dict[str, str], granted: str, gone: bool, empty_database: str
) -> None:
    said = {key: value for key, value in HAPPY[name][0].items() if key != "month"}
    assert granted in assumption(await used(name, said))
    assert (granted not in assumption(await used(name, said | told))) is gone


def assumption(done: SkillResult) -> str:
    """The line that says what was taken for granted."""
    return next((line for line in done.text.splitlines() if line.startswith("这是按")), "")


async def test_special_invoices_change_the_tax(empty_database: str) -> None:
    said = HAPPY["calc_vat"][0] | {"sales": "28万"}
    assert (await used("calc_vat", said)).text.startswith("本期应缴增值税：0.00元。")
    assert (await used("calc_vat", said | {"special_sales": "5万"})).text.startswith("本期应缴增值税：500.00元。")


@pytest.mark.parametrize(
    ("name", "values", "needed"),
    [
        ("calc_wages", {"cumulative_income": "200000"},
         ["cumulative_income", "cumulative_special", "cumulative_additional", "withheld"]),
        ("calc_bonus", {"bonus": "1", "way": "separate"}, ["bonus", "way"]),
        ("calc_bonus", {"bonus": "1", "way": "compare"}, ["bonus", "way", "year_income", "year_deductions"]),
        ("calc_bonus", {"year_income": "1"}, ["bonus", "year_income", "year_deductions"]),
        ("calc_labour", {"kind": "author"}, ["kind", "income"]),
        ("calc_labour", {"kind": "student", "months": "1"}, ["kind", "income", "months"]),
        ("calc_labour", {"kind": "platform", "months": "2"}, ["kind", "income", "months", "withheld"]),
        ("calc_deed", {"home": "other"}, ["price", "home"]),
        ("calc_vehicle_purchase", {"source": "imported"}, ["price", "customs_duty", "consumption_tax", "drive"]),
        ("calc_vehicle_purchase", {"vehicle": "trailer"}, ["price", "terms"]),
        ("calc_vehicle_purchase", {"vehicle": "motorcycle", "drive": "fuel"},
         ["price", "terms", "drive", "displacement"]),
    ],
)  # fmt: skip
def test_only_what_matters_is_asked(name: str, values: dict[str, str], needed: list[str]) -> None:
    assert SKILLS[name].required_fields(values) == needed


@pytest.mark.parametrize(
    ("name", "values", "amount"),
    [
        # 200000 − 55000 − 30000 − 20000 = 95000, × 10% − 2520 = 6980, less 6000
        ("calc_wages", {"cumulative_income": "20万", "cumulative_special": "3万", "cumulative_additional": "2万",
                        "withheld": "6000", "monthly_income": "9999"}, "980.00"),
        # 6000 × 5 months from January on instead of from September: below the basic deduction
        ("calc_wages", {"monthly_income": "6000", "monthly_special": "没有", "monthly_additional": "0",
                        "start_month": "9月", "first_job": "应届毕业"}, "0.00"),
        ("calc_bonus", {"bonus": "36000", "way": "只按单独算"}, "1080.00"),
        ("calc_bonus", {"bonus": "36000", "way": "separate", "year_income": "100000"}, "1080.00"),
        ("calc_labour", {"kind": "骑手", "income": "3万", "months": "3个月", "withheld": "没有"}, "270.00"),
        ("calc_labour", {"kind": "稿费", "income": "5000", "months": "3"}, "560.00"),
        ("calc_deed", {"price": "100万", "home": "商铺", "local_rate": "4%"}, "40000.00"),
        ("calc_vehicle_purchase", {"price": "10万", "source": "报关进口", "customs_duty": "1.5万",
                                   "consumption_tax": "没有", "drive": "汽油车"}, "11500.00"),
        ("calc_vehicle_purchase", {"price": "2万", "terms": "不含税", "vehicle": "摩托车", "drive": "油车",
                                   "displacement": "150cc"}, "0.00"),
        ("calc_vehicle_purchase", {"price": "2万", "terms": "不含税", "vehicle": "摩托车", "drive": "电动",
                                   "displacement": "250"}, "0.00"),
        ("calc_vehicle_purchase", {"price": "10万", "terms": "不含税", "vehicle": "挂车", "drive": "电动"}, "5000.00"),
        ("calc_late_fee", {"amount": "1万", "due": "2026-11-12", "debt": "罚款"}, "3000.00"),
    ],
)  # fmt: skip
async def test_the_less_usual_cases(name: str, values: dict[str, str], amount: str, empty_database: str) -> None:
    done = await used(name, values)
    assert Decimal(done.result["figures"][0]["amount"]) == Decimal(amount)


@pytest.mark.parametrize(
    ("name", "values", "field", "words"),
    [
        ("calc_vat", {"sales": "5万", "special_sales": "6万", "period": "月", "prices": "含税"}, "sales", "不能超过"),
        ("calc_wages", {"monthly_income": "1万", "month": "2", "start_month": "5"}, "monthly_income", "不能晚于"),
        ("calc_wages", {"cumulative_income": "1万", "month": "5", "start_month": "5", "withheld": "10"}, "withheld",
         "第一个月"),
    ],
)  # fmt: skip
async def test_what_does_not_go_together_is_asked_again(
    name: str, values: dict[str, str], field: str, words: str, empty_database: str
) -> None:
    done = await used(name, values)
    assert done.retry_fields == (field,)
    assert words in done.text
    assert done.trace_id is None


async def test_a_day_without_law_is_said(empty_database: str) -> None:
    with pytest.raises(NoLawForTheDay):
        await used("calc_deed", HAPPY["calc_deed"][0] | {"on": "2001-01-01"})


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("calc_vat", "sales", "很多"), ("calc_vat", "period", "按天"), ("calc_vat", "prices", "不知道"),
        ("calc_wages", "month", "13月"), ("calc_labour", "kind", "工资"), ("calc_deed", "area", "很大"),
        ("calc_deed", "price", "0"), ("calc_vehicle_purchase", "drive", "混动"), ("calc_late_fee", "due", "上辈子"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_put_in_the_fields_own_words(name: str, field: str, value: str) -> None:
    form = SKILLS[name].form
    with pytest.raises(ValidationError) as caught:
        form.model_validate({field: value})
    assert field in {item["loc"][0] for item in caught.value.errors()}
    assert question_of(form, field).invalid.endswith("。")


ODD: tuple[object, ...] = (
    None, [], {}, True, -1, 10**400, 1e308, float("nan"), float("inf"), "", " ", "x" * 5000, "万" * 190, "季" * 150,
    "1E+999", "NaN", "-0", "0.001", "9999-12-31", "0001-01-01", "2026年2月30日", "13月", "0%", "１２万",
)  # fmt: skip


@pytest.mark.parametrize("name", HAPPY)
def test_odd_values_are_refused_in_words_or_worked_out(name: str) -> None:
    form_class, fields = SKILLS[name].form, SKILLS[name].form.model_fields
    calculator = calculator_by_name(next(one.calculator for one in IN_CHAT if one.skill == name))
    worked_out = refused = 0
    for field in fields:
        for odd in ODD:
            try:
                form = form_class.model_validate({**HAPPY[name][0], field: odd})
                calculator.calculate(calculator.read(form.values()))
                worked_out += 1
            except (ValidationError, HubError):
                refused += 1
            SKILLS[name].required_fields({**HAPPY[name][0], field: str(odd)[:200]})
    assert refused > worked_out


@pytest.mark.parametrize("name", HAPPY)
def test_words_and_choices_fit_a_chat(name: str) -> None:
    form = SKILLS[name].form
    for field in form.model_fields:
        question = question_of(form, field)
        assert question.prompt.endswith(("？", "。"))
        assert len(question.prompt) <= 60
        assert all(len(choice.title) <= 16 for choice in question.choices)

"""The skills as a form of the chat uses them: what is chosen, asked, shown, and what ends a form."""

from __future__ import annotations

from datetime import date

import pytest

from actions.hearing import CONFIRM
from actions.offering import CannotGoOn, next_of, offered
from hub.forms import check
from hub.skills import Access
from services.filing.skills import FILING
from services.gateways.behaviour import Mode
from services.registry import skill_by_name
from tests.services.filing.filers import OPEN_VAT, VAT, acting, context, file
from tests.services.tax_core import NOODLES, SONGJIAN, SUNHAO, YUNQI, ZHAOMIN, obligation_id, tell_core

VAT_SKILL = skill_by_name("file_vat")


async def test_one_period_is_due_and_the_sheet_comes_at_once(core: str) -> None:
    coming = await next_of(VAT_SKILL, context(), {}, opening=True, asked=None, confirmed=False)
    assert (coming.missing, coming.known) == (CONFIRM, {"obligation_id": f"file:{VAT}:{OPEN_VAT}"})
    assert "合计应缴：1,242.00元" in coming.replies[0].text
    assert coming.replies[0].extra["trace"]


async def test_a_figure_said_at_the_start_is_taken_over_what_is_known(core: str) -> None:
    said = check(VAT_SKILL.form, {"sales": "31万"}, {}).values
    assert said == {"sales": "310000.00"}
    coming = await next_of(VAT_SKILL, context(), said, opening=True, asked=None, confirmed=False)
    assert "不含税销售额：310,000.00元（您填写，税务机关已有数据为286,000.00元）" in coming.replies[0].text


async def test_who_has_two_periods_is_asked_and_a_correction_asks_for_the_figures(core: str) -> None:
    design = context(acting(SONGJIAN, "李静"))
    coming = await next_of(VAT_SKILL, design, {}, opening=True, asked=None, confirmed=False)
    assert coming.missing == "obligation_id"
    choices = (await offered(VAT_SKILL, design, {}))["obligation_id"]
    picked = {"obligation_id": next(one.value for one in choices if one.title.startswith("更正"))}
    coming = await next_of(VAT_SKILL, design, picked, opening=False, asked="obligation_id", confirmed=False)
    assert (coming.missing, coming.replies[0].text) == ("sales", "税务机关已有数据的不含税销售额是312,000.00元。")
    coming = await next_of(
        VAT_SKILL, design, {**picked, "sales": "320000", "special_sales": "0"}, opening=False, asked="special_sales",
        confirmed=False,
    )  # fmt: skip
    assert coming.missing == CONFIRM
    assert "这是更正申报" in coming.replies[0].text


@pytest.mark.parametrize(("skill", "words"), [("file_vat", "没有需要在这里申报的增值税"), ("file_cit", "企业所得税")])
async def test_who_has_nothing_to_file_is_told_so(core: str, skill: str, words: str) -> None:
    nobody = context(acting(SUNHAO, "孙浩"))
    with pytest.raises(CannotGoOn) as end:
        await next_of(skill_by_name(skill), nobody, {}, opening=True, asked=None, confirmed=False)
    assert words in end.value.reply.text
    assert "办税日历" in end.value.reply.text
    assert "没有需要申报" in (await file({}, skill="tax_calendar", principal=nobody.principal)).text
    assert "还没有申报记录" in (await file({}, skill="my_returns", principal=nobody.principal)).text


async def test_while_the_core_system_is_away_the_form_is_kept(core: str) -> None:
    await tell_core(Mode.DOWN)
    with pytest.raises(CannotGoOn) as end:
        await next_of(VAT_SKILL, context(), {}, opening=True, asked=None, confirmed=False)
    assert end.value.reply.extra["kept"] == "file_vat"


async def test_figures_that_do_not_go_together_are_asked_again(core: str) -> None:
    values = {"obligation_id": OPEN_VAT, "sales": "1000", "special_sales": "2000"}
    coming = await next_of(VAT_SKILL, context(), values, opening=False, asked=None, confirmed=False)
    assert coming.missing == "special_sales"
    assert "不能超过不含税销售额" in coming.replies[0].text


async def test_a_loss_is_said_in_words(core: str) -> None:
    idle = context(acting(YUNQI, "李静"))
    skill = skill_by_name("file_cit")
    said = check(skill.form, {"profit": "亏损1.5万元"}, {}).values
    coming = await next_of(skill, idle, said, opening=True, asked=None, confirmed=False)
    assert "利润总额：-15,000.00元（您填写，税务机关已有数据为-12,000.00元）" in coming.replies[0].text


async def test_every_skill_of_filing_needs_a_taxpayer(core: str) -> None:
    assert {skill.access for skill in FILING} == {Access.AUTHORISED}
    assert [skill.name for skill in FILING if skill.confirm] == ["file_vat", "file_cit", "file_vehicle"]
    noodles = acting(NOODLES, "陈大勇")
    assert "西湖区大勇面馆" in (await file({}, skill="tax_calendar", principal=noodles)).text


CAR = obligation_id(ZHAOMIN, "vehicle_vessel", date(2026, 12, 31))


class TestVehicles:
    """Vehicle and vessel tax: what is asked depends on what it is."""

    skill = skill_by_name("file_vehicle")

    async def test_the_car_on_the_register_is_shown_at_once(self, core: str) -> None:
        coming = await next_of(
            self.skill, context(acting(ZHAOMIN, "赵敏")), {}, opening=True, asked=None, confirmed=False
        )
        assert (coming.missing, coming.known) == (CONFIRM, {"obligation_id": f"file:vehicle_vessel:{CAR}"})
        assert "排量：1598（税务机关已有数据）" in coming.replies[0].text
        assert "合计应缴：车船税300.00元" in coming.replies[0].text

    @pytest.mark.parametrize(
        ("known", "asked"),
        [
            ({}, ["kind"]),
            ({"kind": "car"}, ["kind", "green", "displacement", "local_amount"]),
            ({"kind": "car", "green": "new_energy"}, ["kind", "green"]),
            ({"kind": "truck"}, ["kind", "green", "weight", "local_amount"]),
            ({"kind": "trailer"}, ["kind", "weight", "local_amount"]),
            ({"kind": "motorcycle"}, ["kind", "local_amount"]),
            ({"kind": "vessel"}, ["kind", "net_tons"]),
            ({"kind": "tug"}, ["kind", "kilowatts"]),
            ({"kind": "yacht"}, ["kind", "length"]),
        ],
        ids=lambda value: "-".join(value.values()) or "nothing" if isinstance(value, dict) else "",
    )
    def test_a_correction_asks_for_what_the_kind_needs(self, known: dict[str, str], asked: list[str]) -> None:
        assert self.skill.required_fields({"obligation_id": f"correct:vehicle_vessel:{CAR}"}) == [
            "obligation_id",
            "kind",
        ]
        values = {"obligation_id": f"correct:vehicle_vessel:{CAR}", **known}
        assert self.skill.required_fields(values) == ["obligation_id", *asked]

    async def test_what_a_lorry_lacks_is_said_and_the_form_stays_open(self, core: str) -> None:
        said = check(self.skill.form, {"kind": "货车"}, {}).values
        coming = await next_of(
            self.skill, context(acting(ZHAOMIN, "赵敏")), said, opening=True, asked=None, confirmed=False
        )
        assert "整备质量（吨）" in coming.replies[0].text
        assert coming.missing != CONFIRM or "还没有申报" in coming.replies[0].text

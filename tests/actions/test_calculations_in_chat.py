"""Calculators in a chat: everything at once, step by step, and a result that is changed in one sentence."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest

from actions.choosing import chosen
from actions.hearing import Standing
from bot.dialogue.mapper import replies_from_events
from hub.kit.ids import new_id
from hub.skills import question_of
from services.calculations import wording
from services.calculations.skills import IN_CHAT, ChatCalculator
from tests.actions.calculating import ALL_AT_ONCE, SKILLS, chat_about, done, then

pytestmark = pytest.mark.usefixtures("empty_database")


@pytest.mark.parametrize(("name", "text", "answer"), ALL_AT_ONCE)
async def test_everything_can_be_said_at_once(webhook: httpx.AsyncClient, name: str, text: str, answer: str) -> None:
    [reply] = await chat_about(webhook, name).say(text, name)
    assert reply.text.splitlines()[0] == answer
    assert [button["title"] for button in reply.buttons] == [wording.WHY, wording.AGAIN]


STEP_BY_STEP = [
    ("calc_vat", ["28万", "按季度", "含税"]),
    ("calc_wages", ["两万", "3500", "没有"]),
    ("calc_bonus", ["5万", "两种都算", "24万", "没有"]),
    ("calc_labour", ["平台接单", "3万", "3个月", "没有"]),
    ("calc_deed", ["1500000", "家庭第二套住房", "120平"]),
    ("calc_vehicle_purchase", ["2万", "不含税", "燃油车"]),
    ("calc_late_fee", ["1万", "10月26号"]),
]


@pytest.mark.parametrize(("name", "answers"), STEP_BY_STEP)
async def test_step_by_step(webhook: httpx.AsyncClient, name: str, answers: list[str]) -> None:
    chat = chat_about(webhook, name)
    await chat.say("帮我算一下", name)
    for answer in answers[:-1]:
        before = chat.awaits
        await chat.say(answer, "provide")
        assert chat.awaits not in (None, before), answer
    [reply] = await chat.say(answers[-1], "provide")
    assert reply.extra["trace"]


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("calc_vat", "三个月卖了28万，其他没有", {"sales": "280000.00", "period": "quarter"}),
        ("calc_vat", "算增值税，7月份卖了9万", {"sales": "90000.00", "period": "month"}),
        ("calc_wages", "算工资个税，工资15000，公积金1,800", {"monthly_income": "15000", "monthly_special": "1800.00"}),
        ("calc_wages", "我全年工资收入不高，帮我算算个税", {}),
        ("calc_deed", "买了一套150万以上的房子算契税", {"price": "1500000.00"}),
        ("calc_vehicle_purchase", "我自己买了一辆进口车自用，算购置税", {"source": "bought"}),
        ("calc_vehicle_purchase", "新能源汽车要交多少购置税", {"drive": "new_energy"}),
        ("calc_late_fee", "算一下滞纳金", {}),
    ],
)
async def test_everyday_words_are_not_mistaken(
    webhook: httpx.AsyncClient, name: str, text: str, values: dict[str, str]
) -> None:
    chat = chat_about(webhook, name)
    await chat.say(text, name)
    assert chat.values == values


@pytest.mark.parametrize("name", SKILLS)
def test_a_button_is_read_as_its_own_choice(name: str) -> None:
    standing = Standing(SKILLS[name], {}, None)
    for field in SKILLS[name].form.model_fields:
        choices = question_of(SKILLS[name].form, field).choices
        for choice in choices:
            typed = choice.title if standing.question(field).entity else chosen(choice.title, choices)
            assert typed
            assert standing.valid({field: typed}) == {field: choice.value}


async def test_a_result_is_changed_in_one_sentence(webhook: httpx.AsyncClient) -> None:
    chat = chat_about(webhook, "calc_vat")
    [first] = await chat.say("一个季度卖了28万，含税，在县城", "calc_vat")
    for text, intent, told, answer in [
        ("专票金额改成5万", "correct", "已把", "本期应缴增值税：495.05元。"),
        ("销售额改成20万", "correct", "已把销售额改为200,000.00元。", "本期应缴增值税：495.05元。"),
        ("改成不含税", "correct", "已把含税口径改为不含税。", "本期应缴增值税：500.00元。"),
    ]:
        assert await done(chat, "action_out_of_place", text, intent) == []
        assert chat.followup == "action_recalculate"
        said = await then(chat, "action_recalculate")
        assert chat.followup == "calc_vat_form"
        assert [reply.text for reply in said if reply.text.startswith(told)] == [
            reply.text for reply in said if reply.text != ""
        ]
        start = len(chat.events)
        chat.followup = None
        await chat.form()
        [result] = replies_from_events(chat.events[start:])
        assert result.text.splitlines()[0] == answer
        assert UUID(result.extra["trace"]) != UUID(first.extra["trace"])
        assert "市区" not in result.text
        assert chat.values == {}


async def test_what_changes_nothing_is_left_to_others(webhook: httpx.AsyncClient) -> None:
    chat = chat_about(webhook, "calc_deed")
    await done(chat, "action_out_of_place", "改成30万", "correct")
    assert chat.followup is None
    await chat.say("公司买了一间商铺，100万，契税多少", "calc_deed")
    await done(chat, "action_out_of_place", "天气不对", "correct")
    assert chat.followup is None
    chat.add("bot", text=None, data={"custom": {"text": "契税", "trace": str(new_id())}})
    await done(chat, "action_out_of_place", "成交价格改成200万", "correct")
    assert chat.followup is None


@pytest.mark.parametrize("calculator", IN_CHAT, ids=lambda one: one.skill)
async def test_the_example_that_a_result_gives_works(webhook: httpx.AsyncClient, calculator: ChatCalculator) -> None:
    chat = chat_about(webhook, calculator.skill)
    text = next(text for name, text, _ in ALL_AT_ONCE if name == calculator.skill)
    [before] = await chat.say(text, calculator.skill)
    assert f"例如“{calculator.example}”" in before.text
    await done(chat, "action_out_of_place", calculator.example, "correct")
    await then(chat, "action_recalculate")
    start, chat.followup = len(chat.events), None
    await chat.form()
    [after] = replies_from_events(chat.events[start:])
    assert after.extra["trace"] != before.extra["trace"]
    assert after.text != before.text

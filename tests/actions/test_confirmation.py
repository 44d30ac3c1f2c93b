"""Forms that bind: everything is shown before it is submitted, and can be changed until then."""

from __future__ import annotations

import pytest

from hub.kit.errors import Conflict, Unavailable
from hub.skills import Button, SkillResult
from tests.actions.permit import ANSWERS, Office
from tests.actions.wire import Chat

STORY = "卖面条，一天能卖多少碗说不好，怎么报税也不懂"
FILLED = {"shop": "好再来", "size": "small", "opens": "2026-12-01", "story": STORY}


async def filled(chat: Chat) -> list[str]:
    """Answer everything; what is said at the end."""
    for text, intent in ANSWERS:
        await chat.say(text, intent)
    return [reply.text for reply in await chat.say(STORY, "ask_question")]


async def test_nothing_is_submitted_before_it_was_confirmed(permit: Chat, office: Office) -> None:
    said = await filled(permit)
    assert "店名：好再来\n规模：小店\n开业日期：2026年12月1日\n经营情况：卖面条" in said[0]
    assert permit.awaits == "confirm"
    assert office.asked == []
    replies = await permit.say("确认", "affirm", 1.0)
    assert [reply.text for reply in replies] == ["已受理。"]
    assert replies[0].extra["receipt"] == "R1"
    [(context, form)] = office.asked
    assert form.model_dump(mode="json", exclude_none=True) == FILLED
    assert context.key == f"{permit.sender_id}:{permit.latest['metadata']['message_id']}"
    assert permit.values == {}


async def test_the_button_confirms_too(permit: Chat, office: Office) -> None:
    await filled(permit)
    await permit.say("/affirm", "affirm", 1.0)
    assert len(office.asked) == 1


async def test_a_change_is_shown_and_must_be_confirmed_anew(permit: Chat, office: Office) -> None:
    await filled(permit)
    replies = await permit.say("不对，日期改成12月5号", "correct")
    assert "已把开业日期改为2025年12月5日。" in replies[0].text
    assert "开业日期：2025年12月5日" in replies[1].text
    assert office.asked == []
    await permit.say("对", "affirm")
    assert office.asked[0][1].opens.isoformat() == "2025-12-05"


async def test_no_asks_what_to_change(permit: Chat, office: Office) -> None:
    await filled(permit)
    replies = await permit.say("不", "deny", 1.0)
    assert "要改哪一项" in replies[0].text
    assert permit.awaits == "confirm"
    assert office.asked == []


async def test_anything_else_is_neither_yes_nor_no(permit: Chat, office: Office) -> None:
    await filled(permit)
    first = await permit.say("嗯哼呵呵呵", "nlu_fallback")
    second = await permit.say("嗯哼呵呵呵", "nlu_fallback")
    assert "请回复“确认”提交" in first[0].text
    assert second[0].buttons[0]["payload"] == "intent:talk_to_human"
    assert office.asked == []


async def test_questions_before_confirming_are_answered_and_the_sheet_is_shown_again(
    permit: Chat, office: Office
) -> None:
    await filled(permit)
    replies = await permit.say("办下来要几天？", "ask_question")
    assert any("请核对" in reply.text for reply in replies)
    assert permit.awaits == "confirm"
    assert office.asked == []


async def test_prose_is_taken_whatever_it_looks_like_unless_it_is_a_control_word(permit: Chat) -> None:
    for text, intent in ANSWERS:
        await permit.say(text, intent)
    assert permit.awaits == "story"
    assert await permit.is_aside("转人工", "talk_to_human") is False  # not settled: the classifier guessed
    assert permit.values["story"] == "转人工"


async def test_a_settled_control_word_interrupts_prose(permit: Chat) -> None:
    for text, intent in ANSWERS:
        await permit.say(text, intent)
    permit.hear("取消", "cancel", 1.0)
    await permit.form()
    assert permit.events[-1]["event"] == "action_execution_rejected"
    assert permit.awaits == "story"


async def test_what_a_choice_brings_with_it_is_asked_and_dropped_with_it(permit: Chat) -> None:
    await permit.say("开店许可", "permit")
    await permit.say("好再来", "provide")
    await permit.say("大店", "provide")
    assert permit.awaits == "rent"
    await permit.say("3000", "provide")
    assert permit.awaits == "opens"


async def test_a_rule_about_the_whole_form_asks_for_the_field_again(permit: Chat, office: Office) -> None:
    for text in ("好再来", "大店", "500", "2026年12月1日", STORY):
        if permit.active_loop is None:
            await permit.say("开店许可", "permit")
        await permit.say(text, "provide")
    replies = await permit.say("确认", "affirm", 1.0)
    assert "不会低于1000元" in replies[0].text
    assert office.asked == []
    assert permit.values["shop"] == "好再来"


@pytest.mark.parametrize(
    "trouble",
    [Unavailable("对方系统正在维护。"), SkillResult("unavailable", "对方系统正在维护。"), RuntimeError("bug")],
)
async def test_trouble_keeps_the_form_and_going_on_confirms_anew(
    permit: Chat, office: Office, trouble: Exception | SkillResult
) -> None:
    office.answer = trouble
    await filled(permit)
    replies = await permit.say("确认", "affirm", 1.0)
    assert "已为您保留" in replies[-1].text
    assert [button["payload"] for button in replies[-1].buttons] == ["intent:resume", "intent:talk_to_human"]
    assert permit.values == FILLED
    office.answer = SkillResult("granted", "已受理。")
    permit.hear("继续", "resume", 1.0)
    permit.add("action", name="action_resume")
    permit.apply(await permit.call("action_resume"))
    assert permit.followup == "permit_form"
    await permit.form()
    assert permit.awaits == "confirm"
    assert len(office.asked) == 1
    await permit.say("确认", "affirm", 1.0)
    assert len(office.asked) == 2
    assert office.asked[0][0].key != office.asked[1][0].key


async def test_a_refusal_says_why_and_forgets(permit: Chat, office: Office) -> None:
    office.answer = Conflict("该店铺已有许可。")
    await filled(permit)
    replies = await permit.say("确认", "affirm", 1.0)
    assert replies[-1].text == "该店铺已有许可。"
    assert replies[-1].buttons[0]["payload"] == "intent:talk_to_human"
    assert permit.values == {}


async def test_fields_to_retry_are_asked_again_and_the_rest_is_kept(permit: Chat, office: Office) -> None:
    office.answer = SkillResult("wrong", "店名已被占用。", retry_fields=("shop",))
    await filled(permit)
    replies = await permit.say("确认", "affirm", 1.0)
    assert "店名已被占用。" in replies[0].text
    assert "店名" in replies[0].text.splitlines()[1]
    assert permit.awaits == "shop"
    assert permit.active_loop == "permit_form"
    assert permit.values == {name: value for name, value in FILLED.items() if name != "shop"}
    office.answer = SkillResult("granted", "已受理。", buttons=(Button("再办一个", "skill:permit"),))
    await permit.say("又来了", "provide")
    replies = await permit.say("确认", "affirm", 1.0)
    assert office.asked[-1][1].shop == "又来了"
    assert replies[-1].buttons == ({"title": "再办一个", "payload": "skill:permit"},)

"""Saying it again, and going on with what was put aside."""

from __future__ import annotations

import pytest

from bot.dialogue.replies import skill_button
from services.registry import SKILLS
from tests.actions.wire import Chat


async def run(chat: Chat, action: str, text: str, intent: str) -> list[dict[str, object]]:
    """A turn that consists of one action; the payloads said."""
    chat.hear(text, intent, 1.0)
    chat.add("action", name=action)
    answer = await chat.call(action)
    chat.apply(answer)
    return [message["custom"] for message in answer["responses"]]


async def test_repeats_words_and_buttons_of_the_last_turn(inspection: Chat) -> None:
    inspection.hear("怎么查发票", "ask_question")
    payload = {"text": "这样查。", "buttons": [{"title": "查验一张发票", "payload": "skill:invoice_inspection"}]}
    inspection.add("bot", text=None, data={"custom": payload})
    inspection.add(
        "bot", text="还有别的吗？", data={"buttons": [{"title": "转人工", "payload": "intent:talk_to_human"}]}
    )
    first, second = await run(inspection, "action_repeat", "再说一遍", "repeat")
    assert (first["text"], first["buttons"]) == ("这样查。", payload["buttons"])
    assert (second["text"], second["buttons"]) == (
        "还有别的吗？",
        [{"title": "转人工", "payload": "intent:talk_to_human"}],
    )
    again = await run(inspection, "action_repeat", "再说一遍", "repeat")
    assert [message["text"] for message in again] == ["这样查。", "还有别的吗？"]


async def test_repeating_before_anything_was_said(inspection: Chat) -> None:
    [said] = await run(inspection, "action_repeat", "再说一遍", "repeat")
    assert "刚开始" in str(said["text"])


async def test_nothing_to_go_on_with_offers_what_there_is(inspection: Chat) -> None:
    [said] = await run(inspection, "action_resume", "继续", "resume")
    assert said["buttons"] == [skill_button(skill.name) for skill in SKILLS]
    assert inspection.followup is None


async def test_what_was_cancelled_since_does_not_come_back(inspection: Chat) -> None:
    inspection.hear("查发票", "invoice_inspection")
    inspection.add("bot", text=None, data={"custom": {"text": "平台没有应答。", "kept": "invoice_inspection"}})
    inspection.hear("算了", "cancel", 1.0)
    await run(inspection, "action_resume", "继续", "resume")
    assert inspection.followup is None


async def test_what_was_kept_goes_on(inspection: Chat) -> None:
    inspection.hear("查发票", "invoice_inspection")
    inspection.add("bot", text=None, data={"custom": {"text": "平台没有应答。", "kept": "invoice_inspection"}})
    inspection.hear("谢谢", "thank")
    [said] = await run(inspection, "action_resume", "继续", "resume")
    assert "发票查验" in str(said["text"])
    assert inspection.followup == "invoice_inspection_form"


VALUES_THAT_TELL = [
    ("26322000000000001130，9月3号，1130元", {"invoice_number", "issued_on", "total_with_tax"}),
    ("031002300211 48213377", {"invoice_number", "invoice_code"}),
    ("26322000000000001130", {"invoice_number"}),
]


@pytest.mark.parametrize(("text", "fields"), VALUES_THAT_TELL, ids=[row[0] for row in VALUES_THAT_TELL])
async def test_values_that_tell_what_they_are_for_start_it(inspection: Chat, text: str, fields: set[str]) -> None:
    assert await run(inspection, "action_out_of_place", text, "provide") == []
    assert inspection.followup == "invoice_inspection_form"
    await inspection.form_until_submission()
    assert set(inspection.values) == fields


@pytest.mark.parametrize("text", ["1130元", "9月3号", "13812345678", "1130", "/provide"])
async def test_values_of_many_uses_are_asked_about(inspection: Chat, text: str) -> None:
    inspection.hear(text, "provide")
    answer = await inspection.call("action_out_of_place")
    assert [message["response"] for message in answer["responses"]] == ["utter_unasked_values"]
    assert answer["events"] == []

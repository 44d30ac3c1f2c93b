"""Whatever people type, into a form or outside of it: an answer comes, and the form stays usable."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.registry import executor, executor_for
from services.registry import SKILLS
from tests.actions.permit import Office
from tests.actions.wire import Chat

INTENTS = (
    "invoice_inspection", "permit", "ask_question", "provide", "affirm", "deny", "cancel", "correct", "repeat",
    "resume", "talk_to_human", "greet", "thank", "nlu_fallback", "an_intent_of_tomorrow",
)  # fmt: skip
PIECES = st.sampled_from(
    ["26322000000000001130", "031002300211", "48213377", "9月3号", "1130元", "不对", "改成", "日期", "金额", "号码",
     "不是", "2026年2月30日", "1.2万", "／", "\u200b", "😀", "٣", "Ⅷ", "½", "\x00", "吗", "/restart", "发票代码",
     "校验码", "零", "亿"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(PIECES, min_size=1, max_size=8).map("".join),
    st.integers(min_value=0, max_value=10**30).map(str),
)
TURNS = st.lists(st.tuples(TEXTS, st.sampled_from(INTENTS), st.floats(0, 1)), min_size=1, max_size=6)
QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)


async def talk(chat: Chat, turns: list[tuple[str, str, float]]) -> None:
    """Say it all; after each turn of an open form something was said, or the message was left to the rules."""
    await chat.say("开始", chat.skill.name)
    for text, intent, confidence in turns:
        before = len(chat.events)
        open_before, taken_back = chat.active_loop, {*chat.values, chat.awaits}
        replies = await chat.say(text, intent, confidence)
        if open_before:
            left = any(event["event"] == "action_execution_rejected" for event in chat.events[before:])
            assert left or replies
            assert not any("处理出了点问题" in reply.text for reply in replies)
        assert chat.active_loop is None or chat.awaits is not None
        if chat.active_loop and chat.awaits != "confirm":
            # what was said to be wrong is asked for again, needed or not
            assert chat.awaits in {*chat.skill.required_fields(chat.values), *taken_back}


@given(turns=TURNS)
@QUICK
async def test_inspection(webhook: httpx.AsyncClient, app: FastAPI, turns: list[tuple[str, str, float]]) -> None:
    skill = replace(SKILLS[0], submit=Office().submit)
    app.dependency_overrides[executor] = lambda: executor_for((skill,))
    await talk(Chat(webhook, skill), turns)


@given(turns=TURNS)
@QUICK
async def test_a_form_with_everything(
    webhook: httpx.AsyncClient, app: FastAPI, turns: list[tuple[str, str, float]]
) -> None:
    skill = Office().skill()
    app.dependency_overrides[executor] = lambda: executor_for((skill,))
    await talk(Chat(webhook, skill), turns)


@given(text=TEXTS)
@QUICK
@pytest.mark.parametrize("action", ["action_repeat", "action_resume"])
async def test_other_actions(webhook: httpx.AsyncClient, action: str, text: str) -> None:
    chat = Chat(webhook, SKILLS[0])
    chat.hear(text, "nlu_fallback")
    assert (await chat.call(action))["responses"]

"""“为什么是这个数”: every step with its law, to whom it belongs, also in the middle of a form."""

from __future__ import annotations

import httpx
import pytest

from hub.kit.db import transaction
from hub.kit.ids import new_id
from hub.skills import question_of
from services.calculations import wording
from services.calculations.service import keep
from services.taxes.deed import DEED
from tests.actions.calculating import ALL_AT_ONCE, SKILLS, chat_about, done
from tests.services.calculations.people import signed_in

pytestmark = pytest.mark.usefixtures("empty_database")


async def test_why_this_amount(webhook: httpx.AsyncClient) -> None:
    chat = chat_about(webhook, "calc_deed")
    await chat.say("首套房，150万，算契税", "calc_deed")
    await chat.say("89.5平方米", "provide")
    [reply] = await done(chat, "action_explain", "为什么是这个数", "explain_amount")
    lines = reply.text.splitlines()
    assert lines[0] == "应纳契税：15,000.00元，是这样算出来的："
    assert "4. 应纳契税：1,500,000.00元 × 1% = 15,000.00元" in lines
    assert "3. 住房优惠税率：1%（面积89.5平方米，不超过140平方米）" in lines
    assert "   依据《契税法》第三条" in lines
    assert wording.SAME_BASIS in reply.text
    assert {"财政部 税务总局 住房城乡建设部公告2024年第16号"} <= {one["document_number"] for one in reply.citations}
    [again] = await done(chat, "action_explain", "再讲讲怎么来的", "explain_amount")
    assert again.text == reply.text


async def test_every_step_of_every_calculator_is_explained(webhook: httpx.AsyncClient) -> None:
    for name, text, answer in ALL_AT_ONCE:
        chat = chat_about(webhook, name)
        await chat.say(text, name)
        [reply] = await done(chat, "action_explain", "怎么算的", "explain_amount")
        assert reply.text.startswith(answer.removesuffix("。"))
        assert "1. " in reply.text
        assert "依据《" in reply.text
        assert "中华人民共和国" not in reply.text


async def test_no_amount_yet(webhook: httpx.AsyncClient) -> None:
    chat = chat_about(webhook, "calc_vat")
    [reply] = await done(chat, "action_explain", "为什么是这个数", "explain_amount")
    assert reply.text == wording.NOTHING_TO_EXPLAIN
    assert [button["payload"] for button in reply.buttons] == [f"skill:{name}" for name in SKILLS]


async def test_in_the_middle_of_a_form_no_other_form_is_offered(webhook: httpx.AsyncClient) -> None:
    chat = chat_about(webhook, "calc_vat")
    await chat.say("算增值税", "calc_vat")
    explained, asked = await chat.say("这个数怎么来的", "explain_amount")
    assert (explained.text, explained.buttons) == (wording.NOTHING_TO_EXPLAIN, ())
    assert chat.awaits == "sales"
    assert asked.text == question_of(chat.skill.form, "sales").prompt


async def test_a_persons_own_figures_are_explained_to_that_person_alone(webhook: httpx.AsyncClient) -> None:
    for phone, mine in (("19999990001", True), ("19999990002", False)):
        chat = chat_about(webhook, "calc_vat")
        person = await signed_in(f"conversation:{chat.sender_id}", phone)
        form = DEED.read({"price": "1000000", "home": "other", "on": "2026-05-01"})
        async with transaction() as session:
            owner = person if mine else new_id()
            read = await keep(session, DEED.calculate(form), form, channel="web", owner=owner)
        chat.hear("报税", "file_vat")
        chat.add("bot", text=None, data={"custom": {"text": "请核对", "trace": str(read.trace_id)}})
        [reply] = await done(chat, "action_explain", "为什么", "explain_amount")
        assert (reply.text == wording.NOT_FOUND) is not mine
        assert ("30,000.00元" in reply.text) is mine

"""Asking for a human: into the queue, with the reason, and never into nothing."""

from __future__ import annotations

from uuid import UUID

import pytest

from bot.conversation.models import Conversation, State
from bot.conversation.repository import open_handoff
from hub.bureau import bureau
from hub.kit.db import transaction
from tests.actions.wire import Chat


@pytest.fixture
async def stored(inspection: Chat, empty_database: str) -> Chat:
    """The chat with its conversation in the database."""
    async with transaction() as session:
        session.add(Conversation(id=UUID(inspection.sender_id), channel="web"))
    return inspection


async def ask_for_human(chat: Chat, text: str = "转人工") -> dict[str, object]:
    """Ask; what is said."""
    chat.hear(text, "talk_to_human")
    answer = await chat.call("action_handoff")
    chat.apply(answer)
    custom: dict[str, object] = answer["responses"][0]["custom"]
    return custom


async def test_the_chat_waits_with_a_way_back(stored: Chat) -> None:
    said = await ask_for_human(stored)
    assert "已为您转人工" in str(said["text"])
    assert said["buttons"] == [{"title": "取消排队，继续问助手", "payload": "intent:leave_queue"}]
    async with transaction() as session:
        conversation = await session.get_one(Conversation, UUID(stored.sender_id))
        stay = await open_handoff(session, conversation.id)
    assert conversation.state == State.WAITING_FOR_AGENT
    assert stay is not None
    assert stay.reason == "customer_request"


async def test_the_agent_learns_what_was_being_done_and_the_form_can_go_on_later(stored: Chat) -> None:
    await stored.say("查下发票 26322000000000001130", "invoice_inspection")
    said = await ask_for_human(stored)
    async with transaction() as session:
        stay = await open_handoff(session, UUID(stored.sender_id))
    assert stay is not None
    assert stay.note == "正在办理：发票查验"
    assert said["kept"] == "invoice_inspection"
    stored.active_loop = None
    stored.add("active_loop", name=None)
    stored.hear("继续", "resume", 1.0)
    stored.add("action", name="action_resume")
    stored.apply(await stored.call("action_resume"))
    await stored.form()
    assert stored.values == {"invoice_number": "26322000000000001130"}
    assert stored.awaits == "issued_on"


@pytest.mark.parametrize("text", ["我不想活了，转人工", "再不给我办我就跟你们同归于尽"])
async def test_distress_is_the_reason_where_it_is_said(stored: Chat, text: str) -> None:
    await ask_for_human(stored, text)
    async with transaction() as session:
        stay = await open_handoff(session, UUID(stored.sender_id))
    assert stay is not None
    assert stay.reason == "distress_or_threat"


async def test_despair_gets_a_human_even_where_nobody_was_asked_for(stored: Chat) -> None:
    stored.hear("公司倒了还欠税，我真的活不下去了", "ask_question")
    answer = await stored.call("action_answer")
    assert "已为您转人工" in answer["responses"][0]["custom"]["text"]
    async with transaction() as session:
        stay = await open_handoff(session, UUID(stored.sender_id))
    assert stay is not None
    assert stay.reason == "distress_or_threat"


async def test_two_misses_before_are_the_reason(stored: Chat) -> None:
    await stored.say("发票查验", "invoice_inspection")
    await stored.say("呃呃呃", "nlu_fallback")
    await stored.say("啊啊啊", "nlu_fallback")
    await ask_for_human(stored)
    async with transaction() as session:
        stay = await open_handoff(session, UUID(stored.sender_id))
    assert stay is not None
    assert stay.reason == "repeated_misunderstanding"


@pytest.mark.parametrize("sender", ["default", "0192f0c1-2345-7abc-8def-0123456789ab"])
@pytest.mark.usefixtures("database")
async def test_somebody_without_a_conversation_gets_the_phone(inspection: Chat, sender: str) -> None:
    inspection.sender_id = sender
    said = await ask_for_human(inspection)
    assert bureau().phone in str(said["text"])
    assert bureau().hours_text in str(said["text"])
    assert said["buttons"] == []

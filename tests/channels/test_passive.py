"""Answers in the response to the party's call: once, in time, and pushed when that is not possible."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.conversation import handoff
from bot.conversation.service import ConversationService
from channels import passive
from channels.passive import Answered
from hub import outbox
from hub.kit import clock
from hub.kit.db import transaction
from hub.outbox.models import OutboxMessage, State
from tests.bot.rasa_wire import RasaWire
from tests.channels.bench import Bench
from tests.channels.hands.plain import SlipHand

ANN = "ann"


@pytest.fixture
async def slip(conversations: ConversationService, rasa: RasaWire) -> AsyncIterator[Bench]:
    bench = Bench(SlipHand(), conversations, rasa)
    yield bench
    await bench.close()


async def announce(slip: Bench, *words: str) -> None:
    talk = await slip.conversation()
    for one in words:
        async with transaction() as session:
            await handoff.announce(session, talk.id, one)


async def test_an_answer_in_the_response_is_not_pushed(slip: Bench) -> None:
    await slip.call(slip.hand.text(ANN, "你好", 1))
    assert slip.heard() == ["听到：你好"]
    assert await slip.states() == [State.DELIVERED]
    await slip.deliver(later=True)
    assert slip.heard() == ["听到：你好"]


async def test_the_partys_retry_gets_the_answer_that_the_first_call_was_too_early_for(slip: Bench) -> None:
    slip.rasa.held = asyncio.Event()
    call = slip.hand.text(ANN, "慢", 1)
    first = await slip.call(call)
    assert first.content == b"ok"
    slip.rasa.held.set()
    await slip.call(call)
    assert slip.heard() == ["听到：慢"]
    await slip.turns()
    await slip.deliver(later=True)
    assert slip.heard() == ["听到：慢"]
    assert len(slip.rasa.heard) == 1


async def test_what_waits_goes_along_as_far_as_it_fits(slip: Bench) -> None:
    await slip.call(slip.hand.text(ANN, "你好", 1))
    await announce(slip, "甲。", "乙。")
    await slip.call(slip.hand.text(ANN, "还有吗", 2))
    assert slip.heard()[1:] == ["甲。\n\n乙。\n\n听到：还有吗"]
    assert set(await slip.states()) == {State.DELIVERED}
    await announce(slip, "丙" * 60 + "。", "丁" * 60 + "。")
    await slip.call(slip.hand.text(ANN, "再来", 3))
    assert slip.heard()[2:] == ["丙" * 60 + "。"]
    await slip.deliver(later=True)
    assert slip.heard()[2:] == ["丙" * 60 + "。", "丁" * 60 + "。", "听到：再来"]


async def test_nothing_comes_behind_choices_in_one_message(slip: Bench) -> None:
    await slip.call(slip.hand.text(ANN, "你好", 1))
    slip.rasa.answers["选"] = [
        {"custom": {"text": "甲还是乙？", "buttons": [{"title": "甲", "payload": "ask:甲"}]}},
        {"text": "请尽快选择。"},
    ]
    await slip.call(slip.hand.text(ANN, "选", 2))
    assert slip.heard()[-1].endswith("1. 甲")
    await slip.deliver(later=True)
    assert slip.heard()[-1] == "请尽快选择。"


async def test_a_process_that_dies_with_the_answer_in_its_hands_loses_nothing(
    slip: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(self: Answered) -> None:
        return None

    monkeypatch.setattr(Answered, "gone_out", dies)
    await slip.call(slip.hand.text(ANN, "你好", 1))
    assert await slip.states() == [State.SENDING]
    await slip.deliver()
    assert slip.heard() == ["听到：你好"], "its lease still runs"
    async with transaction() as session:
        await session.execute(update(OutboxMessage).values(due_at=clock.now() - passive.LEASE))
    await slip.deliver()
    await slip.deliver(later=True)
    assert slip.heard() == ["听到：你好"] * 2, "once more, and never again"
    assert await slip.states() == [State.SENT]


async def test_an_answer_that_is_ready_too_late_for_the_response_is_pushed(
    slip: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = passive.take_along

    async def slow(*given: object) -> Answered | None:
        taken = await real(*given)  # type: ignore[arg-type]
        await asyncio.sleep(2.1)
        return taken

    monkeypatch.setattr("channels.webhook.passive.take_along", slow)
    response = await slip.call(slip.hand.text(ANN, "你好", 1))
    assert response.content == b"ok"
    await slip.deliver()
    assert slip.heard() == ["听到：你好"]


async def test_the_worker_leaves_the_answer_to_the_response_until_its_time_is_over(slip: Bench) -> None:
    slip.rasa.delay = 0.2
    call = asyncio.create_task(slip.call(slip.hand.text(ANN, "你好", 1)))
    while not await slip.states():
        await asyncio.sleep(0.01)
    await slip.deliver()
    await call
    await slip.deliver(later=True)
    assert slip.heard() == ["听到：你好"]


async def test_a_line_is_not_taken_over_while_its_head_is_on_its_way(slip: Bench) -> None:
    await slip.call(slip.hand.text(ANN, "你好", 1))
    await announce(slip, "甲。", "乙。")
    talk = await slip.conversation()
    way = outbox.door("slip")
    async with transaction() as session:
        (first, second) = await outbox.take_over(session, way, talk.id, timedelta(seconds=30))
        taken = {first.id: first.attempts, second.id: second.attempts}
    async with transaction() as session:
        assert await outbox.take_over(session, way, talk.id, timedelta(seconds=30)) == ()
    async with transaction() as session:
        await outbox.give_back(session, taken)
        assert await outbox.brought(session, taken) == 0, "who gave it back has nothing to settle"
    await slip.deliver()
    assert slip.heard()[1:] == ["甲。", "乙。"]

"""Every message three times over two processes with a bot of any speed: processed once, answered once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta

import httpx
import pytest

from bot.conversation.service import ConversationService
from bot.dialogue.client import DialogueClient
from hub.kit import clock
from hub.kit.db import transaction
from hub.outbox import repository as outbox_rows
from hub.settings import get_settings
from tests.bot.rasa_wire import RasaWire
from tests.channels.bench import Bench
from tests.channels.hands.hand import Hand
from tests.channels.hands.plain import PlainHand, SlipHand

PEOPLE, EACH = 20, 3


class UnevenRasa(RasaWire):
    """Takes any time up to twice the patience of the party."""

    chance = random.Random(7)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self.chance.choice((0.0, 0.05, 1.2, 2.4)))
        return await super().handle_async_request(request)


@pytest.mark.parametrize("kind", [pytest.param(SlipHand, marks=pytest.mark.soak), PlainHand])
async def test_every_message_three_times(empty_database: str, kind: type[PlainHand]) -> None:
    hand: Hand = kind()
    rasa, settings, chance = UnevenRasa(), get_settings(), random.Random(1)
    benches = [
        Bench(hand, ConversationService(settings, DialogueClient(settings, transport=rasa)), rasa) for _ in range(2)
    ]

    async def deliver(bench: Bench, person: int, number: int, after: float) -> None:
        await asyncio.sleep(after)
        response = await bench.call(hand.text(f"person{person}", f"{person}号第{number}句", number))
        assert response.status_code == 200

    calls = [
        deliver(chance.choice(benches), person, number, number * 0.8 + chance.random() * repeat)
        for person in range(PEOPLE) for number in range(EACH) for repeat in range(3)
    ]  # fmt: skip
    working = True

    async def worker() -> None:
        while working:
            await benches[0].deliver()
            await asyncio.sleep(0.02)

    workers = [asyncio.create_task(worker()) for _ in range(2)]
    await asyncio.gather(*calls)
    for bench in benches:
        await bench.turns()
    working = False
    await asyncio.gather(*workers)
    for _ in range(5):
        await benches[0].deliver(later=True)

    heard = Counter(line for text in hand.party.texts() for line in text.split("\n\n"))
    expected = {f"听到：{person}号第{number}句" for person in range(PEOPLE) for number in range(EACH)}
    assert set(heard) == expected
    assert set(heard.values()) == {1}, "nobody hears anything twice"
    assert len(rasa.heard) == PEOPLE * EACH, "nothing is processed twice"
    async with transaction() as session:
        counted = await outbox_rows.counts(session, clock.now() - timedelta(hours=1))
    assert sum(row[4] for row in counted) == 0, "nothing ended in doubt"
    for bench in benches:
        await bench.close()
        await bench.conversations.close()

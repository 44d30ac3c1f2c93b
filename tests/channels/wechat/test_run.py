"""Many messages at once, each delivered three times to two processes, with a bot of every speed: all answered once."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import func, select

from bot.conversation.service import ConversationService
from bot.dialogue.client import DialogueClient
from channels.wechat.channel import WechatChannel
from channels.wechat.client import WechatClient
from hub.kit.db import transaction
from hub.outbox.models import OutboxMessage
from hub.settings import get_settings
from tests.bot.rasa_wire import RasaWire
from tests.channels.bench import Bench
from tests.channels.hands.wechat import ADDRESS, WechatHand

MESSAGES, PEOPLE, TIMES = 60, 30, 3
SCALE = 3.0
"""Everything is so many times faster than in WeChat, but for the half second between our limit and WeChat's."""
PASSIVE = 4.5 / SCALE
LATEST = PASSIVE + 0.5
SLOWEST_BOT = 10 / SCALE


class AnySpeed(RasaWire):
    """Rasa that takes between nothing and far too long."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self._dice = dice

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        # read before the first await, so that each message has its own
        self.delay = self._dice.uniform(0, SLOWEST_BOT)
        return await super().handle_async_request(request)


class FastChannel(WechatChannel):
    """The door with its patience scaled."""

    capabilities = replace(WechatChannel.capabilities, passive_seconds=PASSIVE)


@pytest.fixture
async def hubs(empty_database: str) -> AsyncIterator[list[Bench]]:
    """Two processes behind one address."""
    settings, rasa = get_settings(), AnySpeed(random.Random(12366))
    hands = [WechatHand(), WechatHand()]
    hands[1].party, hands[1].transport = hands[0].party, hands[0].transport
    benches = []
    for hand in hands:
        hand.channel = FastChannel(hand.account, WechatClient(hand.account, ADDRESS, 5.0, hand.transport))
        service = ConversationService(settings, DialogueClient(settings, transport=rasa))
        await service.open()
        benches.append(Bench(hand, service, rasa))
    yield benches
    for bench in benches:
        await bench.close()
        await bench.conversations.close()


@pytest.mark.soak
async def test_every_message_is_answered_once_and_never_late(hubs: list[Bench]) -> None:
    dice = random.Random(2026)
    heard: dict[str, list[str]] = {}
    late: list[float] = []

    async def deliver(number: int, after: float) -> None:
        await asyncio.sleep(after)
        sender, hub = f"oPerson{number % PEOPLE}", dice.choice(hubs)
        hand = hub.hand
        assert isinstance(hand, WechatHand)
        call = hand.text(sender, f"第{number}问。", number)
        began = time.monotonic()
        response = await hub.call(call)
        took = time.monotonic() - began
        assert response.status_code == 200
        if took > LATEST:
            late.append(took)
        if (words := hand.passive_text(response.content)) is not None:
            heard.setdefault(sender, []).append(words)

    async def work(hub: Bench) -> None:
        while True:
            await hub.deliver()
            await asyncio.sleep(0.05)

    workers = [asyncio.create_task(work(hub)) for hub in hubs]
    beginnings = {number: dice.uniform(0, 4) for number in range(MESSAGES)}
    await asyncio.gather(
        *(
            deliver(number, began + time_ * dice.uniform(0, 5 / SCALE))
            for number, began in beginnings.items()
            for time_ in range(TIMES)
        )
    )
    for hub in hubs:
        await hub.turns()
    async with asyncio.timeout(30):
        while await unsettled():
            await asyncio.sleep(0.1)
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)

    pushed = 0
    for got in hubs[0].hand.party.got:
        if got.address:
            heard.setdefault(got.address, []).append(got.text)
            pushed += 1
    assert late == []
    rasa = hubs[0].rasa
    assert Counter(rasa.texts()) == Counter({f"第{number}问。": 1 for number in range(MESSAGES)})
    for number in range(MESSAGES):
        told = "\n".join(heard[f"oPerson{number % PEOPLE}"])
        assert told.count(f"听到：第{number}问。") == 1, (number, told)
    assert sum(text.count("听到") for texts in heard.values() for text in texts) == MESSAGES
    assert 0 < pushed < MESSAGES, "some were in time and some were not"


async def unsettled() -> int:
    """How many messages still wait to go out."""
    async with transaction() as session:
        count = await session.scalar(
            select(func.count()).select_from(OutboxMessage).where(OutboxMessage.due_at.is_not(None))
        )
        return int(count or 0)

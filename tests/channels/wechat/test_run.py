"""Many messages at once, each delivered three times to two processes, with a bot of every speed: all answered once."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

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

TIMES = 3
SLOWEST_BOT = 10.0


@dataclass(frozen=True)
class Run:
    """So many messages of so many people, begun within `seconds`, `pace` times faster than WeChat.

    Only at WeChat's own pace the answers in the response are timed: a machine that is busy with other tests is no
    measure of lateness.
    """

    messages: int
    people: int
    seconds: float
    pace: float

    @property
    def passive(self) -> float:
        """The door's patience, seconds."""
        return 4.5 / self.pace


SHORT, LONG = Run(60, 30, 4, 3.0), Run(1000, 200, 240, 1.0)
WECHAT_WAITS = 5.0
"""Seconds; what comes later WeChat asks for again, and does not show."""


class AnySpeed(RasaWire):
    """Rasa that takes between nothing and far too long."""

    def __init__(self, dice: random.Random, slowest: float) -> None:
        super().__init__()
        self._dice, self._slowest = dice, slowest

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        # read before the first await, so that each message has its own
        self.delay = self._dice.uniform(0, self._slowest)
        return await super().handle_async_request(request)


def door(run: Run) -> type[WechatChannel]:
    """The door with its patience scaled."""

    class Paced(WechatChannel):
        capabilities = replace(WechatChannel.capabilities, passive_seconds=run.passive)

    return Paced


@pytest.fixture(params=[SHORT, pytest.param(LONG, marks=pytest.mark.soak)], ids=["short", "long"])
def run(request: pytest.FixtureRequest) -> Run:
    """How much and how fast."""
    found: Run = request.param
    return found


@pytest.fixture
async def hubs(empty_database: str, run: Run) -> AsyncIterator[list[Bench]]:
    """Two processes behind one address."""
    settings, rasa = get_settings(), AnySpeed(random.Random(12366), SLOWEST_BOT / run.pace)
    hands = [WechatHand(), WechatHand()]
    hands[1].party, hands[1].transport = hands[0].party, hands[0].transport
    benches = []
    for hand in hands:
        hand.channel = door(run)(hand.account, WechatClient(hand.account, ADDRESS, 5.0, hand.transport))
        service = ConversationService(settings, DialogueClient(settings, transport=rasa))
        await service.open()
        benches.append(Bench(hand, service, rasa))
    yield benches
    for bench in benches:
        await bench.close()
        await bench.conversations.close()


async def test_every_message_is_answered_once_and_never_late(hubs: list[Bench], run: Run) -> None:
    dice = random.Random(2026)
    heard: dict[str, list[str]] = {}
    took: list[float] = []

    async def deliver(number: int, after: float) -> None:
        await asyncio.sleep(after)
        sender, hub = f"oPerson{number % run.people}", dice.choice(hubs)
        hand = hub.hand
        assert isinstance(hand, WechatHand)
        call = hand.text(sender, f"第{number}问。", number)
        began = time.monotonic()
        response = await hub.call(call)
        took.append(time.monotonic() - began)
        assert response.status_code == 200
        if (words := hand.passive_text(response.content)) is not None:
            heard.setdefault(sender, []).append(words)

    async def work(hub: Bench) -> None:
        while True:
            await hub.deliver()
            await asyncio.sleep(0.05)

    workers = [asyncio.create_task(work(hub)) for hub in hubs]
    beginnings = {number: dice.uniform(0, run.seconds) for number in range(run.messages)}
    await asyncio.gather(
        *(
            deliver(number, began + time_ * dice.uniform(0, 5 / run.pace))
            for number, began in beginnings.items()
            for time_ in range(TIMES)
        )
    )
    for hub in hubs:
        await hub.turns()
    async with asyncio.timeout(120):
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
    assert run is SHORT or max(took) < WECHAT_WAITS
    rasa = hubs[0].rasa
    assert Counter(rasa.texts()) == Counter({f"第{number}问。": 1 for number in range(run.messages)})
    for number in range(run.messages):
        told = "\n".join(heard[f"oPerson{number % run.people}"])
        assert told.count(f"听到：第{number}问。") == 1, (number, told)
    assert sum(text.count("听到") for texts in heard.values() for text in texts) == run.messages
    assert 0 < pushed < run.messages, "some were in time and some were not"


async def unsettled() -> int:
    """How many messages still wait to go out."""
    async with transaction() as session:
        count = await session.scalar(
            select(func.count()).select_from(OutboxMessage).where(OutboxMessage.due_at.is_not(None))
        )
        return int(count or 0)

"""A WeChat door on the bench."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.conversation.service import ConversationService
from tests.bot.rasa_wire import RasaWire
from tests.channels.bench import Bench
from tests.channels.hands.wechat import WechatHand


@pytest.fixture
def hand(empty_database: str) -> WechatHand:
    """WeChat, for an account in safe mode."""
    return WechatHand()


@pytest.fixture
async def door(hand: WechatHand, conversations: ConversationService, rasa: RasaWire) -> AsyncIterator[Bench]:
    """The door with everything behind it but Rasa."""
    bench = Bench(hand, conversations, rasa)
    yield bench
    await bench.close()

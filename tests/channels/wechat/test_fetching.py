"""An account that may not push: people are told to reply 继续, and fetch so what waits for them, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import ClassVar

import pytest

from bot.conversation import handoff
from bot.conversation.service import ConversationService
from channels import wording
from channels.base import Capabilities
from channels.splitting import length
from channels.wechat.channel import QuietWechatChannel, WechatChannel
from channels.wechat.client import WechatClient
from hub.kit.db import transaction
from hub.outbox.models import State
from tests.bot.rasa_wire import RasaWire
from tests.channels.bench import Bench
from tests.channels.hands.wechat import ADDRESS, WechatHand

ANN = "oAnn"


class Impatient(QuietWechatChannel):
    """The same with less patience."""

    capabilities: ClassVar[Capabilities] = replace(QuietWechatChannel.capabilities, passive_seconds=1.5)


@pytest.fixture
async def quiet(conversations: ConversationService, rasa: RasaWire) -> AsyncIterator[Bench]:
    """The door of such an account."""
    hand = WechatHand()
    hand.channel = Impatient(hand.account, WechatClient(hand.account, ADDRESS, 5.0, hand.transport))
    bench = Bench(hand, conversations, rasa)
    yield bench
    await bench.close()


async def told(bench: Bench, words: str, number: int) -> str | None:
    """What stands in the response to somebody's words."""
    response = await bench.call(bench.hand.text(ANN, words, number))
    assert response.status_code == 200
    return bench.hand.passive_text(response.content)


async def test_a_slow_answer_is_fetched(quiet: Bench) -> None:
    quiet.rasa.held = asyncio.Event()
    assert await told(quiet, "慢", 1) == wording.FETCH_LATER
    assert await told(quiet, "继续", 2) == wording.FETCH_LATER
    quiet.rasa.held.set()
    await quiet.turns()
    await quiet.deliver(later=True)
    assert await told(quiet, "继续", 3) == "听到：慢"
    assert quiet.rasa.texts() == ["慢"]
    assert await quiet.states() == [State.DELIVERED]
    assert await told(quiet, "继续", 4) == "听到：继续", "nothing waits: it is for the bot"
    assert [got.address for got in quiet.hand.party.got if got.address] == [], "nothing was pushed"


async def test_what_a_human_says_waits_until_it_is_fetched(quiet: Bench) -> None:
    assert await told(quiet, "你好", 1) == "听到：你好"
    talk = await quiet.conversation()
    for words in ("小李已接入。", "请问是哪个税种？"):
        async with transaction() as session:
            await handoff.announce(session, talk.id, words)
    await quiet.deliver(later=True)
    assert await told(quiet, "继续", 2) == "小李已接入。\n\n请问是哪个税种？"


async def test_a_long_answer_is_fetched_part_by_part(quiet: Bench) -> None:
    limits = quiet.hand.channel.capabilities
    answer = "".join(f"第{number}条规定，应纳税额为{number * 1000}元。" for number in range(1, 160))
    assert length(answer, limits.unit) > 2 * limits.text_limit
    quiet.rasa.answers["全文"] = [{"text": answer}]
    parts = [await told(quiet, "全文", 1) or ""]
    while parts[-1].endswith(wording.MORE_WAITS):
        assert len(parts) < 9
        parts.append(await told(quiet, "继续", len(parts) + 1) or "")
    assert len(parts) >= 3
    assert all(length(part, limits.unit) <= WechatChannel.capabilities.text_limit for part in parts)
    whole = "".join(part.removesuffix(wording.MORE_WAITS) for part in parts)
    assert all(f"第{number}条规定，应纳税额为{number * 1000}元" in whole for number in range(1, 160))

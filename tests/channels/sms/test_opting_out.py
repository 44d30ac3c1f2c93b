"""Who wants no reminders says so once, by number; answers go on, codes too, and one word takes it back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.conversation import handoff
from channels.base import Call
from channels.sms import wording
from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.ids import new_id
from services.gateways.sms import callbacks, wishes
from services.gateways.sms.protocol import Refusal, SmsRequest
from tests.channels.bench import Bench
from tests.channels.hands.carriers import Carriers
from tests.channels.hands.sms import SECRET
from tests.hub.accounts.clock_hands import Hands

PHONE, OTHER = "1390000" + "0001", "1390000" + "0002"
NOTICE = {"who": "您本人", "count": "1", "due": "11月25日"}
CODE = {"code": "024680", "minutes": "5"}


def writes(text: str, *, phone: str = PHONE, carrier: str = "aliyun", ago: float = 0.0, number: int = 0) -> Call:
    at = clock.now() - timedelta(seconds=ago)
    body = callbacks.said(carrier, phone, text, at, number or new_id().int % 10**12)
    return Call("POST", {"carrier": carrier, "token": SECRET}, {}, body)


async def reminded(carriers: Carriers, phone: str = PHONE) -> bool:
    """Whether a reminder would reach the number."""
    reply = await carriers.gateway.send(SmsRequest(str(new_id()), phone, "tax_reminder", NOTICE))
    assert reply.accepted or reply.refusal is Refusal.UNWANTED
    return reply.accepted


@pytest.mark.parametrize("word", ["T", "td", "ＴＤ", "退订", "n", " TD。", "N\n"])
@pytest.mark.parametrize("carrier", ["aliyun", "tencent"])
async def test_a_word_is_enough_and_is_confirmed_once(
    door: Bench, carriers: Carriers, hands: Hands, word: str, carrier: str
) -> None:
    assert await reminded(carriers)
    carriers.sent.clear()
    for _ in range(3):
        assert (await door.say(writes(word, carrier=carrier))).status_code == 200
        hands.move(seconds=60)
    assert carriers.texts(PHONE) == [wording.OPTED_OUT]
    assert door.rasa.heard == []
    assert not await reminded(carriers)
    assert await reminded(carriers, OTHER)


async def test_codes_and_answers_are_asked_for(door: Bench, carriers: Carriers, hands: Hands) -> None:
    await door.say(writes("TD"))
    assert (await carriers.gateway.send(SmsRequest(str(new_id()), PHONE, "sign_in_code", CODE))).accepted
    hands.move(seconds=60)
    await door.say(writes("契税多少"))
    assert carriers.texts(PHONE)[-1] == "听到：契税多少"
    assert not await reminded(carriers), "a question is no wish for reminders"


async def test_a_word_in_a_sentence_is_no_wish(door: Bench, carriers: Carriers) -> None:
    await door.say(writes("退订发票怎么办"))
    assert carriers.texts(PHONE) == ["听到：退订发票怎么办"]
    assert await reminded(carriers)


async def test_nothing_unasked_goes_on_in_a_talk(door: Bench, carriers: Carriers, hands: Hands) -> None:
    await door.say(writes("你好"))
    talk = await door.conversation()
    hands.move(seconds=5)
    await door.say(writes("TD"))
    async with transaction() as session:
        await handoff.announce(session, talk.id, "坐席稍后联系您。")
    await door.deliver(later=True)
    assert carriers.texts(PHONE) == ["听到：你好", wording.OPTED_OUT]
    hands.move(seconds=5)
    await door.say(writes("再问一句"))
    assert carriers.texts(PHONE)[-1] == "听到：再问一句"


@pytest.mark.parametrize("word", ["恢复", "订阅", "start"])
async def test_it_is_taken_back_by_a_word(door: Bench, carriers: Carriers, hands: Hands, word: str) -> None:
    await door.say(writes("TD"))
    hands.move(seconds=60)
    await door.say(writes(word))
    assert carriers.texts(PHONE) == [wording.OPTED_OUT, wording.OPTED_IN]
    assert await reminded(carriers)
    hands.move(seconds=60)
    carriers.sent.clear()
    await door.say(writes(word))
    assert carriers.texts(PHONE) == [f"听到：{word}"], "who never opted out may mean something else"


async def test_retries_and_late_calls_change_nothing(door: Bench, carriers: Carriers, hands: Hands) -> None:
    out = writes("TD", number=7)
    for _ in range(3):
        await door.say(out)
    hands.move(seconds=60)
    back = writes("恢复", number=8)
    await door.say(back)
    hands.move(seconds=60)
    await door.say(out)
    await door.say(writes("TD", ago=90))
    await door.say(back)
    assert carriers.texts(PHONE) == [wording.OPTED_OUT, wording.OPTED_IN]
    assert await reminded(carriers)


async def test_only_a_hash_of_the_number_is_kept(door: Bench) -> None:
    await door.say(writes("TD"))
    async with transaction() as session:
        wish = await wishes.of(session, PHONE)
    assert wish is not None
    assert PHONE not in wish.phone_hash
    assert PHONE not in wish.by

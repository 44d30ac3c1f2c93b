"""What holds for every door, whatever its party: proved over each one's own wire format, without special cases."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.conversation import handoff, repository
from bot.conversation.models import Author, HandoffReason, Message, State
from bot.conversation.service import ConversationService
from channels.choices import labels
from channels.registry import DOORS
from channels.splitting import length
from hub.accounts.models import ChannelIdentity
from hub.kit import clock
from hub.kit.db import transaction
from hub.outbox import models as outbox
from tests.bot.rasa_wire import RasaWire
from tests.channels.bench import Bench
from tests.channels.hands.all import HANDS
from tests.channels.hands.hand import Trouble

ANN, BOB = "13900000001", "13900000002"
CHOICES = [{"title": "一般纳税人", "payload": "ask:一般"}, {"title": "小规模纳税人", "payload": "ask:小规模"}]


# the same door in another mode of its party: the long runs play those, too
VARIANTS = {"wechat-compatible", "wechat-plain"}
PARAMS = [pytest.param(name, marks=pytest.mark.soak) if name in VARIANTS else name for name in sorted(HANDS)]


@pytest.fixture(params=PARAMS)
async def door(
    request: pytest.FixtureRequest,
    conversations: ConversationService,
    rasa: RasaWire,
) -> AsyncIterator[Bench]:
    """Each channel in turn, on the bench."""
    bench = Bench(HANDS[request.param](), conversations, rasa)
    yield bench
    await bench.close()


def long_answer(door: Bench) -> str:
    """Sentences with numbers that take four messages."""
    limits = door.hand.channel.capabilities
    answer, number = "", 0
    while length(answer, limits.unit) < limits.text_limit * 3:
        number += 1
        answer += f"第{number}条规定，应纳税额为{number * 1000}.55元，于15日内缴纳。"
    return answer


def damaged(body: bytes, chance: random.Random) -> bytes:
    """A body with a few wounds: bytes changed, cut, doubled, numbers and words blown up."""
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(body) + 1)
        match chance.randrange(5):
            case 0:
                body = body[:place] + bytes([chance.randrange(256)]) + body[place + 1 :]
            case 1:
                body = body[:place]
            case 2:
                body = body[:place] + body[place // 2 :]
            case 3:
                body = re.sub(rb"\d+", lambda _: str(chance.choice((-1, 0, 2**63, 10**40))).encode(), body, count=2)
            case _:
                body = (
                    body[:place] + chance.choice((b"\\u0000", b"\\ud800", b'""', b"null", b"{}", b"]]>")) + body[place:]
                )
    return body


def test_every_door_has_a_hand() -> None:
    assert {one.name for one in DOORS} <= set(HANDS)


class TestReceiving:
    async def test_what_is_said_is_answered_once(self, door: Bench) -> None:
        response = await door.say(door.hand.text(ANN, "小规模纳税人怎么缴税", 1))
        assert response.status_code == 200
        assert door.heard() == ["听到：小规模纳税人怎么缴税"]
        (message,) = await door.stored()
        assert (message.text, message.external_id[:5] if message.external_id else "") == (
            "小规模纳税人怎么缴税",
            "door:",
        )

    async def test_nobody_can_be_read_in_the_database(self, door: Bench) -> None:
        await door.say(door.hand.text(ANN, "你好", 1))
        (identity,) = await door.identities()
        (message,) = await door.stored()
        assert ANN not in identity.sender_hash + str(message.external_id)
        assert identity.address

    async def test_the_same_person_goes_on_and_another_does_not_join(self, door: Bench) -> None:
        for sender, number in ((ANN, 1), (ANN, 2), (BOB, 3)):
            await door.say(door.hand.text(sender, f"第{number}句", number))
        messages = await door.stored()
        assert len({message.conversation_id for message in messages}) == 2
        assert sorted(message.seq for message in messages) == [1, 1, 3]

    async def test_what_is_not_the_partys_is_refused_and_nothing_is_kept(self, door: Bench) -> None:
        forged = door.hand.forged("我是骗子")
        assert len(forged) >= 2
        for call in forged:
            response = await door.say(call)
            assert response.status_code in (401, 403), call
        assert await door.stored() == []
        assert await door.identities() == []
        assert door.heard() == []

    async def test_a_retry_is_not_a_second_message(self, door: Bench) -> None:
        call = door.hand.text(ANN, "你好", 1)
        for _ in range(3):
            assert (await door.say(call)).status_code == 200
        assert len(await door.stored()) == 1
        assert door.heard() == ["听到：你好"]
        assert len(door.rasa.heard) == 1

    async def test_retries_that_come_together_are_one_message(self, door: Bench) -> None:
        door.rasa.delay = 0.05
        call = door.hand.text(ANN, "你好", 1)
        await asyncio.gather(*(door.call(call) for _ in range(5)))
        await door.turns()
        await door.deliver(later=True)
        assert len(await door.stored()) == 1
        assert door.heard() == ["听到：你好"]

    async def test_a_retry_to_another_process_is_not_a_second_message(
        self,
        door: Bench,
        conversations: ConversationService,
    ) -> None:
        from bot.dialogue.client import DialogueClient
        from hub.settings import get_settings

        settings = get_settings()
        other = ConversationService(settings, DialogueClient(settings, transport=door.rasa))
        second = Bench(door.hand, other, door.rasa)
        door.rasa.delay = 0.05
        call = door.hand.text(ANN, "你好", 1)
        await asyncio.gather(door.call(call), second.call(call))
        await asyncio.gather(door.turns(), second.turns())
        await door.deliver(later=True)
        assert door.heard() == ["听到：你好"]
        await other.close()

    async def test_messages_out_of_order_are_all_answered(self, door: Bench) -> None:
        for number in (3, 1, 2):
            await door.say(door.hand.text(ANN, f"第{number}句", number))
        assert door.heard() == ["听到：第3句", "听到：第1句", "听到：第2句"]

    async def test_what_no_party_says_is_never_an_error_of_ours(self, door: Bench) -> None:
        malformed = door.hand.malformed()
        assert len(malformed) >= 5
        for call in malformed:
            assert (await door.say(call)).status_code < 500, call
        await door.say(door.hand.text(ANN, "还在吗", 1))
        assert door.heard()[-1] == "听到：还在吗"

    @pytest.mark.parametrize(
        "words",
        ["/restart", "\x00\ud83d", "😀" * 400, "a" * 20000, "<xml>&amp;]]>", "${jndi}", "\u202e倒过来", "' or 1=1"],
    )
    async def test_hostile_words_are_words(self, door: Bench, words: str) -> None:
        assert (await door.say(door.hand.text(ANN, words.encode("utf-8", "ignore").decode(), 1))).status_code < 500
        assert not any(text.startswith("/") for text in door.rasa.texts())

    @pytest.mark.parametrize("seed", range(3))
    async def test_damaged_calls_are_never_an_error_of_ours(self, door: Bench, seed: int) -> None:
        chance = random.Random(seed)
        models = [door.hand.text(ANN, "你好，税率3%是多少？", 1), *door.hand.unsupported(ANN, 2)]
        for _ in range(40):
            body = damaged(chance.choice(models).body, chance)
            assert (await door.call(door.hand.signed(body))).status_code < 500, body
        await door.turns()

    @pytest.mark.soak
    @pytest.mark.timeout(900)
    async def test_two_minutes_of_anything(self, door: Bench) -> None:
        seed = random.SystemRandom().randrange(2**32)
        chance, until = random.Random(seed), time.monotonic() + 120
        signed = [
            door.hand.text(ANN, "你好，税率3%是多少？", 1),
            *door.hand.unsupported(ANN, 2),
            *door.hand.malformed(),
        ]
        calls = 0
        while time.monotonic() < until:
            body = damaged(chance.choice(signed).body, chance)
            response = await door.call(door.hand.signed(body))
            assert response.status_code < 500, (seed, body)
            await door.turns()
            looks = calls % 40 == 0  # reading them all each time would leave no time for calls
            before = len(await door.stored()) if looks else 0
            forged = chance.choice(door.hand.forged("假的"))
            wrong = replace(forged, body=damaged(forged.body, chance)) if forged.body else forged
            response = await door.call(wrong)
            assert 400 <= response.status_code < 500, (seed, wrong)
            assert not looks or len(await door.stored()) == before, (seed, wrong)
            calls += 2
        assert calls > 100

    async def test_what_the_bot_cannot_read_gets_a_friendly_answer(self, door: Bench) -> None:
        for call in door.hand.unsupported(ANN, 1):
            before = len(door.heard())
            assert (await door.say(call)).status_code == 200
            assert len(door.heard()) == before + 1
            assert "文字" in door.heard()[-1]
        assert door.rasa.heard == []


class TestRendering:
    async def test_a_long_answer_arrives_whole_in_order_and_within_the_limit(self, door: Bench) -> None:
        answer = long_answer(door)
        door.rasa.answers["全文"] = [{"text": answer}]
        await door.say(door.hand.text(ANN, "全文", 1))
        await door.deliver(later=True)
        limits = door.hand.channel.capabilities
        assert len(door.heard()) > 1
        assert all(0 < length(text, limits.unit) <= limits.text_limit for text in door.heard())
        assert "".join(door.heard()) == answer
        assert all(text.endswith("。") for text in door.heard())

    async def test_choices_can_be_taken(self, door: Bench) -> None:
        door.rasa.answers["哪种"] = [{"custom": {"text": "您是哪种纳税人？", "buttons": CHOICES}}]
        await door.say(door.hand.text(ANN, "哪种", 1))
        if door.hand.channel.capabilities.buttons:
            assert door.last().buttons == ("一般纳税人", "小规模纳税人")
            await door.say(door.hand.press(ANN, door.last(), "小规模纳税人", 2))
        else:
            assert "1. 一般纳税人\n2. 小规模纳税人" in door.heard()[-1]
            await door.say(door.hand.text(ANN, " ２。", 2))
        assert door.rasa.texts() == ["哪种", "小规模"]

    async def test_a_number_that_was_not_offered_or_no_longer_is_is_just_text(self, door: Bench) -> None:
        door.rasa.answers["哪种"] = [{"custom": {"text": "您是哪种纳税人？", "buttons": CHOICES}}]
        for number, words in enumerate(("2", "哪种", "7", "2"), 1):
            await door.say(door.hand.text(ANN, words, number))
        assert door.rasa.texts() == ["2", "哪种", "7", "2"]

    async def test_where_a_value_is_asked_for_choices_are_letters(self, door: Bench) -> None:
        asked = {"skill": "invoice_inspection", "awaits": "invoice_number", "buttons": CHOICES}
        assert labels(asked, 10) == ["A", "B"]
        door.rasa.answers["查"] = [{"custom": {"text": "请问发票号码？", **asked}}]
        await door.say(door.hand.text(ANN, "查", 1))
        await door.say(door.hand.text(ANN, "1", 2))
        assert door.rasa.texts()[-1] == "1"

    async def test_the_title_of_a_button_may_be_typed(self, door: Bench) -> None:
        door.rasa.answers["哪种"] = [{"custom": {"text": "您是哪种纳税人？", "buttons": CHOICES}}]
        await door.say(door.hand.text(ANN, "哪种", 1))
        await door.say(door.hand.text(ANN, "小规模纳税人", 2))
        assert door.rasa.texts() == ["哪种", "小规模"]

    async def test_who_waits_for_a_human_may_still_go_back(self, door: Bench) -> None:
        door.rasa.answers["人工"] = [{"custom": {"text": "前面还有3位。", "buttons": [handoff.LEAVE_QUEUE]}}]
        await door.say(door.hand.text(ANN, "人工", 1))
        talk = await door.conversation()
        async with transaction() as session:
            await handoff.hand_off(session, talk.id, HandoffReason.CUSTOMER_REQUEST)
        await door.say(door.hand.text(ANN, "我的问题是契税", 2))
        await door.say(door.hand.text(ANN, handoff.LEAVE_QUEUE["title"], 3))
        assert door.heard()[-1].startswith("已取消排队")
        assert (await door.conversation()).state == State.WITH_BOT

    async def test_citations_stand_below_in_a_line(self, door: Bench) -> None:
        cited = {"title": "中华人民共和国契税法", "document_number": "", "article": "第三条"}
        door.rasa.answers["税率"] = [{"custom": {"text": "**税率**为3%至5%。", "citations": [cited]}}]
        await door.say(door.hand.text(ANN, "税率", 1))
        assert "《中华人民共和国契税法》第三条" in door.heard()[-1]
        if not door.hand.channel.capabilities.markdown:
            assert "**" not in door.heard()[-1]


class TestPushing:
    async def test_what_humans_and_the_system_say_is_pushed(self, door: Bench) -> None:
        await door.say(door.hand.text(ANN, "你好", 1))
        talk = await door.conversation()
        async with transaction() as session:
            await handoff.hand_off(session, talk.id, HandoffReason.CUSTOMER_REQUEST)
            await handoff.claim(session, talk.id, "agent1", "小李")
            said = Message(author=Author.AGENT, author_name="小李", text="我来帮您。", payload={})
            await repository.add_outbound(session, talk.id, [said])
        await door.deliver()
        assert door.heard() == ["听到：你好", "小李已接入，为您服务。", "我来帮您。"]
        await door.say(door.hand.text(ANN, "谢谢", 2))
        assert len(door.heard()) == 3, "the bot is silent while a human talks"
        async with transaction() as session:
            await handoff.release(session, talk.id, State.WITH_BOT, "人工服务已结束。")
        await door.deliver()
        await door.say(door.hand.text(ANN, "再问一句", 3))
        assert door.heard()[3:] == ["人工服务已结束。", "听到：再问一句"]

    async def test_a_push_goes_with_the_act_that_says_it(self, door: Bench) -> None:
        await door.say(door.hand.text(ANN, "你好", 1))
        talk = await door.conversation()
        async with transaction() as session:
            await handoff.announce(session, talk.id, "没有发生。")
            await session.rollback()
        await door.deliver(later=True)
        assert door.heard() == ["听到：你好"]

    async def test_a_slow_bot_answers_later(self, door: Bench) -> None:
        door.rasa.held = asyncio.Event()
        response = await door.call(door.hand.text(ANN, "慢", 1))
        assert response.status_code == 200
        assert door.heard() == []
        door.rasa.held.set()
        await door.turns()
        await door.deliver(later=True)
        assert door.heard() == ["听到：慢"]

    @pytest.mark.parametrize("trouble", [Trouble.BUSY, Trouble.DOWN])
    async def test_what_was_not_taken_is_sent_again_in_order(self, door: Bench, trouble: Trouble) -> None:
        await door.say(door.hand.text(ANN, "你好", 1))
        talk = await door.conversation()
        door.hand.party.troubles = [trouble]
        for words in ("一。", "二。", "三。"):
            async with transaction() as session:
                await handoff.announce(session, talk.id, words)
        await door.deliver()
        assert door.heard() == ["听到：你好"], "nobody overtakes the one that waits"
        for _ in range(4):
            await door.deliver(later=True)
        assert door.heard() == ["听到：你好", "一。", "二。", "三。"]

    async def test_after_a_long_outage_everything_arrives_once_in_order(self, door: Bench) -> None:
        for sender in (ANN, BOB):
            await door.say(door.hand.text(sender, "你好", 1))
        talks = sorted({message.conversation_id for message in await door.stored()})
        door.hand.party.troubles = [Trouble.DOWN] * 8
        for number in range(4):
            for talk in talks:
                async with transaction() as session:
                    await handoff.announce(session, talk, f"{number}")
            await door.deliver(later=number % 2 == 0)
        for _ in range(20):
            await door.deliver(later=True)
        by_person: dict[str, list[str]] = {}
        for got in door.hand.party.got:
            by_person.setdefault(got.address, []).append(got.text)
        assert [[text for text in texts if text.isdigit()] for texts in by_person.values() if "0" in texts] == [
            list("0123")
        ] * 2

    async def test_a_party_that_answers_nonsense_for_long_uses_nothing_up(self, door: Bench) -> None:
        await door.say(door.hand.text(ANN, "你好", 1))
        talk = await door.conversation()
        door.hand.party.broken = True
        for words in ("一。", "二。", "三。"):
            async with transaction() as session:
                await handoff.announce(session, talk.id, words)
        for _ in range(6):
            await door.deliver(later=True)
        assert door.heard() == ["听到：你好"]
        door.hand.party.broken = False
        for _ in range(6):
            await door.deliver(later=True)
        assert door.heard() == ["听到：你好", "一。", "二。", "三。"]

    async def test_a_lost_answer_is_repeated_once_at_most(self, door: Bench) -> None:
        await door.say(door.hand.text(ANN, "你好", 1))
        talk = await door.conversation()
        door.hand.party.troubles = [Trouble.LOST, Trouble.LOST]
        async with transaction() as session:
            await handoff.announce(session, talk.id, "通知。")
        for _ in range(4):
            await door.deliver(later=True)
        limit = 1 if door.hand.channel.capabilities.takes_key else 2
        assert 1 <= door.heard().count("通知。") <= limit

    async def test_a_process_that_dies_between_parts_doubles_none_that_it_noted(self, door: Bench) -> None:
        await door.say(door.hand.text(ANN, "你好", 1))
        talk = await door.conversation()
        answer = long_answer(door)
        async with transaction() as session:
            await handoff.announce(session, talk.id, answer)
        real, count = door.hand.channel.send, 0

        async def dies(*given: object) -> str | None:
            nonlocal count
            count += 1
            if count == 2:
                raise asyncio.CancelledError
            return await real(*given)  # type: ignore[arg-type]

        door.hand.channel.send = dies  # type: ignore[method-assign]
        with pytest.raises(asyncio.CancelledError):
            await door.deliver()
        del door.hand.channel.send
        await door.deliver(later=True)
        assert "".join(door.heard()[1:]) == answer

    async def test_what_is_refused_for_good_holds_nobody_up(self, door: Bench) -> None:
        await door.say(door.hand.text(ANN, "你好", 1))
        talk = await door.conversation()
        door.hand.party.troubles = [Trouble.NEVER]
        for words in ("一。", "二。"):
            async with transaction() as session:
                await handoff.announce(session, talk.id, words)
        await door.deliver(later=True)
        assert door.heard() == ["听到：你好", "二。"]
        assert outbox.State.FAILED in await door.states()

    async def test_who_wants_to_hear_nothing_hears_nothing_until_they_write(self, door: Bench) -> None:
        await door.say(door.hand.text(ANN, "你好", 1))
        talk = await door.conversation()
        door.hand.party.troubles = [Trouble.BLOCKED]
        for words in ("一。", "二。"):
            async with transaction() as session:
                await handoff.announce(session, talk.id, words)
        await door.deliver(later=True)
        assert door.heard() == ["听到：你好"]
        await door.say(door.hand.text(ANN, "我回来了", 2))
        assert door.heard() == ["听到：你好", "听到：我回来了"]

    async def test_nothing_is_written_after_the_reply_window(self, door: Bench) -> None:
        await door.say(door.hand.text(ANN, "你好", 1))
        talk = await door.conversation()
        window = door.hand.channel.capabilities.reply_window
        long_ago = clock.now() - (window or timedelta(days=30)) - timedelta(minutes=1)
        async with transaction() as session:
            await session.execute(update(ChannelIdentity).values(heard_at=long_ago))
            await handoff.announce(session, talk.id, "很久以后。")
        await door.deliver(later=True)
        assert ("很久以后。" in door.heard()) == (window is None)

    async def test_a_full_window_is_opened_by_the_next_message(self, door: Bench) -> None:
        most = door.hand.channel.capabilities.window_messages
        await door.say(door.hand.text(ANN, "你好", 1))
        talk = await door.conversation()
        async with transaction() as session:
            await session.execute(update(ChannelIdentity).values(pushed=most or 1000))
            await handoff.announce(session, talk.id, "还有一件事。")
        await door.deliver(later=True)
        assert ("还有一件事。" in door.heard()) == (most is None)
        await door.say(door.hand.text(ANN, "什么事", 2))
        await door.deliver()
        assert "\n\n".join(door.heard()) == "听到：你好\n\n还有一件事。\n\n听到：什么事"

    async def test_receipts_settle_what_was_sent(self, door: Bench) -> None:
        await door.say(door.hand.text(ANN, "你好", 1))
        talk = await door.conversation()
        async with transaction() as session:
            await handoff.announce(session, talk.id, "通知。")
        await door.deliver()
        before = (await door.states())[-1]
        call = door.hand.receipt(door.last(), delivered=False)
        assert (call is not None) == door.hand.channel.capabilities.receipts
        if call is None:
            assert before in (outbox.State.SENT, outbox.State.DELIVERED)
            return
        assert before is outbox.State.SENT
        assert (await door.call(call)).status_code == 200
        assert (await door.states())[-1] is outbox.State.FAILED

    async def test_nothing_is_pushed_once_the_person_is_on_the_web_again(
        self,
        door: Bench,
        conversations: ConversationService,
    ) -> None:
        await door.say(door.hand.text(ANN, "你好", 1))
        talk = await door.conversation()
        await conversations.say(talk.id, "我在网页上", "w1")
        await door.deliver(later=True)
        assert door.heard() == ["听到：你好"]

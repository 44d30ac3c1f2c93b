"""A message is stored first, answered once and in order, whoever repeats it and whatever dies."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from uuid import UUID

import pytest

from bot.conversation import handoff, repository
from bot.conversation.models import HandoffReason, State
from bot.conversation.service import ConversationService
from bot.dialogue.client import DialogueClient
from hub.kit.db import transaction
from hub.kit.errors import Unauthorized
from hub.settings import get_settings
from tests.bot.rasa_wire import RasaWire


async def begin(conversations: ConversationService) -> UUID:
    conversation_id, _ = await conversations.create("web", "zh-CN", consent=True)
    return conversation_id


class TestSay:
    async def test_the_reply_is_stored_and_returned(self, conversations: ConversationService) -> None:
        talk = await begin(conversations)
        said = await conversations.say(talk, "你好", "m1")
        assert [message.text for message in said.messages] == ["听到：你好"]
        history = await conversations.history(talk)
        assert [(m.author, m.text) for m in history.messages] == [("user", "你好"), ("bot", "听到：你好")]
        assert history.messages[0].client_message_id == "m1"

    async def test_repeating_an_id_returns_the_first_reply(
        self, conversations: ConversationService, rasa: RasaWire
    ) -> None:
        talk = await begin(conversations)
        first = await conversations.say(talk, "你好", "m1")
        again = await asyncio.gather(*(conversations.say(talk, "你好", "m1") for _ in range(5)))
        assert len(rasa.heard) == 1
        assert all(answer.messages == first.messages for answer in again)

    async def test_ten_at_once_are_answered_in_order_once_each(
        self, conversations: ConversationService, rasa: RasaWire
    ) -> None:
        rasa.delay = 0.01
        talk = await begin(conversations)
        tasks = []
        for number in range(10):
            tasks.append(asyncio.create_task(conversations.say(talk, f"第{number}句", f"m{number}")))
            await asyncio.sleep(0.002)
        answers = await asyncio.gather(*tasks)
        assert rasa.texts() == [f"第{number}句" for number in range(10)]
        assert [answer.messages[0].text for answer in answers] == [f"听到：第{number}句" for number in range(10)]

    async def test_two_processes_take_turns(self, conversations: ConversationService, rasa: RasaWire) -> None:
        rasa.delay = 0.02
        settings = get_settings()
        other = ConversationService(settings, DialogueClient(settings, transport=rasa))
        talk = await begin(conversations)
        await asyncio.gather(
            *((conversations if n % 2 else other).say(talk, f"第{n}句", f"m{n}") for n in range(8)),
            *((other if n % 2 else conversations).say(talk, f"第{n}句", f"m{n}") for n in range(8)),
        )
        await other.close()
        assert sorted(rasa.texts()) == sorted(f"第{n}句" for n in range(8))
        replies = [m for m in (await conversations.history(talk)).messages if m.author == "bot"]
        assert len(replies) == 8

    @pytest.mark.parametrize("text", ["/restart", "／restart", " / /cancel", '/start{"slot":1}', "//"])
    async def test_what_people_write_is_never_a_command(
        self, conversations: ConversationService, rasa: RasaWire, text: str
    ) -> None:
        talk = await begin(conversations)
        said = await conversations.say(talk, text, "m1")
        assert said.messages[0].text
        assert not any(heard.startswith("/") for heard in rasa.texts())

    @pytest.mark.parametrize("text", ["", "   ", "/", "\u200b"])
    async def test_nothing_said_still_gets_an_answer(
        self, conversations: ConversationService, rasa: RasaWire, text: str
    ) -> None:
        said = await conversations.say(await begin(conversations), text, "m1")
        assert "没有收到文字内容" in said.messages[0].text
        assert rasa.heard == []

    async def test_only_our_own_buttons_become_commands(
        self, conversations: ConversationService, rasa: RasaWire
    ) -> None:
        talk = await begin(conversations)
        await conversations.say(talk, "取消", "m1", payload="intent:cancel")
        rasa.answers["菜单"] = [
            {"custom": {"text": "请选", "buttons": [{"title": "取消", "payload": "intent:cancel"}]}}
        ]
        await conversations.say(talk, "菜单", "m2")
        await conversations.say(talk, "取消", "m3", payload="intent:cancel")
        assert rasa.texts() == ["取消", "菜单", "/cancel"]

    async def test_traditional_and_full_width_reach_rasa_simplified(
        self, conversations: ConversationService, rasa: RasaWire
    ) -> None:
        await conversations.say(await begin(conversations), "數電發票１２３", "m1")
        assert rasa.texts() == ["数电发票123"]


class TestRasaAway:
    async def test_a_person_never_gets_silence(self, conversations: ConversationService, rasa: RasaWire) -> None:
        rasa.down = True
        said = await conversations.say(await begin(conversations), "你好", "m1")
        assert "恢复中" in said.messages[0].text
        assert said.messages[0].buttons[0].payload == "intent:talk_to_human"

    async def test_an_empty_reply_is_a_failure_and_is_not_sent_again(
        self, conversations: ConversationService, rasa: RasaWire
    ) -> None:
        rasa.silent = True
        said = await conversations.say(await begin(conversations), "你好", "m1")
        assert said.messages[0].text
        assert len(rasa.heard) == 1

    async def test_a_form_is_kept(self, conversations: ConversationService, rasa: RasaWire) -> None:
        talk = await begin(conversations)
        rasa.answers["查发票"] = [{"custom": {"text": "请提供发票号码", "skill": "invoice_inspection"}}]
        await conversations.say(talk, "查发票", "m1")
        rasa.down = True
        said = await conversations.say(talk, "26322000000000001130", "m2")
        assert "已为您保留" in said.messages[-1].text
        async with transaction() as session:
            conversation = await repository.get(session, talk)
        assert conversation is not None
        assert conversation.active_skill == "invoice_inspection"


class TestRecovery:
    async def store_unanswered(self, conversations: ConversationService, talk: UUID, text: str) -> UUID:
        """What a process leaves behind that dies after storing a message."""
        async with transaction() as session:
            conversation = await repository.reserve(session, talk, 1)
            assert conversation is not None
            stored = await repository.add_inbound(session, conversation, external_id="m1", content=text, payload={})
        assert stored is not None
        return stored

    async def test_a_message_left_unanswered_is_answered_by_the_sweep(
        self, conversations: ConversationService, rasa: RasaWire
    ) -> None:
        talk = await begin(conversations)
        await self.store_unanswered(conversations, talk, "你好")
        assert await conversations.sweep(timedelta()) == 1
        assert await conversations.sweep(timedelta()) == 0
        assert [m.text for m in (await conversations.history(talk)).messages] == ["你好", "听到：你好"]

    async def test_a_turn_that_rasa_has_taken_is_not_taken_again(
        self, conversations: ConversationService, rasa: RasaWire
    ) -> None:
        talk = await begin(conversations)
        stored = await self.store_unanswered(conversations, talk, "你好")
        rasa.trackers[str(talk)] = [
            {"event": "user", "text": "你好", "metadata": {"message_id": str(stored)}},
            {"event": "bot", "text": None, "data": {"custom": {"text": "已经答过", "citations": [{"title": "法"}]}}},
            {"event": "action", "name": "action_listen"},
        ]
        said = await conversations.say(talk, "你好", "m1")
        assert [m.text for m in said.messages] == ["已经答过"]
        assert said.messages[0].citations == [{"title": "法"}]
        assert rasa.heard == []

    async def test_a_turn_that_rasa_took_without_a_reply_is_answered_but_not_taken_again(
        self, conversations: ConversationService, rasa: RasaWire
    ) -> None:
        talk = await begin(conversations)
        stored = await self.store_unanswered(conversations, talk, "你好")
        rasa.trackers[str(talk)] = [
            {"event": "user", "text": "你好", "metadata": {"message_id": str(stored)}},
            {"event": "action", "name": "action_listen"},
        ]
        said = await conversations.say(talk, "你好", "m1")
        assert said.messages[0].text
        assert rasa.heard == []


class TestHumans:
    async def test_the_bot_is_silent_while_a_human_owns_the_chat(
        self, conversations: ConversationService, rasa: RasaWire
    ) -> None:
        talk = await begin(conversations)
        async with transaction() as session:
            queue = await handoff.hand_off(session, talk, HandoffReason.CUSTOMER_REQUEST)
        assert queue.position == 1
        waiting = await conversations.say(talk, "有人吗", "m1")
        assert (waiting.messages, waiting.state) == ([], State.WAITING_FOR_AGENT)
        async with transaction() as session:
            await handoff.claim(session, talk, "li", "李老师")
        assert (await conversations.say(talk, "我要问增值税", "m2")).messages == []
        async with transaction() as session:
            await handoff.release(session, talk, State.WITH_BOT, "再见")
        assert (await conversations.say(talk, "你好", "m3")).messages[0].text == "听到：你好"
        assert rasa.texts() == ["你好"]

    async def test_leaving_the_queue_returns_to_the_bot(
        self, conversations: ConversationService, rasa: RasaWire
    ) -> None:
        talk = await begin(conversations)
        rasa.answers["转人工"] = [{"custom": {"text": "排队中", "buttons": [handoff.LEAVE_QUEUE]}}]
        await conversations.say(talk, "转人工", "m0")
        async with transaction() as session:
            await handoff.hand_off(session, talk, HandoffReason.CUSTOMER_REQUEST)
        left = await conversations.say(talk, "取消排队", "m1", payload=handoff.LEAVE_QUEUE["payload"])
        assert left.state == State.WITH_BOT
        assert "继续为您服务" in left.messages[0].text

    async def test_the_way_out_of_the_queue_is_only_obeyed_when_it_was_shown(
        self, conversations: ConversationService
    ) -> None:
        talk = await begin(conversations)
        async with transaction() as session:
            await handoff.hand_off(session, talk, HandoffReason.CUSTOMER_REQUEST)
            await handoff.announce(session, talk, "排队中")
        # the button is only obeyed when it was shown
        ignored = await conversations.say(talk, "取消排队", "m1", payload=handoff.LEAVE_QUEUE["payload"])
        assert ignored.state == State.WAITING_FOR_AGENT

    async def test_a_second_agent_cannot_take_the_chat(self, conversations: ConversationService) -> None:
        talk = await begin(conversations)
        async with transaction() as session:
            await handoff.hand_off(session, talk, HandoffReason.CUSTOMER_REQUEST)
            await handoff.claim(session, talk, "li", "李老师")
        async with transaction() as session:
            with pytest.raises(handoff.MoveNotAllowed):
                await handoff.claim(session, talk, "wang", "王老师")

    async def test_positions_count_from_the_front(self, conversations: ConversationService) -> None:
        talks = [await begin(conversations) for _ in range(3)]
        positions = []
        for talk in talks:
            async with transaction() as session:
                positions.append((await handoff.hand_off(session, talk, HandoffReason.CUSTOMER_REQUEST)).position)
        assert positions == [1, 2, 3]
        async with transaction() as session:
            await handoff.claim(session, talks[0], "li", "李老师")
        assert (await conversations.history(talks[2])).queue.position == 2  # type: ignore[union-attr]

    async def test_a_message_after_the_end_begins_anew(self, conversations: ConversationService) -> None:
        talk = await begin(conversations)
        async with transaction() as session:
            await handoff.hand_off(session, talk, HandoffReason.CUSTOMER_REQUEST)
            await handoff.claim(session, talk, "li", "李老师")
            await handoff.release(session, talk, State.RESOLVED, "办结")
        said = await conversations.say(talk, "还有一个问题", "m9")
        assert (said.state, said.messages[0].text) == (State.WITH_BOT, "听到：还有一个问题")


async def test_a_token_opens_its_own_conversation_only(conversations: ConversationService) -> None:
    first, token = await conversations.create("web", "zh-CN", consent=True)
    second, _ = await conversations.create("web", "zh-CN", consent=True)
    await conversations.authorise(first, token)
    with pytest.raises(Unauthorized):
        await conversations.authorise(second, token)
    with pytest.raises(Unauthorized):
        await conversations.authorise(first, secrets.token_urlsafe(32))


async def test_what_people_wrote_is_not_readable_in_the_database(
    conversations: ConversationService, empty_database: str
) -> None:
    import psycopg

    talk = await begin(conversations)
    await conversations.say(talk, "我的身份证是11010519491231002X", "m1")
    with psycopg.connect(empty_database) as connection:
        rows = connection.execute("select text, payload from message").fetchall()
    assert rows
    assert all("身份证".encode() not in bytes(row[0]) and b"11010519491231002X" not in bytes(row[0]) for row in rows)

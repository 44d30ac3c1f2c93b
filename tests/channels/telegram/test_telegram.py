"""What only Telegram has: groups, commands, keyboards, files, topics, its limits and its ways to fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot.conversation import handoff, repository
from bot.conversation.models import Author, Message
from bot.conversation.service import ConversationService
from channels.attachments import LARGEST_OF_ALL
from channels.base import FileGone, Part, PartyAway, Target
from channels.telegram import sandbox
from channels.telegram.channel import TelegramChannel, account_of, secret_of
from channels.telegram.client import BotApi
from channels.telegram.peer import create_peer
from hub.accounts.models import Role
from hub.accounts.service import create_staff
from hub.app import create_app
from hub.audit import AuditEntry
from hub.kit.db import transaction
from hub.outbox.letters import Never, NotNow, Uncertain
from hub.outbox.models import State
from services.gateways.behaviour import Mode, tell
from tests.bot.rasa_wire import RasaWire
from tests.channels.bench import Bench
from tests.channels.hands.telegram import BOT, TOKEN, TelegramHand

ANN, GROUP = 501, -100200300


@pytest.fixture
async def door(conversations: ConversationService, rasa: RasaWire) -> AsyncIterator[Bench]:
    bench = Bench(TelegramHand(), conversations, rasa)
    yield bench
    await bench.close()


def hand_of(door: Bench) -> TelegramHand:
    assert isinstance(door.hand, TelegramHand)
    return door.hand


def mention(text: str, name: str) -> list[dict[str, Any]]:
    before = text[: text.index(name)]
    return [{"type": "mention", "offset": len(before.encode("utf-16-le")) // 2, "length": len(name)}]


async def in_group(door: Bench, number: int, text: str, **content: Any) -> None:
    said = sandbox.message(GROUP, ANN, number, kind="supergroup", text=text, **content)
    await door.say(hand_of(door).update(message=said))


class TestGroups:
    async def test_talk_among_others_is_not_for_us(self, door: Bench) -> None:
        await in_group(door, 1, "大家晚上吃什么")
        await in_group(door, 2, "问问 @somebody_else", entities=mention("问问 @somebody_else", "@somebody_else"))
        await in_group(door, 3, "回你", reply_to_message={"message_id": 9, "from": {"id": 77}})
        assert await door.stored() == []
        assert door.heard() == []

    async def test_who_names_us_or_answers_us_is_answered_in_their_topic_and_under_their_message(
        self, door: Bench
    ) -> None:
        named = f"😀 @{sandbox.USERNAME} 契税税率"
        await in_group(
            door, 4, named, entities=mention(named, f"@{sandbox.USERNAME}"), message_thread_id=7, is_topic_message=True
        )
        await in_group(door, 5, "再问一句", reply_to_message={"message_id": 4, "from": {"id": BOT, "is_bot": True}})
        assert [one.text for one in await door.stored()] == ["😀  契税税率", "再问一句"]
        first, second = [asked for method, asked in hand_of(door).line.calls if method == "sendMessage"]
        assert (first["chat_id"], first["message_thread_id"], first["reply_parameters"]["message_id"]) == (GROUP, 7, 4)
        assert "message_thread_id" not in second
        assert second["reply_parameters"]["message_id"] == 5

    async def test_a_group_gets_knowledge_only_and_no_forms(self, door: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        from bot.dialogue import fallback
        from bot.dialogue.replies import Reply

        async def known(text: str) -> Reply:
            return Reply(f"答：{text}", buttons=({"title": "查验发票", "payload": "skill:invoice_inspection"},))

        monkeypatch.setattr(fallback, "_answer", known)
        said = f"我要查发票 @{sandbox.USERNAME}"
        await in_group(door, 1, said, entities=mention(said, f"@{sandbox.USERNAME}"))
        assert door.heard() == ["答：我要查发票\n" + fallback.IN_PRIVATE]
        assert door.last().buttons == ()
        assert door.rasa.heard == [], "the dialogue with its forms stays out of groups"

    async def test_what_is_private_is_not_shown_in_a_group(self, door: Bench) -> None:
        named = f"@{sandbox.USERNAME} 问"
        await in_group(door, 1, named, entities=mention(named, f"@{sandbox.USERNAME}"))
        talk = await door.conversation()
        async with transaction() as session:
            said = Message(author=Author.BOT, text="您的欠税为100元。", payload={"private": True})
            await repository.add_outbound(session, talk.id, [said])
        await door.deliver(later=True)
        assert "欠税" not in "".join(door.heard())
        assert "单独对话" in door.heard()[-1]

    async def test_two_people_in_a_group_have_talks_of_their_own(self, door: Bench) -> None:
        for number, user in ((1, 501), (2, 502)):
            text = f"@{sandbox.USERNAME} 问"
            said = sandbox.message(GROUP, user, number, kind="supergroup", text=text,
                                   entities=mention(text, f"@{sandbox.USERNAME}"))  # fmt: skip
            await door.say(hand_of(door).update(message=said))
        assert len({one.conversation_id for one in await door.stored()}) == 2
        assert all(one.in_group for one in await door.identities())

    async def test_the_name_is_asked_for_once_and_without_it_we_stay_silent(self, door: Bench) -> None:
        async with transaction() as session:
            await tell(session, sandbox.SandboxTelegramControl, mode=Mode.ERROR, delay_ms=None)
        text = f"@{sandbox.USERNAME} 问"
        await in_group(door, 1, text, entities=mention(text, f"@{sandbox.USERNAME}"))
        assert await door.stored() == []
        async with transaction() as session:
            await tell(session, sandbox.SandboxTelegramControl, mode=Mode.NORMAL, delay_ms=None)
        for number in (2, 3):
            await in_group(door, number, text, entities=mention(text, f"@{sandbox.USERNAME}"))
        assert len(await door.stored()) == 2
        assert [method for method, _ in hand_of(door).line.calls].count("getMe") == 2


class TestMessages:
    @pytest.mark.parametrize(("said", "heard"), [("/start", "你好"), ("/help", "你能做什么"), ("/start abc", "你好")])
    async def test_commands_of_the_menu(self, door: Bench, said: str, heard: str) -> None:
        entities = [{"type": "bot_command", "offset": 0, "length": len(said.split()[0])}]
        await door.say(hand_of(door).update(message=sandbox.message(ANN, ANN, 1, text=said, entities=entities)))
        assert door.rasa.texts() == [heard]

    async def test_a_human_by_command(self, door: Bench) -> None:
        entities = [{"type": "bot_command", "offset": 0, "length": 6}]
        await door.say(hand_of(door).update(message=sandbox.message(ANN, ANN, 1, text="/human", entities=entities)))
        assert door.rasa.texts() == ["/talk_to_human"]

    async def test_files_are_kept_with_their_words(self, door: Bench) -> None:
        sizes = [{"file_id": "small", "file_size": 10}, {"file_id": "large", "file_size": 900}]
        await door.say(hand_of(door).update(message=sandbox.message(ANN, ANN, 1, photo=sizes, caption="这张发票对吗")))
        document = {"file_id": "d", "file_name": "账.pdf", "mime_type": "application/pdf", "file_size": 30 * 2**20}
        await door.say(hand_of(door).update(message=sandbox.message(ANN, ANN, 2, document=document)))
        first, second = await door.stored()
        assert first.payload["attachments"] == [
            {
                "channel": "telegram",
                "kind": "image",
                "reference": "large",
                "content_type": "image/jpeg",
                "size": 900,
                "name": "",
            }
        ]
        assert door.rasa.texts() == ["这张发票对吗"]
        assert "attachments" not in second.payload
        assert "20MB" in door.heard()[-1]

    async def test_who_stops_the_bot_hears_nothing_more(self, door: Bench) -> None:
        await door.say(hand_of(door).text(str(ANN), "你好", 1))
        change = {
            "chat": {"id": ANN, "type": "private"}, "from": {"id": ANN}, "date": 1,
            "old_chat_member": {"status": "member"}, "new_chat_member": {"status": "kicked", "user": {"id": BOT}},
        }  # fmt: skip
        await door.call(hand_of(door).update(my_chat_member=change))
        talk = await door.conversation()
        async with transaction() as session:
            await handoff.announce(session, talk.id, "通知。")
        await door.deliver(later=True)
        assert door.heard() == ["听到：你好"]
        assert (await door.states())[-1] is State.FAILED

    @pytest.mark.parametrize(
        "update",
        [
            {"edited_message": sandbox.message(ANN, ANN, 1, text="改")},
            {"channel_post": {"message_id": 1, "chat": {"id": -1, "type": "channel"}, "text": "广播"}},
            {"message": sandbox.message(ANN, ANN, 1, text="机") | {"from": {"id": 8, "is_bot": True}}},
            {"message": sandbox.message(ANN, ANN, 1, pinned_message={"message_id": 3})},
            {"message": sandbox.message(GROUP, ANN, 1, kind="group", new_chat_members=[{"id": 9}])},
        ],
        ids=["edited", "channel", "bot", "pinned", "joined"],
    )  # fmt: skip
    async def test_what_nobody_says_to_us(self, door: Bench, update: dict[str, Any]) -> None:
        assert (await door.say(hand_of(door).update(**update))).status_code == 200
        assert await door.stored() == []
        assert door.heard() == []


class TestButtons:
    BUTTONS = [{"title": f"很长的选项{number}" * 6, "payload": "ask:" + "很长的问题" * 20} for number in range(3)]

    async def test_long_payloads_go_as_references_and_presses_are_answered(self, door: Bench) -> None:
        door.rasa.answers["选"] = [{"custom": {"text": "选哪个？", "buttons": self.BUTTONS}}]
        await door.say(hand_of(door).text(str(ANN), "选", 1))
        assert all(len(data.encode()) <= 64 for data in door.last().reference)
        assert all(len(title) <= 60 for title in door.last().buttons)
        call = hand_of(door).press(str(ANN), door.last(), door.last().buttons[1], 2)
        for _ in range(2):
            await door.say(call)
        assert door.rasa.texts() == ["选", "很长的问题" * 20]
        answered = [asked for method, asked in hand_of(door).line.calls if method == "answerCallbackQuery"]
        assert len(answered) == 2, "the party's repeat is answered, too, or the button turns for ever"

    async def test_short_buttons_stand_two_in_a_row(self, door: Bench) -> None:
        titles = ["是", "否", "转人工服务和其他很长的说明", "取消"]
        door.rasa.answers["问"] = [
            {"custom": {"text": "？", "buttons": [{"title": one, "payload": "ask:x"} for one in titles]}}
        ]
        await door.say(hand_of(door).text(str(ANN), "问", 1))
        (asked,) = [asked for method, asked in hand_of(door).line.calls if method == "sendMessage"]
        rows = asked["reply_markup"]["inline_keyboard"]
        assert [[key["text"] for key in row] for row in rows] == [titles[:2], titles[2:3], titles[3:]]

    async def test_somebody_elses_button_and_one_that_never_was_do_nothing(self, door: Bench) -> None:
        door.rasa.answers["选"] = [{"custom": {"text": "选", "buttons": self.BUTTONS}}]
        await door.say(hand_of(door).text(str(ANN), "选", 1))
        stolen = hand_of(door).press("777", door.last(), door.last().buttons[0], 2)
        await door.say(stolen)
        query = sandbox.press(ANN, ANN, 1, "made-up:9")
        await door.say(hand_of(door).update(callback_query=query))
        assert door.rasa.texts() == ["选"]
        assert [("已经失效" in text) for text in door.heard()] == [False, True, True]

    async def test_a_press_is_taken_even_where_its_answer_is_not(self, door: Bench) -> None:
        door.rasa.answers["选"] = [{"custom": {"text": "选", "buttons": self.BUTTONS}}]
        await door.say(hand_of(door).text(str(ANN), "选", 1))
        call = hand_of(door).press(str(ANN), door.last(), door.last().buttons[0], 2)
        async with transaction() as session:
            await tell(session, sandbox.SandboxTelegramControl, mode=Mode.ERROR, delay_ms=None)
        assert (await door.call(call)).status_code == 200
        await door.turns()
        assert len(door.rasa.heard) == 2


class TestSending:
    PART = Part("你好")

    def channel(self, answer: httpx.Response | Exception) -> TelegramChannel:
        def handle(request: httpx.Request) -> httpx.Response:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return TelegramChannel(BotApi("http://telegram", TOKEN, 5.0, httpx.MockTransport(handle)), TOKEN)

    @pytest.mark.parametrize(
        ("answer", "trouble"),
        [
            (httpx.ConnectTimeout("x"), NotNow), (httpx.ReadTimeout("x"), Uncertain), (httpx.ReadError("x"), Uncertain),
            (httpx.Response(502, text="<html>"), Uncertain), (httpx.Response(200, text="nonsense"), Uncertain),
            (httpx.Response(500, json={"ok": False, "error_code": 500, "description": "Internal"}), Uncertain),
            (httpx.Response(401, json={"ok": False, "error_code": 401, "description": "Unauthorized"}), NotNow),
            (httpx.Response(400, json={"ok": False, "error_code": 400, "description": "Bad Request: x"}), Never),
            (httpx.Response(200, json={"ok": True, "result": {}}), Uncertain),
        ],
    )  # fmt: skip
    async def test_what_failures_mean(self, answer: httpx.Response | Exception, trouble: type[Exception]) -> None:
        channel = self.channel(answer)
        with pytest.raises(trouble):
            await channel.send(Target("7", "501"), self.PART)
        await channel.close()

    async def test_it_waits_as_long_as_it_is_told(self) -> None:
        body = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 33}}
        channel = self.channel(httpx.Response(429, json=body))
        with pytest.raises(NotNow) as raised:
            await channel.send(Target("7", "501"), self.PART)
        assert raised.value.after == timedelta(seconds=33)
        await channel.close()

    async def test_a_group_that_moved_is_followed(self) -> None:
        asked: list[bytes] = []

        def handle(request: httpx.Request) -> httpx.Response:
            asked.append(request.content)
            if b"-100999" in request.content:
                return httpx.Response(200, json={"ok": True, "result": {"message_id": 5}})
            body = {"ok": False, "error_code": 400, "description": "Bad Request: group chat was upgraded",
                    "parameters": {"migrate_to_chat_id": -100999}}  # fmt: skip
            return httpx.Response(400, json=body)

        channel = TelegramChannel(BotApi("http://telegram", TOKEN, 5.0, httpx.MockTransport(handle)), TOKEN)
        assert await channel.send(Target("7", "-5//9", True), self.PART) == "-5:5"
        assert len(asked) == 2
        await channel.close()

    async def test_the_token_is_in_no_log(self, capsys: pytest.CaptureFixture[str]) -> None:
        channel = self.channel(httpx.Response(403, json={"ok": False, "error_code": 418, "description": "x"}))
        with pytest.raises(Never):
            await channel.send(Target("7", "501"), self.PART)
        told = capsys.readouterr()
        assert TOKEN.partition(":")[2] not in told.out + told.err
        await channel.close()

    async def test_a_backlog_goes_out_without_breaking_telegrams_limits(
        self, conversations: ConversationService, rasa: RasaWire, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bench = Bench(TelegramHand(sandbox.Flood()), conversations, rasa)
        await bench.say(bench.hand.text(str(ANN), "你好", 1))
        talk = await bench.conversation()
        for number in range(5):
            async with transaction() as session:
                await handoff.announce(session, talk.id, f"{number}")
        while not bench.heard()[-1] == "4":
            for message_id in await bench._due(later=True):
                await bench.delivery.deliver(message_id)
        assert bench.heard() == ["听到：你好", *"01234"]
        sent = [method for method, _ in hand_of(bench).line.calls].count("sendMessage")
        assert sent == 6, "nothing was refused"
        await bench.close()


class TestFiles:
    async def test_an_agent_reads_what_somebody_sent(self, door: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        photo = [{"file_id": "invoice-photo", "file_size": 900}]
        await door.say(hand_of(door).update(message=sandbox.message(ANN, ANN, 1, photo=photo)))
        (stored,) = await door.stored()
        monkeypatch.setattr("hub.api.attachments.keepers", lambda: {"telegram": door.hand.channel})
        async with transaction() as session:
            token = await create_staff(session, "agent1", display_name="小李", role=Role.AGENT)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app()), base_url="http://hub") as http:
            path = f"/api/v1/staff/conversations/{stored.conversation_id}/messages/{stored.id}/attachments"
            bearer = {"Authorization": f"Bearer {token}"}
            assert (await http.get(f"{path}/0")).status_code == 401
            answer = await http.get(f"{path}/0", headers=bearer)
            assert answer.status_code == 200
            assert answer.content == sandbox.picture("invoice-photo")
            assert answer.headers["content-disposition"].startswith("attachment;")
            assert answer.headers["content-type"] == "image/jpeg"
            assert (await http.get(f"{path}/1", headers=bearer)).status_code == 404
            other = path.replace(str(stored.conversation_id), str(stored.id))
            assert (await http.get(f"{other}/0", headers=bearer)).status_code == 404
        async with transaction() as session:
            looks = await session.scalars(select(AuditEntry.action))
            assert list(looks).count("conversation.attachment") == 1

    @pytest.mark.parametrize(
        ("answer", "trouble"),
        [
            (httpx.Response(400, json={"ok": False, "error_code": 400, "description": "invalid file_id"}), FileGone),
            (httpx.Response(200, json={"ok": True, "result": {"file_id": "x"}}), FileGone),
            (httpx.Response(502), PartyAway), (httpx.ReadTimeout("x"), PartyAway),
        ],
    )  # fmt: skip
    async def test_files_that_cannot_be_had(self, answer: httpx.Response | Exception, trouble: type[Exception]) -> None:
        channel = TestSending().channel(answer)
        with pytest.raises(trouble):
            await channel.fetch("x")
        await channel.close()

    async def test_a_file_that_is_larger_than_it_said_is_not_taken(self) -> None:
        def handle(request: httpx.Request) -> httpx.Response:
            if request.url.path.startswith("/file/"):
                return httpx.Response(200, content=b"x" * (LARGEST_OF_ALL + 1))
            return httpx.Response(200, json={"ok": True, "result": {"file_id": "x", "file_path": "a/b.pdf"}})

        channel = TelegramChannel(BotApi("http://telegram", TOKEN, 5.0, httpx.MockTransport(handle)), TOKEN)
        with pytest.raises(FileGone):
            await channel.fetch("x")
        await channel.close()


class TestConnecting:
    async def test_the_webhook_is_set_with_its_secret(self, empty_database: str) -> None:
        hand = TelegramHand()
        assert await hand.channel.connect("https://hub.example/channels/telegram/webhook") == sandbox.USERNAME
        calls = dict(hand.line.calls)
        assert calls["setWebhook"]["secret_token"] == secret_of(TOKEN)
        assert set(calls["setWebhook"]["allowed_updates"]) == {"message", "callback_query", "my_chat_member"}
        with pytest.raises(Never):
            await hand.channel.connect("http://hub.example/")
        await hand.close()

    def test_secret_and_account(self) -> None:
        assert account_of(TOKEN) == str(BOT)
        assert len(secret_of(TOKEN)) == 64
        assert secret_of(TOKEN) != secret_of(TOKEN + "x")


class TestPeer:
    """The sandbox refuses what Telegram refuses."""

    @pytest.fixture
    async def http(self, empty_database: str) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(create_peer(TOKEN, sandbox.Flood(30, 1, 2, 3)))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://telegram/bot{TOKEN}/") as client:
            async with transaction() as session:
                await sandbox.meet(session, ANN)
                await sandbox.meet(session, GROUP, sandbox.GROUP)
            yield client

    async def test_refusals(self, http: httpx.AsyncClient) -> None:
        def with_keys(rows: Any) -> dict[str, Any]:
            return {"chat_id": ANN, "text": "x", "reply_markup": {"inline_keyboard": rows}}

        cases: list[tuple[dict[str, Any], int, str]] = [
            ({"chat_id": 9, "text": "x"}, 400, "chat not found"),
            ({"chat_id": ANN, "text": " "}, 400, "message text is empty"),
            ({"chat_id": ANN, "text": "😀" * 2049}, 400, "message is too long"),
            (with_keys([[{"text": "a", "callback_data": "税" * 22}]]), 400, "BUTTON_DATA_INVALID"),
            (with_keys("x"), 400, "inline keyboard"),
        ]  # fmt: skip
        for body, status, words in cases:
            answer = await http.post("sendMessage", json=body)
            assert (answer.status_code, answer.json()["error_code"]) == (status, status)
            assert words in answer.json()["description"]
        assert (await http.post("http://telegram/bot1:x/getMe")).status_code == 401
        assert (await http.post("dance")).status_code == 404

    async def test_parameters_by_form_and_query(self, http: httpx.AsyncClient) -> None:
        assert (await http.post("sendMessage", data={"chat_id": ANN, "text": "表单"})).json()["result"][
            "text"
        ] == "表单"
        answer = await http.get("sendMessage", params={"chat_id": ANN, "text": "地址"})
        assert answer.json()["result"]["message_id"] == 2

    async def test_flood_and_block(self, http: httpx.AsyncClient) -> None:
        codes = [(await http.post("sendMessage", json={"chat_id": ANN, "text": "x"})).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
        answer = (await http.post("sendMessage", json={"chat_id": ANN, "text": "x"})).json()
        assert answer["parameters"]["retry_after"] >= 1
        async with transaction() as session:
            await sandbox.block(session, ANN)
        assert (await http.post("sendMessage", json={"chat_id": ANN, "text": "x"})).status_code == 403

    @pytest.mark.parametrize(("mode", "status"), [(Mode.DOWN, 502), (Mode.ERROR, 500), (Mode.GARBAGE, 200)])
    async def test_told_to_misbehave(self, http: httpx.AsyncClient, mode: Mode, status: int) -> None:
        async with transaction() as session:
            await tell(session, sandbox.SandboxTelegramControl, mode=mode, delay_ms=None)
        answer = await http.post("getMe")
        assert answer.status_code == status

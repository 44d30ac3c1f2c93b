"""What people do in WeChat beside writing: subscribing, pressing the menu, speaking, scanning a code of a web chat."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update

from bot.conversation import handoff
from bot.conversation.models import Author, Conversation, HandoffReason, Message
from bot.conversation.repository import add_outbound
from bot.conversation.service import ConversationService
from channels.base import Call
from channels.wechat import sandbox, wording
from channels.wechat.models import Carry
from hub.bureau import bureau
from hub.kit import clock
from hub.kit.db import transaction
from tests.channels.bench import Bench
from tests.channels.hands.wechat import WechatHand

ANN, EVE = "oAnn", "oEve"


def told(hand: WechatHand, response: httpx.Response) -> str | None:
    assert response.status_code == 200
    return hand.passive_text(response.content)


async def do(door: Bench, hand: WechatHand, event: str, key: str = "", at: int | None = None) -> str | None:
    """Ann's event; what she is told in the response."""
    return told(hand, await door.call(hand.player.event(ANN, event, {"EventKey": key}, at)))


class TestEvents:
    async def test_who_subscribes_is_greeted_and_no_conversation_begins(self, door: Bench, hand: WechatHand) -> None:
        greeting = await do(door, hand, "subscribe")
        assert greeting is not None
        assert bureau().greeting in greeting
        assert await do(door, hand, "subscribe", "qrscene_hall7") == greeting
        assert await do(door, hand, "SCAN", "hall7") == greeting
        assert await door.stored() == []

    async def test_who_leaves_hears_nothing_until_they_write(self, door: Bench, hand: WechatHand) -> None:
        await door.say(hand.text(ANN, "你好", 1))
        talk = await door.conversation()
        assert await do(door, hand, "unsubscribe") is None
        async with transaction() as session:
            await handoff.announce(session, talk.id, "通知。")
        await door.deliver(later=True)
        assert door.heard() == ["听到：你好"]

    async def test_a_press_of_the_menu_is_said_once(self, door: Bench, hand: WechatHand) -> None:
        at = int(clock.now().timestamp())
        for _ in range(3):
            assert await do(door, hand, "CLICK", "say:我要查验发票", at) in ("听到：我要查验发票", None)
        await do(door, hand, "CLICK", "say:转人工", at)
        assert door.rasa.texts() == ["我要查验发票", "转人工"]

    async def test_what_is_said_too_late_after_a_press_waits_for_the_next_word(
        self, door: Bench, hand: WechatHand
    ) -> None:
        async with transaction() as session:
            await sandbox.acted(session, ANN, sandbox.Act.PRESSED)
        assert await do(door, hand, "CLICK", "say:转人工") == "听到：转人工"
        talk = await door.conversation()
        async with transaction() as session:
            # the minute that a press opens is over
            await sandbox._put(session, "user", ANN, {"subscribed": True, "refuses": False, "left": 3, "until": ""})
            await handoff.announce(session, talk.id, "您好，我是坐席。")
        await door.deliver(later=True)
        assert "您好，我是坐席。" not in door.heard()
        await door.say(hand.text(ANN, "你好", 2))
        await door.deliver(later=True)
        assert "您好，我是坐席。" in "\n".join(door.heard())

    @pytest.mark.parametrize(
        ("event", "key"),
        [("VIEW", "https://a.gov.cn/"), ("LOCATION", ""), ("CLICK", "unknown"), ("CLICK", "say:"), ("CLICK", ""),
         ("TEMPLATESENDJOBFINISH", ""), ("", ""), ("scancode_push", "x")],
    )  # fmt: skip
    async def test_what_needs_no_answer_gets_none(self, door: Bench, hand: WechatHand, event: str, key: str) -> None:
        assert await do(door, hand, event, key) is None
        assert await door.stored() == []

    async def test_what_was_spoken_is_answered_and_kept_with_its_file(self, door: Bench, hand: WechatHand) -> None:
        await door.say(hand.player.message(ANN, 1, "voice", MediaId="v1", Format="amr", Recognition="个税怎么算"))
        (message,) = await door.stored()
        assert message.text == "个税怎么算"
        assert message.payload["attachments"][0]["reference"] == "v1"
        assert door.heard() == ["听到：个税怎么算"]

    async def test_a_picture_is_kept_for_the_agent(self, door: Bench, hand: WechatHand) -> None:
        await door.say(hand.player.message(ANN, 1, "image", PicUrl="http://mmbiz.qpic.cn/x", MediaId="p1"))
        (message,) = await door.stored()
        assert (message.payload["attachments"][0]["kind"], message.payload["attachments"][0]["reference"]) == (
            "image", "p1",
        )  # fmt: skip


class WebChat:
    """A chat in the web widget, and the code that carries it over."""

    def __init__(self, door: Bench, conversation_id: UUID, token: str) -> None:
        self.door, self.id, self.token = door, conversation_id, token

    async def code(self, token: str | None = None) -> httpx.Response:
        return await self.door._http.post(
            f"/channels/wechat/carry/{self.id}", headers={"Authorization": f"Bearer {token or self.token}"}
        )

    async def scene(self) -> str:
        response = await self.code()
        assert response.status_code == 200, response.text
        async with transaction() as session:
            scene = await sandbox.scene_of(session, response.json()["url"])
        assert scene is not None
        return scene


@pytest.fixture
async def web(door: Bench, conversations: ConversationService) -> WebChat:
    """A chat of the web with one question in it."""
    conversation_id, token = await conversations.create("web", "zh-CN", consent=True)
    await conversations.say(conversation_id, "我在网页上问", "w1")
    return WebChat(door, conversation_id, token)


def decides(hand: WechatHand, sender: str, words: str, number: int) -> Call:
    return hand.text(sender, words, number)


class TestCarryOver:
    async def test_a_chat_goes_on_in_wechat_after_consent(self, door: Bench, hand: WechatHand, web: WebChat) -> None:
        scene = await web.scene()
        asked = await do(door, hand, "SCAN", scene)
        assert asked is not None
        assert "同意" in asked
        talk = await self._talk(web)
        assert talk.door_id is None, "nothing is carried before consent"
        agreed = decides(hand, ANN, "同意", 1)
        assert told(hand, await door.call(agreed)) == wording.CARRIED
        assert told(hand, await door.call(agreed)) == wording.CARRIED, "a retry of WeChat is told the same"
        await door.say(hand.text(ANN, "我在微信上问", 2))
        inbound = await door.stored()
        assert [(one.conversation_id, one.text) for one in inbound] == [
            (web.id, "我在网页上问"), (web.id, "我在微信上问"),
        ]  # fmt: skip
        async with transaction() as session:
            await handoff.hand_off(session, web.id, HandoffReason.CUSTOMER_REQUEST)
            await handoff.claim(session, web.id, "agent1", "小李")
            said = Message(author=Author.AGENT, author_name="小李", text="我来帮您。", payload={})
            await add_outbound(session, web.id, [said])
        await door.deliver()
        assert door.heard()[-1] == "我来帮您。"
        outbound = [one.text for one in await door.stored("out")]
        assert outbound.count(wording.CARRIED_SHOWN) == 1

    async def test_who_subscribes_by_the_code_is_asked_too(self, door: Bench, hand: WechatHand, web: WebChat) -> None:
        asked = await do(door, hand, "subscribe", f"qrscene_{await web.scene()}")
        assert asked == wording.ASK_CONSENT.format(minutes=10)

    async def test_a_no_carries_nothing(self, door: Bench, hand: WechatHand, web: WebChat) -> None:
        await do(door, hand, "SCAN", await web.scene())
        assert told(hand, await door.call(decides(hand, ANN, "不同意", 1))) == wording.NOT_CARRIED
        assert (await self._talk(web)).door_id is None
        await door.say(hand.text(ANN, "同意", 2))
        assert {one.conversation_id for one in await door.stored() if one.text == "同意"} != {web.id}
        assert (await self._talk(web)).door_id is None

    async def test_a_code_is_one_persons(self, door: Bench, hand: WechatHand, web: WebChat) -> None:
        scene = await web.scene()
        await do(door, hand, "SCAN", scene)
        late = await door.call(hand.player.event(EVE, "SCAN", {"EventKey": scene}))
        assert told(hand, late) == wording.CODE_OVER
        await door.say(decides(hand, EVE, "同意", 1))
        assert (await self._talk(web)).door_id is None

    async def test_a_code_works_once(self, door: Bench, hand: WechatHand, web: WebChat) -> None:
        scene = await web.scene()
        await do(door, hand, "SCAN", scene)
        await door.call(decides(hand, ANN, "同意", 1))
        assert await do(door, hand, "SCAN", scene) == wording.CODE_OVER

    async def test_a_new_code_ends_the_one_before(self, door: Bench, hand: WechatHand, web: WebChat) -> None:
        first = await web.scene()
        second = await web.scene()
        assert await do(door, hand, "SCAN", first) == wording.CODE_OVER
        assert await do(door, hand, "SCAN", second) != wording.CODE_OVER

    async def test_a_code_lives_for_minutes(self, door: Bench, hand: WechatHand, web: WebChat) -> None:
        scene = await web.scene()
        await do(door, hand, "SCAN", scene)
        async with transaction() as session:
            await session.execute(update(Carry).values(expires_at=clock.now() - timedelta(seconds=1)))
        await door.say(decides(hand, ANN, "同意", 1))
        assert (await self._talk(web)).door_id is None
        assert await do(door, hand, "SCAN", scene) == wording.CODE_OVER

    async def test_made_up_codes_are_none(self, door: Bench, hand: WechatHand, web: WebChat) -> None:
        for scene in ("carry_", "carry_guess", "carry_" + "a" * 500):
            assert await do(door, hand, "SCAN", scene) == wording.CODE_OVER

    async def test_only_the_holder_of_the_chat_gets_a_code(self, web: WebChat) -> None:
        assert (await web.code("wrong")).status_code == 401

    async def test_consent_without_a_code_is_a_word_like_others(self, door: Bench, hand: WechatHand) -> None:
        await door.say(hand.text(ANN, "同意", 1))
        assert door.heard() == ["听到：同意"]

    async def _talk(self, web: WebChat) -> Conversation:
        async with transaction() as session:
            return await session.get_one(Conversation, web.id)

"""A photo of an invoice is as good as its number: it is inspected, or what is missing is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.conversation import handoff
from bot.conversation.attachments import handed_values
from bot.conversation.models import HandoffReason, State
from bot.conversation.service import ConversationService
from bot.dialogue.client import DialogueClient
from channels.base import Call, FileGone, PartyAway
from channels.pictures import InvoicePictures
from channels.telegram import sandbox as telegram
from channels.wechat import sandbox as wechat
from channels.wechat.models import SandboxWechatControl
from hub.kit.db import transaction
from hub.settings import get_settings
from services.gateways.behaviour import Mode, tell
from tests.bot.rasa_wire import RasaWire
from tests.channels.bench import Bench
from tests.channels.hands.hand import Hand
from tests.channels.hands.telegram import TelegramHand
from tests.channels.hands.wechat import WechatHand
from tests.pictures import DIGITAL, PAPER, RAIL, hostile, page, photo, saved

ANN, GROUP = 501, -100200300
READ = {"invoice_number": "26322000000000001130", "issued_on": "2026-09-03", "total_with_tax": "1130.00"}


async def opened(hand: Hand, rasa: RasaWire) -> Bench:
    settings = get_settings()
    pictures = InvoicePictures(lambda: {hand.channel.name: hand.channel})
    conversations = ConversationService(settings, DialogueClient(settings, transport=rasa), pictures)
    await conversations.open()
    return Bench(hand, conversations, rasa)


async def closed(bench: Bench) -> None:
    await bench.close()
    await bench.conversations.close()


@pytest.fixture
async def door(empty_database: str, rasa: RasaWire) -> AsyncIterator[Bench]:
    """WeChat, with somebody who looks through pictures."""
    bench = await opened(WechatHand(), rasa)
    yield bench
    await closed(bench)


@pytest.fixture
async def chat(empty_database: str, rasa: RasaWire) -> AsyncIterator[Bench]:
    """Telegram, likewise."""
    bench = await opened(TelegramHand(), rasa)
    yield bench
    await closed(bench)


async def sends(door: Bench, content: bytes, number: int = 1, kind: str = "image") -> Call:
    """Ann sends a picture through WeChat; the call that WeChat makes."""
    assert isinstance(door.hand, WechatHand)
    async with transaction() as session:
        media_id = await wechat.keep(session, content)
    door.hand.transport.wrote.append("ann")
    return door.hand.player.message("ann", number, kind, PicUrl="http://mmbiz.qpic.cn/x", MediaId=media_id)


def handed(bench: Bench) -> list[dict[str, str]]:
    """What Rasa was handed to inspect."""
    return [dict(handed_values(text)) for text in bench.rasa.texts() if text.startswith("/invoice_inspection{")]


class TestThroughWechat:
    async def test_an_invoice(self, door: Bench) -> None:
        await door.say(await sends(door, photo(DIGITAL)))
        assert handed(door) == [READ]
        (words,) = door.heard()
        assert words.startswith("已识别图中的发票：\n发票号码：26322000000000001130\n开票日期：2026年9月3日")
        assert "听到：/invoice_inspection" in words, "and then what the bot says to it"
        (stored,) = await door.stored()
        assert stored.text == "[图片]"

    async def test_the_same_picture_again_is_the_first_message(self, door: Bench) -> None:
        call = await sends(door, photo(DIGITAL))
        await door.say(call)
        await door.say(call)
        assert len(handed(door)) == 1

    async def test_an_invoice_whose_amount_is_not_sure(self, door: Bench) -> None:
        await door.say(await sends(door, photo(RAIL)))
        assert handed(door) == [{"invoice_number": "26119110000000006001", "issued_on": "2026-05-01"}]

    async def test_an_invoice_among_other_codes(self, door: Bench) -> None:
        await door.say(await sends(door, photo("https://example.cn/menu", DIGITAL)))
        assert handed(door) == [READ]

    async def test_two_invoices_are_a_choice(self, door: Bench) -> None:
        await door.say(await sends(door, photo(DIGITAL, PAPER)))
        assert handed(door) == []
        (asked,) = door.heard()
        assert "图中有2张发票" in asked
        digital = next(line for line in asked.splitlines() if "00001130" in line)
        await door.say(door.hand.text("ann", digital.partition(".")[0].strip(), 2))
        assert handed(door) == [READ]

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (saved(page()), "没有在图中找到发票的二维码"),
            (photo("https://example.cn/"), "不是发票的二维码"),
            (saved(page(DIGITAL, blurred=9)), "靠近一些"),
        ],
    )
    async def test_what_shows_no_invoice(self, door: Bench, content: bytes, words: str) -> None:
        await door.say(await sends(door, content))
        assert door.rasa.texts() == []
        (said,) = door.heard()
        assert words in said
        assert "查验发票" in said, "what else can be done"

    @pytest.mark.parametrize("content", hostile())
    async def test_what_no_camera_makes(self, door: Bench, content: bytes) -> None:
        answer = await door.say(await sends(door, content))
        assert answer.status_code == 200
        assert "打不开" in door.heard()[0]

    async def test_a_picture_that_wechat_has_no_more(self, door: Bench) -> None:
        assert isinstance(door.hand, WechatHand)
        door.hand.transport.wrote.append("ann")
        await door.say(door.hand.player.message("ann", 1, "image", MediaId="long-gone"))
        assert "已过期" in door.heard()[0]

    async def test_wechat_gives_nothing_out_for_now(self, door: Bench) -> None:
        call = await sends(door, photo(DIGITAL))
        async with transaction() as session:
            await tell(session, SandboxWechatControl, mode=Mode.DOWN, delay_ms=None)
        await door.say(call)
        assert "过一会儿再发一次" in door.heard()[0]

    async def test_rasa_is_away(self, door: Bench) -> None:
        door.rasa.down = True
        await door.say(await sends(door, photo(DIGITAL)))
        assert "已识别图中的发票" in door.heard()[0]
        assert "正在恢复" in door.heard()[0]

    async def test_a_process_that_died_before_it_looked(self, door: Bench) -> None:
        """The message was stored; the next process looks at the picture."""
        door.conversations.start = lambda _: None  # type: ignore[assignment, return-value, method-assign]
        door.conversations.answer = _dies  # type: ignore[assignment, method-assign]
        await door.call(await sends(door, photo(DIGITAL)))
        assert handed(door) == []
        other = await opened(door.hand, door.rasa)
        assert await other.conversations.sweep(timedelta()) == 1
        assert await other.conversations.sweep(timedelta()) == 0
        assert handed(door) == [READ]
        await other.conversations.close()

    async def test_with_a_human_it_is_only_kept(self, door: Bench) -> None:
        await door.say(door.hand.text("ann", "你好", 1))
        talk = await door.conversation()
        async with transaction() as session:
            await handoff.hand_off(session, talk.id, HandoffReason.CUSTOMER_REQUEST)
        before = door.heard()
        await door.say(await sends(door, photo(DIGITAL), 2))
        assert handed(door) == []
        assert door.heard() == before
        assert (await door.conversation()).state == State.WAITING_FOR_AGENT
        assert (await door.stored())[-1].payload["attachments"][0]["kind"] == "image"


async def _dies(*_: Any) -> None:
    raise TimeoutError


class TestThroughTelegram:
    async def says(self, chat: Bench, **content: Any) -> None:
        assert isinstance(chat.hand, TelegramHand)
        await chat.say(chat.hand.update(message=telegram.message(ANN, ANN, 1, **content)))

    async def test_a_photo(self, chat: Bench) -> None:
        await self.says(chat, photo=[{"file_id": telegram.file_of(DIGITAL), "file_size": 900}])
        assert handed(chat) == [READ]

    async def test_a_photo_with_words(self, chat: Bench) -> None:
        await self.says(chat, photo=[{"file_id": telegram.file_of(DIGITAL)}], caption="这张发票对吗")
        assert handed(chat) == [READ]

    async def test_words_are_answered_where_the_photo_shows_no_invoice(self, chat: Bench) -> None:
        await self.says(chat, photo=[{"file_id": "p1"}], caption="这个页面打不开怎么办")
        assert chat.rasa.texts() == ["这个页面打不开怎么办"]

    async def test_a_picture_as_a_document(self, chat: Bench) -> None:
        document = {"file_id": telegram.file_of(DIGITAL), "file_name": "IMG_1.PNG", "mime_type": "image/png"}
        await self.says(chat, document=document)
        assert handed(chat) == [READ]

    async def test_other_documents_are_kept_for_agents(self, chat: Bench) -> None:
        document = {"file_id": telegram.file_of(DIGITAL), "file_name": "a.pdf", "mime_type": "application/pdf"}
        await self.says(chat, document=document)
        assert handed(chat) == []
        assert "人工坐席接入后可以查看" in chat.heard()[0]

    async def test_a_button_of_another_talk_hands_nothing(self, chat: Bench) -> None:
        await self.says(chat, text='handed:/invoice_inspection{"invoice_number":{"invoice_number":"1"}}')
        assert not [text for text in chat.rasa.texts() if text.startswith("/")]

    async def test_in_groups_nothing_is_looked_at(self, chat: Bench) -> None:
        assert isinstance(chat.hand, TelegramHand)
        reply = {"message_id": 1, "chat": {"id": GROUP, "type": "supergroup"}, "date": 1,
                 "from": {"id": int(chat.hand.channel._account), "is_bot": True}}  # fmt: skip
        said = telegram.message(
            GROUP, ANN, 2, kind="supergroup", photo=[{"file_id": telegram.file_of(DIGITAL)}], reply_to_message=reply
        )
        await chat.say(chat.hand.update(message=said))
        assert handed(chat) == []
        assert len(await chat.stored()) == 1
        assert "getFile" not in [method for method, _ in chat.hand.line.calls]


class TestFetching:
    """WeChat's way to give a file out."""

    @pytest.mark.parametrize(
        ("answer", "trouble"),
        [
            (httpx.Response(200, json={"errcode": 40007, "errmsg": "invalid media_id"}), FileGone),
            (httpx.Response(200, text='{"errcode":40007}', headers={"content-type": "text/plain"}), FileGone),
            (httpx.Response(200, json={"errcode": 48001, "errmsg": "api unauthorized"}), FileGone),
            (httpx.Response(200, json={"video_url": "http://example.cn/v"}), FileGone),
            (httpx.Response(200, json={"errcode": -1, "errmsg": "system error"}), PartyAway),
            (httpx.Response(200, json={"errcode": 45009, "errmsg": "quota"}), PartyAway),
            (httpx.Response(200, html="<html>maintenance</html>"), PartyAway),
            (httpx.Response(200, json=[]), PartyAway),
            (httpx.Response(502), PartyAway),
            (httpx.ConnectError("x"), PartyAway),
            (httpx.ReadTimeout("x"), PartyAway),
            (httpx.Response(200, content=b"x" * (20 * 2**20 + 1), headers={"content-type": "image/jpeg"}), FileGone),
        ],
    )
    async def test_files_that_cannot_be_had(
        self, door: Bench, answer: httpx.Response | Exception, trouble: type[Exception]
    ) -> None:
        assert isinstance(door.hand, WechatHand)
        _answered_with(door.hand, answer)
        with pytest.raises(trouble):
            await door.hand.channel.fetch("m1")

    async def test_a_token_that_has_ended_is_renewed(self, door: Bench) -> None:
        await door.say(await sends(door, photo(DIGITAL), 1))
        assert isinstance(door.hand, WechatHand)
        async with transaction() as session:
            await wechat.invalidate_token(session, door.hand.account.app_id)
        await door.say(await sends(door, photo(DIGITAL), 2))
        assert handed(door) == [READ, READ]


def _answered_with(hand: WechatHand, answer: httpx.Response | Exception) -> None:
    """Have WeChat answer whoever asks for a file with this."""
    peer = hand.transport._peer

    async def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/cgi-bin/media/get":
            return await peer.handle_async_request(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    hand.transport._peer = httpx.MockTransport(handle)  # type: ignore[assignment]

"""Files are kept as references, within limits of type and size, and people are told what works."""

from __future__ import annotations

import pytest

from bot.conversation.service import ConversationService
from channels.attachments import MEGABYTE, accepted, notice
from channels.base import Attachment, InboundMessage, Kind
from tests.bot.rasa_wire import RasaWire
from tests.channels.bench import Bench
from tests.channels.hands.plain import PlainHand

PDF = "application/pdf"


def message(*attachments: Attachment, text: str = "") -> InboundMessage:
    return InboundMessage("plain", "desk", "ann", "1", text, attachments=attachments)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (Attachment(Kind.FILE, "f", PDF, 21 * MEGABYTE), "20MB"),
        (Attachment(Kind.IMAGE, "f", "image/png", 11 * MEGABYTE), "10MB"),
        (Attachment(Kind.FILE, "f", "application/x-msdownload", 10, "a.exe"), "PDF"),
        (Attachment(Kind.STICKER, "f"), "看不懂表情"),
        (Attachment(Kind.IMAGE, "f" * 2000), "看不懂图片"),
    ],
)
def test_what_is_not_kept_is_said(one: Attachment, words: str) -> None:
    kept, refusal = accepted(message(one))
    assert kept == []
    assert refusal is not None
    assert words in refusal


@pytest.mark.parametrize(
    "one",
    [
        Attachment(Kind.FILE, "f", PDF, 10),
        Attachment(Kind.FILE, "f", "", None, "发票.OFD"),
        Attachment(Kind.IMAGE, "f"),
    ],
)
def test_what_is_kept(one: Attachment) -> None:
    assert accepted(message(one)) == ([one], None)
    assert "已收到" in (notice(message(one)) or "")
    assert notice(message(one, text="请看附件")) is None, "words are answered"


async def test_a_file_stands_in_the_transcript(conversations: ConversationService, rasa: RasaWire) -> None:
    hand = PlainHand()
    bench = Bench(hand, conversations, rasa)
    await bench.say(hand._call({"id": "1", "sender": "ann", "kind": "file", "file": "party-file-1", "size": 2048}))
    (stored,) = await bench.stored()
    assert stored.text == "[文件]"
    (kept,) = stored.payload["attachments"]
    assert (kept["kind"], kept["reference"], kept["size"]) == ("file", "party-file-1", 2048)
    assert "人工坐席接入后可以查看" in bench.heard()[0]
    await bench.close()

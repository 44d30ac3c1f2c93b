"""What is WeChat's and what is not: signatures, freshness, AES, and XML that means harm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from channels.base import Call, Malformed, NotVerified
from channels.wechat import wire, xml
from channels.wechat.account import Mode, sandbox_account
from channels.wechat.envelope import Envelope
from channels.wechat.player import Player
from hub.kit import clock
from tests.channels.hands.wechat import PlainWechatHand, WechatHand

BOMB = "<!DOCTYPE x [" + "".join(
    f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' if level else '<!ENTITY e0 "ha">' for level in range(12)
) + "]>"  # fmt: skip
ATTACKS = {
    "entities that multiply": f"{BOMB}<xml><Content>&e11;</Content></xml>",
    "a file": '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><Content>&f;</Content></xml>',
    "a document type elsewhere": '<!DOCTYPE xml SYSTEM "http://127.0.0.1:1/x.dtd"><xml><Content>x</Content></xml>',
    "parameter entities": '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/p">%p;]><xml/>',
    "a processing instruction": "<?xml-stylesheet href='http://127.0.0.1:1/x'?><xml><Content>x</Content></xml>",
    "depth": "<xml>" + "<a>" * 5_000 + "</a>" * 5_000 + "</xml>",
    "width": "<xml>" + "<a/>" * 1000 + "</xml>",
    "size": f"<xml><Content>{'x' * xml.LARGEST}</Content></xml>",
    "an undeclared entity": "<xml><Content>&nbsp;</Content></xml>",
    "two roots": "<xml/><xml/>",
}


@pytest.fixture
async def plain(empty_database: str) -> AsyncIterator[WechatHand]:
    hand = PlainWechatHand()
    yield hand
    await hand.close()


@pytest.mark.parametrize("attack", ATTACKS)
async def test_xml_that_means_harm_is_malformed_even_under_a_good_signature(
    attack: str, hand: WechatHand, plain: WechatHand
) -> None:
    with pytest.raises(xml.NotXml):
        xml.read(ATTACKS[attack])
    with pytest.raises(Malformed):
        await plain.channel.receive(plain.player.call(ATTACKS[attack]))
    if len(ATTACKS[attack]) < xml.LARGEST // 2:
        with pytest.raises(Malformed):
            await hand.channel.receive(hand.player.call(ATTACKS[attack]))
    # unsigned, around what claims to be sealed: nobody's
    call = hand.player.message("ann", 1, "text", Content="x")
    with pytest.raises(NotVerified):
        await hand.channel.receive(replace(call, body=ATTACKS[attack].encode()))


async def test_another_encoding_hides_nothing(plain: WechatHand) -> None:
    document = '<?xml version="1.0" encoding="UTF-16"?>' + BOMB + "<xml><Content>&e11;</Content></xml>"
    for body in (document.encode("utf-16"), document.encode()):
        with pytest.raises(Malformed):
            await plain.channel.receive(plain.player.call(body))


def test_what_is_said_cannot_leave_its_element() -> None:
    said = "]]></Content><Content>骗子]]>\x00\x0b\ufffe<b>&amp;"
    made = xml.read(xml.written({"Content": said, "MsgType": "text"}))
    assert made == {"Content": "]]></Content><Content>骗子]]><b>&amp;", "MsgType": "text"}


def test_words_about_document_types_are_words() -> None:
    assert xml.read(xml.written({"Content": "<!DOCTYPE html>"}))["Content"] == "<!DOCTYPE html>"


async def test_what_is_sealed_for_another_account_is_refused(hand: WechatHand) -> None:
    other = Player(replace(hand.account, app_id="wx0000000000000000"))
    with pytest.raises(NotVerified):
        await hand.channel.receive(other.message("ann", 1, "text", Content="x"))


async def test_sealed_with_another_key_is_no_error_of_ours(hand: WechatHand) -> None:
    other = Player(replace(hand.account, aes_key="b" * 43))
    with pytest.raises((NotVerified, Malformed)):
        await hand.channel.receive(other.message("ann", 1, "text", Content="x"))


@pytest.mark.parametrize("sealed", ["", "x", "====", "AAAA", "A" * 64, "中文"])
async def test_a_seal_that_cannot_be_opened_is_malformed(hand: WechatHand, sealed: str) -> None:
    from channels.wechat.envelope import signature

    at = str(int(clock.now().timestamp()))
    query = {"timestamp": at, "nonce": "n", "encrypt_type": "aes",
             "msg_signature": signature(hand.account.token, at, "n", sealed)}  # fmt: skip
    with pytest.raises((Malformed, NotVerified)):
        await hand.channel.receive(Call("POST", query, {}, xml.written({"Encrypt": sealed}).encode()))


async def test_a_signature_of_plain_mode_is_good_for_one_body_only(plain: WechatHand) -> None:
    call = plain.player.message("ann", 1, "text", Content="我是小安")
    other = plain.player.message("ann", 2, "text", Content="我是骗子")
    first = await plain.channel.receive(call)
    assert [message.text for message in first.messages] == ["我是小安"]
    with pytest.raises(NotVerified):
        await plain.channel.receive(replace(other, query=call.query))
    again = await plain.channel.receive(call)
    assert [message.external_id for message in again.messages] == [first.messages[0].external_id]


async def test_the_address_is_confirmed_to_wechat_and_to_nobody_else(hand: WechatHand) -> None:
    asked = hand.player.echo("5838479218127813673")
    assert (await hand.channel.receive(asked)).answer.body == b"5838479218127813673"
    for changed in ({"signature": "0" * 40}, {"nonce": "x"}, {"timestamp": "1"}, {"signature": "中"}):
        with pytest.raises(NotVerified):
            await hand.channel.receive(replace(asked, query=dict(asked.query) | changed))
    with pytest.raises(Malformed):
        await hand.channel.receive(replace(asked, query=dict(asked.query) | {"echostr": "<script>\n"}))


async def test_in_safe_mode_a_reply_can_be_read_by_the_account_only(hand: WechatHand) -> None:
    received = await hand.channel.receive(hand.player.message("ann", 1, "text", Content="x"))
    assert received.passive is not None
    from channels.base import Part

    body = received.passive(Part("答复 ]]> 您")).body
    assert "答复".encode() not in body
    assert hand.player.told(body) == "答复 ]]> 您"


async def test_the_sealed_part_counts_in_compatible_mode(empty_database: str) -> None:
    hand = WechatHand(Mode.COMPATIBLE)
    call = hand.player.message("ann", 1, "text", Content="真的")
    assert "真的".encode() in call.body
    forged = replace(call, body=call.body.replace("真的".encode(), "假的".encode()))
    assert [one.text for one in (await hand.channel.receive(forged)).messages] == ["真的"]
    await hand.close()


def test_an_account_that_cannot_work_is_told_at_the_start() -> None:
    with pytest.raises(ValueError, match="HUB_WECHAT_AES_KEY"):
        replace(sandbox_account(Mode.SAFE), aes_key="short")
    with pytest.raises(ValueError, match="HUB_WECHAT_TOKEN"):
        replace(sandbox_account(Mode.PLAIN), token="")
    assert Envelope(sandbox_account(Mode.PLAIN)) is not None


def test_a_moment_after_all_time_is_no_message() -> None:
    with pytest.raises(ValueError, match="not a message"):
        wire.read(xml.written({"ToUserName": "g", "FromUserName": "o", "CreateTime": 10**15, "MsgType": "text"}))

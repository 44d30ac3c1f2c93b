"""Plays WeChat in safe and in plain mode: signed calls in, its stand-in's own protocol out."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx

from channels.base import Call
from channels.wechat import sandbox
from channels.wechat.account import Account, Mode, sandbox_account
from channels.wechat.authorize_page import AUTHORIZE
from channels.wechat.channel import WechatChannel
from channels.wechat.client import WechatClient
from channels.wechat.player import Player
from hub.kit.db import transaction
from tests.channels.hands.hand import Got, Party, Trouble

ADDRESS = httpx.URL("https://api.weixin.qq.com")
SEND = "/cgi-bin/message/custom/send"
UNSUPPORTED: tuple[tuple[str, dict[str, str]], ...] = (
    ("image", {"PicUrl": "http://mmbiz.qpic.cn/x", "MediaId": "m1"}),
    ("voice", {"MediaId": "m2", "Format": "amr"}),
    ("video", {"MediaId": "m3", "ThumbMediaId": "t3"}),
    ("shortvideo", {"MediaId": "m4", "ThumbMediaId": "t4"}),
    ("location", {"Location_X": "23.1", "Location_Y": "113.3", "Scale": "20", "Label": "广州"}),
    ("link", {"Title": "标题", "Description": "说明", "Url": "https://example.cn"}),
    ("text", {"Content": "【收到不支持的消息类型，暂无法显示】"}),
    ("novelty", {"MediaId": "m5"}),
)


class PartyTransport(httpx.AsyncBaseTransport):
    """Between us and the stand-in: troubles of the next message, and what reached somebody."""

    def __init__(self, party: Party, account: Account) -> None:
        self.party = party
        self.wrote: list[str] = []
        self.bodies: list[bytes] = []
        self._peer = httpx.ASGITransport(sandbox.create_sandbox(account))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.party.broken:
            return httpx.Response(502, text="<html>")
        if request.url.path != SEND:
            return await self._peer.handle_async_request(request)
        trouble = self.party.troubles.pop(0) if self.party.troubles else None
        if trouble is Trouble.DOWN:
            raise httpx.ConnectError("refused", request=request)
        codes = {Trouble.BUSY: -1, Trouble.NEVER: 40003, Trouble.BLOCKED: 48002}
        if trouble in codes:
            return httpx.Response(200, json={"errcode": codes[trouble], "errmsg": "no"})
        async with transaction() as session:
            while self.wrote:
                await sandbox.acted(session, self.wrote.pop(), sandbox.Act.WROTE)
        self.bodies.append(request.content)
        response = await self._peer.handle_async_request(request)
        answer = json.loads(await response.aread())
        if answer["errcode"] == 0:
            said = json.loads(request.content)
            self.party.got.append(Got(said["touser"], said["text"]["content"]))
        if trouble is Trouble.LOST:
            raise httpx.ReadTimeout("lost", request=request)
        return httpx.Response(200, json=answer)


class WechatHand:
    """Plays WeChat for one account."""

    def __init__(self, mode: Mode = Mode.SAFE, **changes: Any) -> None:
        self.party = Party()
        self.account = replace(sandbox_account(mode), **changes)
        self.player = Player(self.account)
        self.transport = PartyTransport(self.party, self.account)
        self.channel = WechatChannel(
            self.account, WechatClient(self.account, ADDRESS, 5.0, self.transport), AUTHORIZE
        )  # fmt: skip

    def text(self, sender: str, words: str, number: int) -> Call:
        self.transport.wrote.append(sender)
        return self.player.message(sender, _number(sender, number), "text", Content=words)

    def unsupported(self, sender: str, number: int) -> list[Call]:
        self.transport.wrote.append(sender)
        return [
            self.player.message(sender, _number(sender, number + place), kind, **fields)
            for place, (kind, fields) in enumerate(UNSUPPORTED)
        ]

    def signed(self, body: bytes) -> Call:
        return self.player.call(body)

    def press(self, sender: str, got: Got, title: str, number: int) -> Call:
        raise NotImplementedError("no buttons in WeChat's text messages")

    def forged(self, words: str) -> list[Call]:
        document = self.player.document("eve", "text", {"Content": words, "MsgId": "1"})
        good, other = self.player.call(document), self.player.call(document)
        bare = {name: value for name, value in good.query.items() if not name.endswith("signature")}
        wrong = {name: "0" * 40 if name.endswith("signature") else value for name, value in good.query.items()}
        stranger = Player(replace(self.account, token="another", aes_key="b" * 43))
        forged = [
            Call("POST", {}, {}, good.body),
            Call("POST", bare, {}, good.body),
            Call("POST", wrong, {}, good.body),
            stranger.call(document),
            self.player.call(document, ago=timedelta(minutes=11)),
            self.player.call(document, ago=timedelta(minutes=-11)),
            Call("POST", dict(good.query) | {"timestamp": "99999999999999999999"}, {}, good.body),
        ]
        if self.account.mode is not Mode.PLAIN:
            in_clear = {name: value for name, value in good.query.items() if name not in ("encrypt_type",)}
            forged += [
                Call("POST", dict(good.query), {}, other.body),
                Call("POST", in_clear, {}, document.encode()),
                Player(replace(self.account, app_id="wxsomebodyelse")).call(document),
            ]
        return forged

    def malformed(self) -> list[Call]:
        document = self.player.document("ann", "text", {"Content": "x", "MsgId": "1"})
        contents: list[bytes] = [
            b"<", b"null", b"{}", b"<xml></xml>", b"<xml><MsgType>text</MsgType></xml>", b"<html/>", b"\xff\xfe<xml/>",
            document.replace("<![CDATA[ann]]>", "<![CDATA[" + "y" * 5000 + "]]>").encode(),
            document.replace("<CreateTime>", "<CreateTime>9999999999999").encode(),
            b"<xml>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</xml>",
            b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + document.encode().replace(b"<![CDATA[x]]>", b"&a;"),
        ]  # fmt: skip
        return [self.player.call(content) for content in contents]

    def receipt(self, got: Got, *, delivered: bool) -> Call | None:
        return None

    def passive_text(self, body: bytes) -> str | None:
        return self.player.told(body)

    async def close(self) -> None:
        await self.channel.close()


class PlainWechatHand(WechatHand):
    """Plays WeChat for an account that takes its calls in clear."""

    def __init__(self) -> None:
        super().__init__(Mode.PLAIN)


class CompatibleWechatHand(WechatHand):
    """Plays WeChat for an account that takes its calls in clear and sealed at once."""

    def __init__(self) -> None:
        super().__init__(Mode.COMPATIBLE)


def _number(sender: str, number: int) -> int:
    return sum(map(ord, sender)) * 1000 + number

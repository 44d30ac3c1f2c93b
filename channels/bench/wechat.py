"""Playing a WeChat user: signed calls as WeChat makes them, and what the stand-in of WeChat was given to deliver."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import httpx

from channels.base import Call
from channels.bench.user import NotPossible, Webhook
from channels.wechat import menu, sandbox
from channels.wechat.account import account_of
from channels.wechat.player import Player
from channels.wechat.sandbox import Act
from hub.kit import clock
from hub.kit.db import transaction
from hub.settings import Settings

IN_RESPONSE = "被动回复"
PUSHED = "客服消息"


class WechatUser:
    """A user of the official account that the sandbox plays."""

    acts: Mapping[str, str] = {
        "/voice 文字": "发语音，附微信识别的文字",
        "/image": "发一张微信已不再保存的图片",
        "/photo 文件": "发本机的一个图片文件，例如发票照片",
        "/location": "发位置",
        "/press 文字": "点击菜单中代表这句话的一项",
        "/subscribe": "关注",
        "/unsubscribe": "取消关注",
        "/scan 网址": "扫网页上“转到微信”的二维码（网址为二维码的内容）",
        "/refuse": "拒收消息",
        "/retry": "微信把上一条再推送一次",
    }

    def __init__(
        self, settings: Settings, base_url: str, name: str = "", transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        account = account_of(settings)
        if settings.wechat_gateway != "sandbox" or account is None:
            raise NotPossible("只能在沙箱（HUB_WECHAT_GATEWAY=sandbox）中模拟微信用户。")
        self.open_id = name or f"o{secrets.token_urlsafe(20)}"
        self._player = Player(account)
        self._webhook = Webhook(base_url, "wechat", transport)
        self._since = clock.now()
        self._last: Call | None = None
        self._number = secrets.randbelow(10**9) * 1000
        self._does: Mapping[str, Callable[[str], Awaitable[Sequence[str]]]] = {
            "/voice": self._voice, "/image": self._image, "/photo": self._photo, "/location": self._location,
            "/press": self._press, "/subscribe": self._subscribe, "/unsubscribe": self._leave, "/scan": self._scan,
            "/refuse": self._refuse, "/retry": self._retry,
        }  # fmt: skip

    async def do(self, line: str) -> Sequence[str]:
        """See `PlayedUser`."""
        word, _, rest = line.strip().partition(" ")
        if word in self._does:
            return await self._does[word](rest.strip())
        return await self._message("text", Content=line)

    async def news(self) -> Sequence[str]:
        """See `PlayedUser`."""
        async with transaction() as session:
            found = await sandbox.delivered(session, self.open_id, self._since)
        if found:
            self._since = found[-1][0]
        return [f"{PUSHED}：{text}" for _, text in found]

    async def close(self) -> None:
        """See `PlayedUser`."""
        await self._webhook.close()

    async def _voice(self, words: str) -> Sequence[str]:
        return await self._message("voice", MediaId=secrets.token_urlsafe(16), Format="amr", Recognition=words)

    async def _image(self, _: str) -> Sequence[str]:
        return await self._message("image", PicUrl="http://mmbiz.qpic.cn/x", MediaId=secrets.token_urlsafe(16))

    async def _photo(self, path: str) -> Sequence[str]:
        try:
            content = Path(path).expanduser().read_bytes()
        except OSError as error:
            raise NotPossible(f"读不到文件“{path}”，请核对路径。") from error
        async with transaction() as session:
            media_id = await sandbox.keep(session, content)
        return await self._message("image", PicUrl="http://mmbiz.qpic.cn/x", MediaId=media_id)

    async def _location(self, _: str) -> Sequence[str]:
        return await self._message("location", Location_X="23.13", Location_Y="113.26", Scale="20", Label="广州市")

    async def _press(self, words: str) -> Sequence[str]:
        return await self._event(Act.PRESSED, "CLICK", EventKey=menu.SAY + words)

    async def _subscribe(self, _: str) -> Sequence[str]:
        return await self._event(Act.SUBSCRIBED, "subscribe", EventKey="")

    async def _leave(self, _: str) -> Sequence[str]:
        return await self._event(Act.LEFT, "unsubscribe", EventKey="")

    async def _scan(self, url: str) -> Sequence[str]:
        async with transaction() as session:
            scene = await sandbox.scene_of(session, url)
        if scene is None:
            return ["微信：二维码已过期或无法识别"]
        return await self._event(Act.SCANNED, "SCAN", EventKey=scene, Ticket="gQ")

    async def _refuse(self, _: str) -> Sequence[str]:
        async with transaction() as session:
            await sandbox.acted(session, self.open_id, Act.REFUSED)
        return []

    async def _retry(self, _: str) -> Sequence[str]:
        return await self._post(self._last) if self._last else []

    async def _message(self, kind: str, **fields: str) -> Sequence[str]:
        self._number += 1
        return await self._act(Act.WROTE, self._player.message(self.open_id, self._number, kind, **fields))

    async def _event(self, act: Act, event: str, **fields: str) -> Sequence[str]:
        return await self._act(act, self._player.event(self.open_id, event, fields))

    async def _act(self, act: Act, call: Call) -> Sequence[str]:
        async with transaction() as session:
            await sandbox.acted(session, self.open_id, act)
        self._last = call
        return await self._post(call)

    async def _post(self, call: Call) -> Sequence[str]:
        response = await self._webhook.post(call)
        if response.status_code != 200:
            return [f"HTTP {response.status_code}（微信会显示：该公众号提供的服务出现故障，请稍后再试）"]
        told = self._player.told(response.content)
        return [f"{IN_RESPONSE}：{told}"] if told is not None else []

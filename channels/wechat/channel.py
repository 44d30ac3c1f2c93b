"""The door itself: WeChat's calls become messages, and messages become customer-service messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import httpx
from fastapi import APIRouter

from channels.attachments import LARGEST_OF_ALL
from channels.base import (
    Answer,
    Attachment,
    Call,
    Capabilities,
    Fetched,
    Gone,
    InboundMessage,
    Kind,
    Malformed,
    Part,
    Rate,
    Received,
    Target,
    Unit,
)
from channels.wechat import authorize_page, bind_pages, carry, menu, receipts, wire, wording
from channels.wechat.account import Account, account_of
from channels.wechat.authorize_page import AUTHORIZE
from channels.wechat.client import WechatClient
from channels.wechat.envelope import Envelope, Opened
from channels.wechat.notices import WechatNoticeDeliverer
from channels.wechat.pages import router_of
from channels.wechat.sandbox import create_sandbox
from channels.wechat.templates import sandbox_templates
from hub.bureau import bureau
from hub.kit import clock
from hub.settings import Settings
from services.gateways.signed_http import checked_address

OFFICIAL = "https://open.weixin.qq.com/connect/oauth2/authorize"
SUCCESS = Answer(b"success")
KINDS = {
    "image": (Kind.IMAGE, "image/jpeg"),
    "voice": (Kind.VOICE, "audio/amr"),
    "video": (Kind.VIDEO, "video/mp4"),
    "shortvideo": (Kind.VIDEO, "video/mp4"),
    "location": (Kind.LOCATION, ""),
    "link": (Kind.LINK, ""),
    "file": (Kind.OTHER, ""),
}


class WechatChannel:
    """A WeChat official account; `authorize_at` is where WeChat asks browsers who they are."""

    name: ClassVar[str] = "wechat"
    capabilities: ClassVar[Capabilities] = Capabilities(
        text_limit=2048,
        unit=Unit.BYTES,
        # 客服消息: 5 messages within 48 hours of what somebody wrote (3 within a minute of a press or a scan)
        reply_window=timedelta(hours=48),
        window_messages=5,
        passive_seconds=4.5,
        rates=(Rate(50, 1.0),),
        link_page=bind_pages.HERE,
    )

    def __init__(
        self, account: Account, client: WechatClient, authorize_at: str = OFFICIAL,
        templates: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self._account, self.client = account, client
        self.notices = WechatNoticeDeliverer(account.app_id, client, templates or {})
        self._envelope = Envelope(account)
        self.router: APIRouter | None = router_of(client)
        self.router.include_router(bind_pages.router_of(account, client, authorize_at))
        if authorize_at == AUTHORIZE:
            self.router.include_router(authorize_page.router_of(account))

    async def receive(self, call: Call) -> Received:
        """Verify, decrypt and decode a call; see `Channel`."""
        if call.method == "GET":
            return Received(self._envelope.echo(call))
        opened = await self._envelope.open(call)
        try:
            said = wire.read(opened.document)
        except ValueError as error:
            raise Malformed from error
        if said.kind == wire.EVENT:
            return await self._event(said, opened)
        words = said.content.strip()
        if said.kind == "text" and words in carry.DECISIONS:
            told = await carry.decided(self._account.app_id, said.sender, words, said.known_as)
            if told is not None:
                return Received(_reply(said, opened, told))
        return self._answered(self._message(said), said, opened)

    async def send(self, target: Target, part: Part) -> str | None:
        """A customer-service message; see `Channel`."""
        await self.client.send_text(target.address, part.text)
        return None

    async def probe(self) -> bool:
        """Whether WeChat answers; see `Probes`."""
        return await self.client.probe()

    async def fetch(self, reference: str) -> Fetched:
        """A file that somebody sent; see `KeepsFiles`."""
        return await self.client.media(reference, LARGEST_OF_ALL)

    async def acknowledge(self, messages: Sequence[InboundMessage]) -> None:
        """WeChat wants nothing more than the response."""

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()

    async def _event(self, said: wire.Incoming, opened: Opened) -> Received:
        event = said.event.lower()
        if event == "unsubscribe":
            return Received(SUCCESS, gone=[Gone(self._account.app_id, said.sender)])
        if event in ("templatesendjobfinish", "subscribe_msg_sent_event"):
            return Received(SUCCESS, receipts=receipts.of(said, opened.document))
        if event in ("subscribe", "scan"):
            if said.scene.startswith(carry.PREFIX):
                return Received(
                    _reply(said, opened, await carry.scanned(self._account.app_id, said.sender, said.scene))
                )
            return Received(_reply(said, opened, wording.WELCOME.format(greeting=bureau().greeting)))
        words = menu.said(said.event_key) if event == "click" else None
        if words is None:
            # pages opened, places reported, subscriptions given and taken back: nothing to answer
            return Received(SUCCESS)
        return self._answered(self._made(said, text=words), said, opened)

    def _message(self, said: wire.Incoming) -> InboundMessage:
        words = said.content
        if said.kind == "text":
            unread = words.strip() == wording.NOT_SUPPORTED
            return self._made(said, kind=Kind.OTHER) if unread else self._made(said, text=words)
        kind, content_type = KINDS.get(said.kind, (Kind.OTHER, ""))
        files = (Attachment(kind, said.media_id, content_type),) if said.media_id and content_type else ()
        return self._made(said, text=said.recognition, kind=kind, files=files)

    def _made(
        self, said: wire.Incoming, *, text: str = "", kind: Kind | None = None, files: tuple[Attachment, ...] = ()
    ) -> InboundMessage:
        return InboundMessage(
            self.name, self._account.app_id, said.sender, said.known_as, text, kind=kind, attachments=files,
            sent_at=said.sent_at,
        )  # fmt: skip

    def _answered(self, message: InboundMessage, said: wire.Incoming, opened: Opened) -> Received:
        return Received(SUCCESS, [message], passive=lambda part: _reply(said, opened, part.text))


class QuietWechatChannel(WechatChannel):
    """An account that is not verified: it has no 客服消息, so that people fetch what waits for them (继续).

    64 bytes are left for the word that there is more.
    """

    capabilities: ClassVar[Capabilities] = replace(WechatChannel.capabilities, window_messages=0, text_limit=1984)


def _reply(said: wire.Incoming, opened: Opened, text: str) -> Answer:
    return opened.seal(wire.text_reply(said, text, clock.now()))


def open_channel(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> WechatChannel | None:
    """The door by the settings; None while it is off, or something that it needs is missing.

    Raises `ValueError` when what is set cannot be right.
    """
    account = account_of(settings)
    if account is None:
        return None
    if transport is None and settings.wechat_gateway == "sandbox":
        transport = httpx.ASGITransport(create_sandbox(account))
    address = checked_address(settings.wechat_url, "HUB_WECHAT_URL")
    kind = WechatChannel if settings.wechat_pushes else QuietWechatChannel
    client = WechatClient(account, address, settings.wechat_timeout_seconds, transport)
    if settings.wechat_gateway == "sandbox":
        return kind(account, client, AUTHORIZE, sandbox_templates())
    opens = checked_address(settings.wechat_open_url, "HUB_WECHAT_OPEN_URL")
    return kind(account, client, f"{str(opens).rstrip('/')}/connect/oauth2/authorize", settings.wechat_templates)

"""The devices in people's hands: each speaks its party's wire format to the running product and shows what came."""

from __future__ import annotations

import json
import re
import secrets
import time
import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from channels.base import Call
from channels.telegram import sandbox as telegram
from channels.telegram.channel import SECRET_HEADER, secret_of
from channels.wechat import sandbox as wechat
from channels.wechat.account import Mode, sandbox_account
from channels.wechat.player import Player
from hub.kit import clock
from services.gateways.sms import callbacks
from services.gateways.sms.sandbox import inbox
from tests.conversations.stage import Stage
from tests.product import CALLBACK_SECRET, Talk

WITHIN = 60.0
"""Seconds within which everything that answers a message is there."""


@dataclass(frozen=True)
class Shown:
    """A message on the screen, since when; `buttons` by title, with what pressing one takes."""

    text: str
    buttons: dict[str, str]
    at: datetime = field(default_factory=clock.now)


class Device(ABC):
    """One person's device. What it was shown since the last act is read by `says` and `chooses`."""

    name: str

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.screen: list[Shown] = []
        [(self._since_we_have_it,)] = stage.product.query("select now()")

    @property
    def last_text(self) -> str:
        """All that the last act brought."""
        return "\n".join(
            [one.text for one in self.screen] + [f"[{title}]" for one in self.screen for title in one.buttons]
        )

    def says(self, text: str) -> str:
        """Write something; all that comes back."""
        self.screen = []
        self.write(text)
        self.screen += self.news(len(self.screen))
        return self.last_text

    def chooses(self, title: str) -> str:
        """Take one of the choices that were offered last; all that comes back."""
        shown = next((one for one in reversed(self.screen) if title in one.buttons), None)
        assert shown is not None, f"nothing to choose called {title}: {self.last_text}"
        self.screen = []
        self.press(title, shown)
        self.screen += self.news(len(self.screen))
        return self.last_text

    def waits_for(self, words: str) -> str:
        """Look at the screen until these words are on it; all that came without being asked for."""
        self.screen, deadline = [], time.monotonic() + WITHIN
        while words not in self.last_text:
            assert time.monotonic() < deadline, f"never shown: {words}; but {self.last_text}"
            time.sleep(0.3)
            self.screen += self.fetched()
        return self.last_text

    def news(self, shown: int) -> list[Shown]:
        """What came, once the bot is done and everything that it said is here."""
        deadline = time.monotonic() + WITHIN
        while not self._settled() or not (shown or (came := self.fetched())):
            assert time.monotonic() < deadline, f"{self.name}: no answer came"
            time.sleep(0.1)
        return self.fetched() if shown else came + self.fetched()

    def _settled(self) -> bool:
        """Whether nothing that was said since we have the device is being worked on or on its way."""
        [(open_turns, on_its_way)] = self.stage.product.query(
            "select (select count(*) from message where direction = 'in' and processed_at is null and created_at > %s),"
            " (select count(*) from outbox_message where channel like 'door:%%' and due_at is not null"
            " and created_at > %s)",
            self._since_we_have_it, self._since_we_have_it,
        )  # fmt: skip
        return not open_turns and not on_its_way

    @abstractmethod
    def write(self, text: str) -> None:
        """Send a text."""

    @abstractmethod
    def press(self, title: str, shown: Shown) -> None:
        """Press a button, or type what stands for it."""

    @abstractmethod
    def fetched(self) -> list[Shown]:
        """What the device got since it was asked last."""

    def _post(self, channel: str, call: Call) -> httpx.Response:
        answer = httpx.request(
            call.method, f"{self.stage.product.url}/channels/{channel}/webhook", params=dict(call.query),
            headers=dict(call.headers), content=call.body, timeout=30, trust_env=False,
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        return answer


class Numbered(Device):
    """Where there are no buttons, the choices stand numbered in the text."""

    def press(self, title: str, shown: Shown) -> None:
        self.write(shown.buttons[title])

    @staticmethod
    def read(text: str, at: datetime | None = None) -> Shown:
        """A message with its choices by title."""
        _, mark, offer = text.rpartition("回复数字选择：")
        if not mark:
            _, mark, offer = text.rpartition("回复字母选择：")
        found = re.findall(r"^(\d+|[A-Z])\. (.+)$", offer, re.MULTILINE) if mark else []
        return Shown(text, {title: label for label, title in found}, at or clock.now())


class Widget(Device):
    """The web: the API that the widget speaks."""

    name = "web"

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.talk: Talk = stage.product.talk()
        self._seen = 0

    def write(self, text: str) -> None:
        self.talk.say(text)

    def press(self, title: str, shown: Shown) -> None:
        self.talk.say(title, payload=shown.buttons[title])

    def fetched(self) -> list[Shown]:
        history = [one for one in self.talk.history() if one["author"] != "user"]
        new, self._seen = history[self._seen :], len(history)
        return [self._shown(one) for one in new]

    @staticmethod
    def _shown(one: dict[str, Any]) -> Shown:
        cited = "；".join(f"《{citation['title']}》" for citation in one.get("citations") or ())
        text = one["text"] + (f"\n依据：{cited}" if cited else "")
        return Shown(text, {button["title"]: button["payload"] for button in one.get("buttons") or ()})


class WechatPhone(Numbered):
    """A user of the official account: calls in safe mode, answers in the response or as customer-service messages."""

    name = "wechat"

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.open_id = f"o{secrets.token_urlsafe(20)}"
        self._player = stage.with_secrets(lambda: Player(sandbox_account(Mode.SAFE)))
        self._number = secrets.randbelow(10**9) * 1000
        self._since: datetime = clock.now()

    def write(self, text: str) -> None:
        self._number += 1
        self.stage.in_transaction(lambda session: wechat.acted(session, self.open_id, wechat.Act.WROTE))
        call = self._player.message(self.open_id, self._number, "text", Content=text)
        told = self._player.told(self._post("wechat", call).content)
        if told is not None:
            self.screen.append(self.read(told))

    def fetched(self) -> list[Shown]:
        found = self.stage.in_transaction(lambda session: wechat.delivered(session, self.open_id, self._since))
        if found:
            self._since = found[-1][0]
        return [self.read(text, at) for at, text in found]


class MobilePhone(Numbered):
    """A phone with text messages, by two carriers in turn."""

    name = "sms"

    def __init__(self, stage: Stage, number: str = "") -> None:
        super().__init__(stage)
        self.number = number or f"139{uuid.uuid4().int % 10**8:08d}"
        self._read = len(self._inbox())
        self._sent = 0

    def write(self, text: str) -> None:
        carrier = ("aliyun", "tencent")[self._sent % 2]
        self._sent += 1
        body = callbacks.said(carrier, self.number, text, clock.now(), uuid.uuid4().int % 10**12)
        call = Call("POST", {"carrier": carrier, "token": CALLBACK_SECRET}, {"content-type": "application/json"}, body)
        self._post("sms", call)

    def fetched(self) -> list[Shown]:
        everything = self._inbox()
        new, self._read = everything[self._read :], len(everything)
        # codes come in frames of their own, and are read where the person looks for them
        return [self.read(text.removeprefix("【12366】")) for text in new]

    def _inbox(self) -> list[str]:
        received = self.stage.in_transaction(lambda session: inbox(session, self.number, limit=500))
        return [one.text for one in reversed(received)]


class TelegramPhone(Device):
    """Somebody in a private chat with the bot."""

    name = "telegram"

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.chat = int(time.time() * 1000) % 10**10
        self._secret = stage.with_secrets(lambda: secret_of(telegram.sandbox_token()))
        self._last = 0

    def write(self, text: str) -> None:
        update = self.stage.in_transaction(lambda session: telegram.write(session, self.chat, text=text))
        self._deliver(update)

    def press(self, title: str, shown: Shown) -> None:
        number, _, data = shown.buttons[title].partition(" ")
        query = telegram.press(self.chat, self.chat, int(number), data)
        self._deliver({"update_id": self.stage.in_transaction(telegram.next_update), "callback_query": query})

    def fetched(self) -> list[Shown]:
        found = self.stage.in_transaction(lambda session: telegram.read(session, self.chat, self._last))
        self._last = found[-1].message_id if found else self._last
        return [self._shown(one.message_id, one.content) for one in found if one.from_bot]

    @staticmethod
    def _shown(number: int, content: dict[str, Any]) -> Shown:
        rows = (content.get("reply_markup") or {}).get("inline_keyboard") or []
        return Shown(
            content.get("text", ""), {one["text"]: f"{number} {one['callback_data']}" for row in rows for one in row}
        )

    def _deliver(self, update: dict[str, Any]) -> None:
        headers = {"content-type": "application/json", SECRET_HEADER: self._secret}
        self._post("telegram", Call("POST", {}, headers, json.dumps(update, ensure_ascii=False).encode()))


DEVICES: tuple[type[Device], ...] = (Widget, WechatPhone, MobilePhone, TelegramPhone)

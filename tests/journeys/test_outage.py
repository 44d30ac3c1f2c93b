"""Every party is away for ten minutes while an agent talks to people: nothing is lost, in order, within the rates."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from channels.base import Rate
from channels.sms.channel import SmsChannel
from channels.telegram.channel import TelegramChannel
from channels.telegram.models import SandboxTelegramControl
from channels.wechat.channel import WechatChannel
from channels.wechat.models import SandboxWechatControl
from hub.kit import clock
from services.gateways.behaviour import Mode, tell
from services.gateways.sms.models import SandboxSmsControl
from tests.conversations.stage import Stage
from tests.journeys.devices import Device, MobilePhone, Shown, TelegramPhone, WechatPhone
from tests.product import Product

pytestmark = [pytest.mark.dialogue, pytest.mark.soak, pytest.mark.timeout(3600)]

OUTAGE = 600.0
EVERY = 20.0
"""Seconds between two messages of the agent to each person."""
TROUBLES = {0: Mode.DOWN, 12: Mode.ERROR, 18: Mode.DOWN, 24: Mode.GARBAGE}
"""By the number of the message from which on it lasts."""
BACK_WITHIN = 900.0
DOORS = (WechatPhone, MobilePhone, TelegramPhone)
PEOPLE = 4
SIDES = (SandboxWechatControl, SandboxSmsControl, SandboxTelegramControl)
NUMBERED = re.compile(r"第(\d+)条。")
JITTER = 0.8
"""Between our count and the party's clock lies the way; the windows that are looked at are a little shorter."""
TIMES = {
    "wechat": "select value, at from sandbox_wechat where kind = 'message' and at > %s order by at",
    "sms": "select phone_hash, sent_at from sandbox_sms where sent_at > %s order by sent_at",
    "telegram": "select chat_id, sent_at from sandbox_telegram_message where from_bot and sent_at > %s order by 2",
}
RATES = {one.name: one.capabilities.rates for one in (WechatChannel, SmsChannel, TelegramChannel)}


class Served:
    """A person with a device, and the agent's side of their talk."""

    def __init__(self, device: Device, staff: httpx.Client) -> None:
        self.device, self._staff, self._sent = device, staff, 0
        known = {one["conversation_id"] for one in self._waiting()}
        device.says("转人工")
        (own,) = [one["conversation_id"] for one in self._waiting() if one["conversation_id"] not in known]
        self.path = f"/conversations/{own}"
        staff.post(f"{self.path}/claim").raise_for_status()
        self._shown: list[Shown] = []

    def _waiting(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self._staff.get(
            "/conversations", params={"state": "waiting_for_agent", "limit": 100}
        ).json()["conversations"]
        return found

    def told(self, number: int) -> None:
        """The agent says something."""
        reply = {"text": f"第{number}条。", "client_message_id": str(number)}
        self._staff.post(f"{self.path}/reply", json=reply).raise_for_status()

    def writes(self) -> None:
        """The person says something, which opens the windows that parties keep."""
        self.device.screen = []
        self.device.write("我还在")
        self.looks()

    def looks(self) -> None:
        """Read what came."""
        self._shown += self.device.screen + self.device.fetched()
        self.device.screen = []

    @property
    def numbers(self) -> list[str]:
        """What the agent said, in the order in which it came."""
        return NUMBERED.findall("".join(one.text for one in sorted(self._shown, key=lambda one: one.at)))


@pytest.fixture
def stage(product: Product) -> Iterator[Stage]:
    """The running product, whose parties all work again in the end."""
    made = Stage(product)
    yield made
    behave(made, Mode.NORMAL)
    made.close()


def behave(stage: Stage, mode: Mode) -> None:
    """All parties do so from now on."""

    async def told(session: AsyncSession) -> None:
        for side in SIDES:
            await tell(session, side, mode=mode, delay_ms=0)

    stage.in_transaction(told)


def test_ten_minutes_without_any_party(stage: Stage) -> None:
    with stage.product.staff() as staff:
        served = [Served(kind(stage), staff) for kind in DOORS for _ in range(PEOPLE)]
        for one in served:
            one.writes()
        began, sent = time.monotonic(), 0
        while time.monotonic() - began < OUTAGE:
            if sent in TROUBLES:
                behave(stage, TROUBLES[sent])
            for one in served:
                one.told(sent)
                if sent % 3 == 2:
                    one.writes()
            sent += 1
            time.sleep(max(0.0, began + sent * EVERY - time.monotonic()))
        back = clock.now()
        behave(stage, Mode.NORMAL)
        wanted = [str(number) for number in range(sent)]
        deadline = time.monotonic() + BACK_WITHIN
        while any(one.numbers != wanted for one in served):
            late = {one.device.name: one.numbers for one in served if one.numbers != wanted}
            assert time.monotonic() < deadline, late
            for one in served:
                one.writes()
            time.sleep(5)
        for one in served:
            staff.post(f"{one.path}/return", json={}).raise_for_status()
    for name, rates in RATES.items():
        rows = stage.product.query(TIMES[name], back)
        assert rows, f"{name}: the back-log went out after the outage"
        for rate in rates:
            within(rate, [(key, at) for key, at in rows])


def within(rate: Rate, sent: list[tuple[object, datetime]]) -> None:
    """Look at every window as long as the rate's, of the account or of each chat."""
    if rate.per == "group":
        return
    chats = {key for key, _ in sent} if rate.per == "chat" else {None}
    for chat in chats:
        moments = [at for key, at in sent if chat is None or key == chat]
        for first, last in zip(moments, moments[rate.count :], strict=False):
            assert (last - first).total_seconds() > rate.seconds * JITTER, (rate, first, last)

"""By which way people are told: first as they chose, by text message when that cannot reach them, never twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient

from bot.conversation import repository as conversations
from bot.conversation.models import State as Chat
from channels import registry
from channels.base import Receipt
from channels.inbound import reported
from channels.registry import channels
from channels.wechat import sandbox
from channels.wechat.channel import WechatChannel
from channels.wechat.models import SandboxWechatControl
from channels.wechat.sandbox import Act
from hub import outbox
from hub.accounts import identities, sessions
from hub.accounts.models import NoticeWay
from hub.accounts.ways import choose_way, way_of
from hub.kit.db import transaction
from services.gateways.behaviour import Mode, tell
from services.identity import service as identity
from services.reminders import planning
from tests.services.reminders.people import deliver, in_a_chat, known, phone_of, stand_at, written
from tests.services.reminders.test_settings import http as http
from tests.services.reminders.test_settings import signed_in

WEEK = date(2026, 10, 19)
OPEN_ID = "oDayong"
NAME = "陈大勇"


@pytest.fixture
async def wechat(october: str) -> AsyncIterator[WechatChannel]:
    """The WeChat of the open doors, its stand-in behind it."""
    await registry.close_channels()
    channel = channels()["wechat"]
    assert isinstance(channel, WechatChannel)
    yield channel
    await registry.close_channels()


async def chosen(way: NoticeWay) -> UUID:
    """Somebody who is to be reminded today, and who chose this way."""
    person_id = await known(NAME)
    async with transaction() as session:
        await choose_way(session, person_id, way)
    return person_id


async def links(person_id: UUID, channel: WechatChannel, act: Act = Act.SUBSCRIBED) -> None:
    async with transaction() as session:
        identity = await identities.known(session, "wechat", channel.notices.account, OPEN_ID)
        await identities.link(session, identity.id, person_id)
        await sandbox.acted(session, OPEN_ID, act)


async def notices() -> list[str]:
    """Whom the notices that came by WeChat name."""
    async with transaction() as session:
        return [one["data"]["thing1"]["value"] for one in await sandbox.notified(session, OPEN_ID)]


async def today(monkeypatch: pytest.MonkeyPatch, *, hour: int = 9, runs: int = 3) -> None:
    """The worker's day so far; it looks more than once."""
    stand_at(WEEK, monkeypatch, hour)
    for _ in range(runs):
        await planning.run_if_time()
        await deliver()


async def test_the_api_reads_and_changes_the_way(october: str, http: AsyncClient) -> None:
    mine, other = await signed_in("王小明"), await signed_in("李静")
    assert (await http.get("/api/v1/reminders", headers=mine)).json()["way"] is None
    changed = (await http.put("/api/v1/reminders", headers=mine, json={"way": "wechat"})).json()
    assert (changed["choice"], changed["way"], changed["way_title"]) == ("on", "wechat", "微信")
    assert "还没有绑定微信" in changed["way_text"]
    both = await http.put("/api/v1/reminders", headers=mine, json={"way": "sms", "choice": "off"})
    assert (both.json()["way"], both.json()["choice"]) == ("sms", "off")
    assert (await http.get("/api/v1/reminders", headers=mine)).json() == both.json()
    assert (await http.get("/api/v1/reminders", headers=other)).json()["way"] is None
    for body in ({"way": "pigeon"}, {"way": None}, {}):
        assert (await http.put("/api/v1/reminders", headers=mine, json=body)).status_code == 422


async def test_by_wechat_and_by_nothing_else(wechat: WechatChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    person_id = await chosen(NoticeWay.WECHAT)
    await links(person_id, wechat)
    await in_a_chat(person_id)
    await today(monkeypatch)
    assert await notices() == ["西湖区大勇面馆"]
    assert await phone_of(NAME) == []
    assert await written() == [("wechat", "sent")]


@pytest.mark.parametrize("act", [None, Act.LEFT])
async def test_who_cannot_be_reached_by_wechat_gets_one_text_message(
    wechat: WechatChannel, monkeypatch: pytest.MonkeyPatch, act: Act | None
) -> None:
    person_id = await chosen(NoticeWay.WECHAT)
    if act is not None:
        await links(person_id, wechat, act)
    await today(monkeypatch)
    assert await notices() == []
    assert len(await phone_of(NAME)) == 1
    assert await written() == [("sms", "sent")]


async def test_what_wechat_reports_as_failed_goes_by_text_message_once(
    wechat: WechatChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    person_id = await chosen(NoticeWay.WECHAT)
    await links(person_id, wechat)
    await today(monkeypatch)
    async with transaction() as session:
        [message] = await sandbox.notified(session, OPEN_ID)
    for _ in range(3):
        await reported(wechat, Receipt(str(message["msgid"]), delivered=False, reason="user_block"))
        await today(monkeypatch, hour=10)
    assert len(await phone_of(NAME)) == 1
    assert await written() == [("sms", "sent")]


async def test_wechat_down_is_waited_for_an_hour(wechat: WechatChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    person_id = await chosen(NoticeWay.WECHAT)
    await links(person_id, wechat)
    async with transaction() as session:
        await tell(session, SandboxWechatControl, mode=Mode.DOWN, delay_ms=None)
    await today(monkeypatch)
    assert await phone_of(NAME) == []
    await today(monkeypatch, hour=11)
    assert len(await phone_of(NAME)) == 1
    async with transaction() as session:
        await tell(session, SandboxWechatControl, mode=Mode.NORMAL, delay_ms=None)
    await today(monkeypatch, hour=12)
    assert (await notices(), len(await phone_of(NAME))) == ([], 1)


async def test_in_the_chat_and_by_nothing_else(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person_id = await chosen(NoticeWay.CONVERSATION)
    stand_at(WEEK, monkeypatch)
    chat = await in_a_chat(person_id)
    await today(monkeypatch)
    async with transaction() as session:
        [said] = await conversations.page(session, chat, None, 50)
    assert "西湖区大勇面馆" in said.text
    assert await phone_of(NAME) == []


@pytest.mark.parametrize("why", ["never signed in", "signed out", "with an agent"])
async def test_who_cannot_be_reached_in_the_chat_gets_one_text_message(
    october: str, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    person_id = await chosen(NoticeWay.CONVERSATION)
    stand_at(WEEK, monkeypatch)
    if why != "never signed in":
        chat = await in_a_chat(person_id)
        await planning.run_if_time()
        async with transaction() as session:
            if why == "signed out":
                await sessions.end(session, f"conversation:{chat}")
            else:
                conversation = await conversations.get(session, chat, lock=True)
                assert conversation is not None
                conversation.state = Chat.WITH_AGENT
        await deliver()
    await today(monkeypatch)
    await today(monkeypatch, hour=11)
    assert len(await phone_of(NAME)) == 1
    assert await written() == [("sms", "sent")]


async def test_who_chose_text_messages_gets_nothing_in_the_chat(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person_id = await chosen(NoticeWay.SMS)
    stand_at(WEEK, monkeypatch)
    await in_a_chat(person_id)
    await today(monkeypatch)
    assert await written() == [("sms", "sent")]


async def test_nothing_goes_by_night(wechat: WechatChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    person_id = await chosen(NoticeWay.WECHAT)
    await links(person_id, wechat)
    stand_at(WEEK, monkeypatch, 23)
    async with transaction() as session:
        await outbox.add(
            session, channel=outbox.Channel.WECHAT, topic="t", dedupe_key="k", person_id=person_id,
            content={"notice": "tax_reminder", "fields": {"who": "您本人", "count": "1", "due": "明天"}},
        )  # fmt: skip
    await deliver()
    assert await notices() == []
    stand_at(WEEK + timedelta(days=1), monkeypatch, 8)
    await deliver()
    assert await notices() == ["您本人"]


async def test_who_takes_leave_has_chosen_nothing_any_more(october: str) -> None:
    person_id = await chosen(NoticeWay.WECHAT)
    await identity.unbind(person_id)
    async with transaction() as session:
        assert await way_of(session, person_id) is None

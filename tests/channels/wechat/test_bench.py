"""A developer plays a WeChat user from a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.conversation.service import ConversationService
from channels.bench import commands
from channels.bench.user import NotPossible
from channels.bench.wechat import WechatUser
from channels.wechat import wording
from channels.wechat.channel import open_channel
from hub.settings import get_settings
from tests.bot.rasa_wire import RasaWire
from tests.channels.bench import Bench
from tests.channels.hands.wechat import WechatHand
from tests.pictures import DIGITAL, photo


@pytest.fixture
async def running(conversations: ConversationService, rasa: RasaWire) -> AsyncIterator[Bench]:
    """The hub with the door as the settings open it, with the stand-in behind it."""
    hand = WechatHand()
    channel = open_channel(get_settings())
    assert channel is not None
    hand.channel = channel
    bench = Bench(hand, conversations, rasa)
    yield bench
    await bench.close()


@pytest.fixture
async def user(running: Bench) -> AsyncIterator[WechatUser]:
    played = WechatUser(get_settings(), "http://hub", transport=running._http._transport)
    yield played
    await played.close()


async def test_what_is_typed_is_answered_in_the_response(user: WechatUser) -> None:
    assert list(await user.do("个税怎么算")) == ["被动回复：听到：个税怎么算"]
    assert list(await user.do("/voice 契税怎么算")) == ["被动回复：听到：契税怎么算"]
    assert list(await user.do("/press 转人工")) == ["被动回复：听到：转人工"]
    assert await user.news() == []


async def test_every_act_is_one_that_the_hub_takes(user: WechatUser, tmp_path: Path) -> None:
    picture = tmp_path / "invoice.jpg"
    picture.write_bytes(photo(DIGITAL))
    for act in user.acts:
        assert not any("HTTP" in line for line in await user.do(act.replace("文件", str(picture)))), act
    assert wording.WELCOME[:4] in (await user.do("/subscribe"))[0]


async def test_what_is_pushed_is_shown_once(running: Bench, user: WechatUser) -> None:
    running.rasa.delay = 4.6
    assert list(await user.do("慢慢想")) == []
    await running.turns()
    await running.deliver(later=True)
    assert list(await user.news()) == ["客服消息：听到：慢慢想"]
    assert list(await user.news()) == []


async def test_a_retry_says_nothing_twice(running: Bench, user: WechatUser) -> None:
    await user.do("你好")
    assert list(await user.do("/retry")) == []
    assert len(running.rasa.heard) == 1


async def test_a_hub_that_does_not_run_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
                                               empty_database: str) -> None:  # fmt: skip
    import typer

    lines = iter(["你好"])
    monkeypatch.setattr(commands, "_line", lambda: next(lines, None))
    played = WechatUser(get_settings(), "http://127.0.0.1:1")
    with pytest.raises(typer.Exit):
        await commands.talk(played, 0)
    await played.close()
    assert "make run" in capsys.readouterr().err


async def test_a_talk_at_the_terminal(user: WechatUser, capsys: pytest.CaptureFixture[str],
                                      monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    lines = iter(["你好", "", "/subscribe"])
    monkeypatch.setattr(commands, "_line", lambda: next(lines, None))
    async with asyncio.timeout(20):
        await commands.talk(user, 0.1)
    shown = capsys.readouterr().out
    assert "被动回复：听到：你好" in shown
    assert "感谢关注" in shown


def test_only_the_stand_in_can_be_played(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = get_settings().model_copy(update={"wechat_gateway": "http"})
    with pytest.raises(NotPossible):
        WechatUser(settings, "http://hub")


def test_the_door_is_off_without_its_credentials() -> None:
    settings = get_settings()
    assert open_channel(settings.model_copy(update={"wechat_gateway": "http"})) is None
    assert open_channel(settings.model_copy(update={"wechat_gateway": "off"})) is None

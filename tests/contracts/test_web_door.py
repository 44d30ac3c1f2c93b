"""What the contract asks of every door, for the web: its wire is the conversation API, its party the widget."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from bot.conversation import handoff
from bot.conversation.models import Message
from bot.conversation.router import router
from bot.conversation.schemas import MAX_TEXT
from bot.conversation.service import ConversationService
from channels.web.pages import error_page
from hub.kit.db import transaction
from hub.kit.web import CommonGround, add_error_handlers
from tests.bot.conftest import conversations as conversations
from tests.bot.conftest import rasa as rasa
from tests.bot.rasa_wire import RasaWire
from tests.contracts.test_channels import damaged


class Widget:
    """One chat window, by what goes over its wire."""

    def __init__(self, http: httpx.AsyncClient, conversation_id: str, token: str) -> None:
        self.http, self.path, self.token = http, f"/api/v1/conversations/{conversation_id}", token

    async def say(self, text: str, message_id: str = "", token: str | None = None, **more: Any) -> httpx.Response:
        """Say something; the same id again is the widget's retry."""
        body = {"text": text, "client_message_id": message_id or uuid4().hex, **more}
        return await self.post(json.dumps(body).encode(), token)

    async def post(self, body: bytes, token: str | None = None) -> httpx.Response:
        """Any body at all, with the token of the conversation or another one."""
        bearer = {"Authorization": f"Bearer {self.token if token is None else token}"}
        headers = {"content-type": "application/json", **bearer}
        return await self.http.post(f"{self.path}/messages", content=body, headers=headers)

    async def shown(self) -> list[dict[str, Any]]:
        """The transcript, as a window that is opened again reads it."""
        answer = await self.http.get(f"{self.path}/messages", headers={"Authorization": f"Bearer {self.token}"})
        found: list[dict[str, Any]] = answer.json()["messages"]
        return found


@pytest.fixture
async def http(conversations: ConversationService) -> AsyncIterator[httpx.AsyncClient]:
    """The API with everything behind it but Rasa, which is played at its wire."""
    app = FastAPI()
    app.state.conversations = conversations
    app.add_middleware(CommonGround)
    add_error_handlers(app, error_page)
    app.include_router(router)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        yield client


@pytest.fixture
async def widget(http: httpx.AsyncClient) -> Widget:
    """A window that has just been opened."""
    return await opened(http)


async def opened(http: httpx.AsyncClient) -> Widget:
    made = (await http.post("/api/v1/conversations", json={"channel": "web", "consent": True})).json()
    return Widget(http, made["conversation_id"], made["token"])


async def stored(direction: str = "in") -> list[Message]:
    async with transaction() as session:
        rows = await session.scalars(select(Message).where(Message.direction == direction).order_by(Message.seq))
        return list(rows)


async def test_what_is_said_is_answered_once(widget: Widget) -> None:
    answer = await widget.say("小规模纳税人怎么缴税")
    assert [one["text"] for one in answer.json()["messages"]] == ["听到：小规模纳税人怎么缴税"]
    assert [one["author"] for one in await widget.shown()] == ["user", "bot"]


@pytest.mark.parametrize("token", ["", "wrong", "x" * 5000])
async def test_what_is_not_the_persons_is_refused_and_nothing_is_kept(widget: Widget, token: str) -> None:
    assert (await widget.say("我是骗子", token=token)).status_code == 401
    assert await stored() == []


async def test_another_window_does_not_join(widget: Widget, http: httpx.AsyncClient) -> None:
    other = await opened(http)
    assert (await widget.say("我是别人", token=other.token)).status_code in (401, 404)
    assert await stored() == []


async def test_repeats_at_once_are_one_message_and_get_the_same_answer(widget: Widget, rasa: RasaWire) -> None:
    answers = await asyncio.gather(*(widget.say("你好", "m1") for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    told = [[one["id"] for one in answer.json()["messages"]] for answer in answers]
    assert told == told[:1] * 6
    assert (rasa.texts(), len(await stored())) == (["你好"], 1)


async def test_an_old_message_again_changes_nothing(widget: Widget, rasa: RasaWire) -> None:
    for number in (1, 2, 3, 1, 2, 1):
        await widget.say(f"第{number}句", f"m{number}")
    assert rasa.texts() == ["第1句", "第2句", "第3句"]


async def test_messages_at_once_are_answered_once_each_in_the_order_in_which_they_are_stored(
    widget: Widget, rasa: RasaWire
) -> None:
    await asyncio.gather(*(widget.say(f"第{number}句", f"m{number}") for number in range(8)))
    assert [one.text for one in await stored()] == rasa.texts()
    assert Counter(rasa.texts()) == Counter(f"第{number}句" for number in range(8))


async def test_a_text_that_is_too_long_is_refused_in_words(widget: Widget) -> None:
    refused = await widget.say("长" * (MAX_TEXT + 1))
    assert refused.status_code == 422
    assert str(MAX_TEXT) in refused.text
    assert await stored() == []


async def test_a_long_answer_is_shown_whole(widget: Widget, rasa: RasaWire) -> None:
    rasa.answers = {"长": [{"text": "规定。" * 3000}]}
    assert (await widget.say("长")).json()["messages"][0]["text"] == "规定。" * 3000


async def test_a_button_is_pressed_once(widget: Widget, rasa: RasaWire) -> None:
    rasa.answers = {"选": [{"text": "选哪种", "buttons": [{"title": "小规模", "payload": "ask:小规模"}]}]}
    (offer,) = (await widget.say("选")).json()["messages"]
    (button,) = offer["buttons"]
    for _ in range(2):
        await widget.say(button["title"], "p1", payload=button["payload"])
    assert rasa.texts() == ["选", "小规模"]


async def test_a_file_that_is_not_there_is_refused_in_words(widget: Widget) -> None:
    refused = await widget.say("", attachments=[str(uuid4())])
    assert 400 <= refused.status_code < 500
    assert any("一" <= character <= "鿿" for character in refused.json()["detail"])
    assert await stored() == []


async def test_whoever_leaves_while_the_bot_thinks_finds_the_answer_later(widget: Widget, rasa: RasaWire) -> None:
    rasa.held = asyncio.Event()
    gone = asyncio.create_task(widget.say("慢", "m1"))
    while not await stored():
        await asyncio.sleep(0.01)
    assert [one["text"] for one in await widget.shown()] == ["慢"]
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    rasa.held.set()
    again = await widget.say("慢", "m1")
    assert [one["text"] for one in again.json()["messages"]] == ["听到：慢"]
    assert [one["text"] for one in await widget.shown()] == ["慢", "听到：慢"]
    assert rasa.texts().count("慢") == 1


async def test_nobody_is_left_without_an_answer_when_the_bot_is_away(widget: Widget, rasa: RasaWire) -> None:
    rasa.down = True
    (told,) = (await widget.say("你好")).json()["messages"]
    assert told["text"]


async def test_what_a_human_says_is_there_when_the_window_opens_again(widget: Widget) -> None:
    await widget.say("你好")
    (said,) = await stored()
    async with transaction() as session:
        await handoff.announce(session, said.conversation_id, "人工坐席已接入。")
    assert [one["text"] for one in await widget.shown()][-1] == "人工坐席已接入。"


async def test_any_body_at_all_is_no_error_of_ours_and_nothing_is_kept_of_what_is_refused(widget: Widget) -> None:
    chance = random.Random(12366)
    whole = json.dumps({"text": "税率3%是多少？", "client_message_id": "m1", "payload": "ask:1", "attachments": []})
    hostile: list[object] = [
        None, [], {}, {"text": None}, {"text": {"$ne": 1}}, {"text": "\x00", "client_message_id": "n"},
        {"text": "\ud800", "client_message_id": "s"}, {"text": "x", "client_message_id": "y" * 5000},
        {"text": "x", "client_message_id": "z", "payload": "x" * 5000},
        {"text": "x", "client_message_id": "a", "attachments": ["../../etc/passwd"] * 100},
    ]  # fmt: skip
    bodies = [json.dumps(one).encode() for one in hostile] + [b"", b"{", b"\xff\xfe", b"[" * 5000]
    bodies += [damaged(whole.encode(), chance) for _ in range(150)]
    for body in bodies:
        before = len(await stored())
        answer = await widget.post(body)
        assert answer.status_code < 500, body
        assert (len(await stored()) > before) <= (answer.status_code == 200), body

"""Kill -9 anything: people still get answers, nothing is lost, nothing is said twice, and it heals by itself."""

from __future__ import annotations

import json
import os
import random
import threading
import time
import uuid
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest
from cryptography.fernet import Fernet, MultiFernet

from tests.product import Product, Talk

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

SOAK = bool(os.environ.get("HUB_SOAK"))
HUB_KILLS = 40 if SOAK else 3
DATABASE_KILLS = 10 if SOAK else 1
START_FORM = "帮我查一张发票"
NUMBER = "26322000000000001130"


def eventually(check: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true value of the check."""
    deadline = time.monotonic() + seconds
    while not (value := check()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return value


def tracker_of(product: Product, talk: Talk) -> list[dict[str, Any]]:
    """The events that Rasa remembers of a conversation."""
    rows = product.query("select data from dialogue_tracker where sender_id = %s", talk.conversation_id)
    if not rows:
        return []
    events: list[dict[str, Any]] = json.loads(zlib.decompress(vault(product).decrypt(bytes(rows[0][0]))))["events"]
    return events


def vault(product: Product) -> MultiFernet:
    """The data keys of the product."""
    return MultiFernet([Fernet(key) for key in product.secrets["HUB_DATA_KEYS"].split(",")])


def repeat_until_answered(product: Product, talk: Talk, text: str, message_id: str) -> dict[str, Any]:
    """What a widget does: the same message with the same id until it is answered."""

    def once() -> dict[str, Any] | None:
        try:
            said = talk.say(text, message_id=message_id)
        except httpx.HTTPError:
            return None
        return said if said["messages"] else None

    answer: dict[str, Any] = eventually(once, 90)
    return answer


class TestRasaDies:
    def test_questions_are_still_answered_and_it_heals(self, product: Product) -> None:
        product.wait_until([])
        talk = product.talk()
        talk.say("你好")
        product.kill("dialogue")
        begin = time.monotonic()
        said = talk.say("个税子女教育一个月扣多少")
        assert time.monotonic() - begin < 5
        assert "2,000" in said["messages"][0]["text"]
        assert said["messages"][0]["citations"]
        state = product.ready()
        assert state is not None
        assert "dialogue" in state["degraded"]
        product.wait_until([])
        assert talk.say("谢谢")["messages"]

    def test_a_form_is_kept_and_goes_on(self, product: Product) -> None:
        product.wait_until([])
        talk = product.talk()
        talk.say(START_FORM)
        assert "日期" in talk.text(NUMBER)
        product.kill("dialogue")
        assert "已为您保留" in talk.text("2026年9月3日")
        product.wait_until([])
        assert "价税合计" in talk.text("2026年9月3日")
        assert "一致" in talk.text("1130")


class TestHubDies:
    def test_a_message_is_answered_once_and_rasa_holds_it_once(self, product: Product) -> None:
        for _ in range(HUB_KILLS):
            product.wait_until([])
            talk = product.talk()
            talk.say("你好")
            message_id = uuid.uuid4().hex
            sender = threading.Thread(target=_send_and_ignore, args=(talk, message_id))
            sender.start()
            time.sleep(random.uniform(0.005, 0.12))
            product.kill("hub")
            sender.join()
            product.wait_until([])
            said = repeat_until_answered(product, talk, "滞纳金怎么算", message_id)
            assert "0.05%" in said["messages"][0]["text"] or "万分之五" in said["messages"][0]["text"]
            replies = [m for m in talk.history() if m["author"] == "bot"]
            assert len(replies) == 2
            heard = [
                event for event in tracker_of(product, talk)
                if event["event"] == "user" and "滞纳金" in (event.get("text") or "")
            ]  # fmt: skip
            assert len(heard) == 1


def _send_and_ignore(talk: Talk, message_id: str) -> None:
    try:
        talk.say("滞纳金怎么算", message_id=message_id)
    except httpx.HTTPError:
        return


class TestDatabaseDies:
    def test_back_in_seconds_and_nothing_lost(self, product: Product) -> None:
        for _ in range(DATABASE_KILLS):
            product.wait_until([])
            talk = product.talk()
            talk.say("你好")
            before = product.query("select count(*) from message")[0][0]
            product.kill("postgres")
            with product.client() as http:
                asked = http.post("/api/v1/ask", json={"question": "滞纳金怎么算"})
                assert asked.json()["status"] == "answered"
            message_id = uuid.uuid4().hex
            said = repeat_until_answered(product, talk, "首套房契税多少", message_id)
            assert "1%" in said["messages"][0]["text"]
            product.wait_until([], 30)
            assert product.query("select count(*) from message")[0][0] == before + 2
            assert [m["author"] for m in talk.history()] == ["user", "bot", "user", "bot"]


class TestWorkerDies:
    def test_it_comes_back(self, product: Product) -> None:
        product.wait_until([])
        old = product.kill("worker")
        eventually(lambda: product.pid_of("worker") != old)


class TestTimePasses:
    def test_a_form_left_in_the_evening_goes_on_next_morning(self, product: Product) -> None:
        product.wait_until([])
        talk = product.talk()
        talk.say(START_FORM)
        talk.say(NUMBER)
        age(product, talk, hours=14)
        assert "价税合计" in talk.text("9月3号")
        assert "一致" in talk.text("1130")


def age(product: Product, talk: Talk, hours: float) -> None:
    """Make Rasa's memory of a conversation older, as if the night had passed."""
    keys = vault(product)
    with psycopg.connect(product.dsn) as connection:
        row = connection.execute(
            "select data from dialogue_tracker where sender_id = %s", (talk.conversation_id,)
        ).fetchone()
        assert row is not None
        dialogue = json.loads(zlib.decompress(keys.decrypt(bytes(row[0]))))
        for event in dialogue["events"]:
            event["timestamp"] -= hours * 3600
        data = keys.encrypt(zlib.compress(json.dumps(dialogue, ensure_ascii=False).encode()))
        connection.execute("update dialogue_tracker set data = %s where sender_id = %s", (data, talk.conversation_id))

"""The scripts, on the running product: the public API, the hub, the real Rasa, the sandbox of the platform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conversations.script import Expect, Step, load, paths
from tests.product import Product, Talk

NEVER = ("处理出了点问题", "None", "null", "utter_", "{{")
"""What nobody must ever read, whatever they said."""


@pytest.fixture
def fresh_platform(product: Product) -> Product:
    """The product with a platform that works and has forgotten today's checks."""
    product.query("delete from sandbox_inspection returning request_id")
    product.query("update sandbox_control set mode = 'normal', delay_ms = 0 returning mode")
    return product


@pytest.mark.dialogue
@pytest.mark.parametrize("path", paths(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_script(fresh_platform: Product, path: Path) -> None:
    talk = fresh_platform.talk()
    shown: list[dict[str, str]] = []
    for number, step in enumerate(load(path).steps, 1):
        if step.platform:
            done = fresh_platform.command("sandbox", "inspection", "mode", step.platform)
            assert done.returncode == 0, done.stderr
            continue
        status, answer = turn(talk, step, shown)
        shown = [button for message in answer.get("messages", []) for button in message["buttons"]] or shown
        check(step.expect, status, answer, f"step {number}: {step.say or step.press!r} → {answer}")


def turn(talk: Talk, step: Step, shown: list[dict[str, str]]) -> tuple[int, dict[str, Any]]:
    """Say it, or press a button that was shown; HTTP status and body."""
    try:
        if step.say is not None:
            return 200, talk.say(step.say)
        button = next((item for item in shown if item["title"] == step.press), None)
        assert button, f"no button {step.press!r} among {shown}"
        return 200, talk.say(button["title"], payload=button["payload"])
    except httpx.HTTPStatusError as error:
        return error.response.status_code, error.response.json()


def check(expect: Expect, status: int, answer: dict[str, Any], where: str) -> None:
    """Compare; silence and empty messages are wrong in any case."""
    assert status == expect.status, where
    if status != 200:
        return
    messages = answer["messages"]
    said = "\n".join(message["text"] for message in messages)
    assert answer["state"] == expect.state, where
    if expect.state == "with_bot":
        assert messages, where
    assert all(message["text"].strip() for message in messages), where
    assert [word for word in expect.contains if word not in said] == [], where
    assert [word for word in (*expect.lacks, *NEVER) if word in said] == [], where
    assert not expect.any_of or any(word in said for word in expect.any_of), where
    titles = {button["title"] for message in messages for button in message["buttons"]}
    assert set(expect.buttons) <= titles, where
    if expect.cites is not None:
        assert any(message["citations"] for message in messages) is expect.cites, where

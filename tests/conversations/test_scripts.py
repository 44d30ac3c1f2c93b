"""The scripts, on the running product: the public API, the hub, the real Rasa, the sandbox of the platform."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conversations.script import Expect, Script, Step, load, paths
from tests.conversations.stage import Stage
from tests.product import Product, Talk

NEVER = ("处理出了点问题", "None", "null", "utter_", "{{")
"""What nobody must ever read, whatever they said."""


@pytest.fixture(scope="session")
def stage(product: Product) -> Iterator[Stage]:
    """The running product, where every script finds what it says of its beginning."""
    made = Stage(product)
    yield made
    made.close()


@pytest.mark.dialogue
@pytest.mark.parametrize("path", paths(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_script(stage: Stage, path: Path) -> None:
    play(stage, load(path))


def play(stage: Stage, script: Script) -> None:
    """Set the stage, then say one thing after the other."""
    talk = stage.set(script)
    shown: list[dict[str, str]] = []
    for number, step in enumerate(script.steps, 1):
        if step.platform:
            done = stage.product.command("sandbox", "inspection", "mode", step.platform)
            assert done.returncode == 0, done.stderr
            continue
        if step.core:
            stage.core(step.core)
            continue
        spoken = step.model_copy(update={"say": stage.spoken(script, step.say)})
        status, answer = turn(talk, spoken, shown)
        shown = [button for message in answer.get("messages", []) for button in message["buttons"]] or shown
        check(step.expect, status, answer, f"step {number}: {step.say or step.press!r} → {answer}")
    assert stage.untraced(talk) == []


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

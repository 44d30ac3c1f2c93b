"""The wire to Rasa 3.6.21: what it sends is understood, what it gets back it can read, and it never gets silence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import structlog
import yaml
from fastapi import FastAPI
from rasa_sdk import Action
from rasa_sdk.interfaces import ActionExecutionRejection

from actions.forms import ValidateForm
from actions.registry import actions_for, executor, executor_for
from bot.dialogue.mapper import LONGEST_FOR_RASA
from hub.kit import trace
from hub.kit.web import CommonGround
from hub.settings import ROOT
from services.registry import SKILLS
from tests.actions.wire import PATH, Chat, headers

EVENTS = {"slot": {"name", "value"}, "followup": {"name"}}
"""The events that our actions may send, with what Rasa needs to read them (rasa.shared.core.events)."""


class Raises(Action):  # type: ignore[misc]
    """An action that fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def name(self) -> str:
        """As Rasa calls it."""
        return "action_raises"

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        """Fail."""
        raise self.error


@pytest.fixture
def failing(app: FastAPI, request: pytest.FixtureRequest) -> None:
    """The hub's actions and one more, which raises the parameter."""
    hands = executor_for(SKILLS)
    hands.register_action(Raises(request.param))
    app.dependency_overrides[executor] = lambda: hands


def assert_readable(answer: Mapping[str, Any]) -> None:
    """What Rasa requires of an answer."""
    assert set(answer) == {"events", "responses"}
    for event in answer["events"]:
        assert set(event) >= EVENTS[event["event"]]
    for message in answer["responses"]:
        assert message.get("text") or message["custom"]["text"]
        for button in message["custom"].get("buttons", ()):
            assert set(button) == {"title", "payload"}


async def test_without_the_secret_nobody_comes_in(webhook: httpx.AsyncClient, inspection: Chat) -> None:
    body = inspection.body("action_answer")
    assert (await webhook.post(PATH, json=body)).status_code == 401
    assert (await webhook.post(PATH, json=body, headers={"X-Action-Secret": "wrong"})).status_code == 401


async def test_a_form_turn_is_answered_readably(inspection: Chat) -> None:
    inspection.hear("查下发票 26322000000000001130", "invoice_inspection")
    answer = await inspection.call("validate_invoice_inspection_form")
    assert_readable(answer)
    assert answer["events"][-1]["name"] == "requested_slot"


async def test_an_unknown_action_is_404_as_rasa_expects(webhook: httpx.AsyncClient, inspection: Chat) -> None:
    answer = await webhook.post(PATH, json=inspection.body("action_nobody_has"), headers=headers())
    assert answer.status_code == 404
    assert answer.json()["action_name"] == "action_nobody_has"
    assert "action_nobody_has" in answer.json()["error"]


@pytest.mark.parametrize("failing", [ActionExecutionRejection("action_raises", "not now")], indirect=True)
@pytest.mark.usefixtures("failing")
async def test_a_rejection_is_400_as_rasa_expects(webhook: httpx.AsyncClient, inspection: Chat) -> None:
    answer = await webhook.post(PATH, json=inspection.body("action_raises"), headers=headers())
    assert answer.status_code == 400
    assert answer.json() == {"error": "not now", "action_name": "action_raises"}


@pytest.mark.parametrize("failing", [RuntimeError("bug"), KeyError("x"), TimeoutError()], indirect=True)
@pytest.mark.usefixtures("failing")
async def test_a_failure_apologises_and_is_logged_with_its_trace(inspection: Chat) -> None:
    inspection.hear("你好", "greet")
    with structlog.testing.capture_logs() as logs:
        answer = await inspection.call("action_raises")
    assert_readable(answer)
    assert answer["events"] == []
    assert "抱歉" in answer["responses"][0]["custom"]["text"]
    assert answer["responses"][0]["custom"]["buttons"] == [{"title": "转人工", "payload": "intent:talk_to_human"}]
    assert [(line["event"], line["action"]) for line in logs] == [("action_failed", "action_raises")]


async def test_the_trace_of_the_message_is_that_of_the_work(inspection: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    async def run(self: ValidateForm, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        seen.append(trace.current.get())
        return []

    monkeypatch.setattr(ValidateForm, "run", run)
    executor.cache_clear()
    inspection.hear("发票查验", "invoice_inspection")
    await inspection.call("validate_invoice_inspection_form")
    executor.cache_clear()
    assert seen == ["0123456789abcdef"]


async def test_a_form_that_fails_keeps_its_values_and_asks_again(
    inspection: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("bug")

    monkeypatch.setattr("actions.forms.read", fail)
    inspection.open_form({"invoice_number": "26322000000000001130"}, "issued_on")
    replies = await inspection.say("9月3号", "provide")
    assert "抱歉" in replies[0].text
    assert inspection.values == {"invoice_number": "26322000000000001130"}
    assert inspection.awaits == "issued_on"
    assert replies[-1].skill == "invoice_inspection"


async def test_a_failure_at_the_start_of_a_form_still_opens_it(
    inspection: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("bug")

    monkeypatch.setattr("actions.forms.read", fail)
    await inspection.say("发票查验", "invoice_inspection")
    assert inspection.awaits == "invoice_number"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"next_action": "action_answer"}', b'{"tracker": {}}', b"\xff\xfe"]
)
async def test_what_is_no_call_at_all_is_400(webhook: httpx.AsyncClient, body: bytes) -> None:
    answer = await webhook.post(PATH, content=body, headers=headers())
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "action_name"}


async def test_a_long_conversation_is_not_too_large(app: FastAPI) -> None:
    """Rasa sends the whole tracker along: what limits the bodies of strangers must not silence a long chat."""
    transport = httpx.ASGITransport(CommonGround(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        chat = Chat(client, SKILLS[0])
        for _ in range(75):  # as many turns as the tracker store keeps, each as long as the hub lets through
            chat.hear("问" * LONGEST_FOR_RASA, "ask_question")
            chat.add("bot", text=None, data={"custom": {"text": "答" * 1000}})
        chat.open_form({}, "invoice_number")
        await chat.say("26322000000000001130", "provide")
    assert chat.values == {"invoice_number": "26322000000000001130"}


async def test_a_bare_tracker_is_enough(webhook: httpx.AsyncClient) -> None:
    body = {"next_action": "action_repeat", "tracker": {"sender_id": "somebody"}}
    answer = await webhook.post(PATH, json=body, headers=headers())
    assert answer.status_code == 200
    assert_readable(answer.json())


def test_rasa_and_the_hub_name_the_same_actions() -> None:
    files = [yaml.safe_load(path.read_text("utf-8")) for path in (ROOT / "bot/dialogue/domain").rglob("*.yml")]
    named = {name for content in files for name in content.get("actions", [])}
    assert named == {action.name() for action in actions_for(SKILLS)}

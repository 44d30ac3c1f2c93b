"""A small action server in place of the hub's: takes values as the hub promises to, and says which action ran."""

from __future__ import annotations

import threading
import time
from datetime import date
from typing import Any

import uvicorn
from fastapi import FastAPI, Header, Request
from fastapi.responses import JSONResponse, Response
from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher
from rasa_sdk.interfaces import ActionExecutionRejection

from actions.asides import ANSWERS, GO_ON, LEFT_TO_RULES
from bot.dialogue.launcher import ACTIONS_PATH
from hub.kit.taxtext import extract

SKILL = "invoice_inspection"
FIELDS = {"invoice_number": "invoice_number", "date": "issued_on", "amount": "total_with_tax"}
SLOTS = [f"{SKILL}_{field}" for field in FIELDS.values()]
Events = list[dict[str, Any]]


class Validate(FormValidationAction):
    """Values win over intents; what is said aside is answered; all else is a wrong answer."""

    def name(self) -> str:
        return f"validate_{SKILL}_form"

    async def required_slots(self, domain_slots: Any, dispatcher: Any, tracker: Any, domain: Any) -> list[str]:
        return SLOTS

    async def get_extraction_events(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> Events:
        message, asked = tracker.latest_message, tracker.get_slot("requested_slot")
        found = extract(message.get("text") or "", date(2026, 11, 22))
        values = {f"{SKILL}_{FIELDS[entity.kind]}": entity.value for entity in found if entity.kind in FIELDS}
        intent = message["intent"]["name"]
        if not values and asked and intent not in LEFT_TO_RULES:
            self._aside(dispatcher, intent)
            values = {asked: None}
        tracker.slots.update(values)
        return [SlotSet(slot, value) for slot, value in values.items()]

    def _aside(self, dispatcher: CollectingDispatcher, intent: str) -> None:
        """Answer what is not for the form, as the hub does."""
        if intent in ("ask_question", "nlu_fallback"):
            dispatcher.utter_message(json_message={"text": "action_answer"})
        elif intent == SKILL or intent in ANSWERS:
            dispatcher.utter_message(response=ANSWERS.get(intent, GO_ON))
        else:
            dispatcher.utter_message(text="没有看懂")


class Submit(Action):
    """Repeats what it was given."""

    def name(self) -> str:
        return f"action_submit_{SKILL}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> Events:
        values = " ".join(str(tracker.get_slot(slot)) for slot in SLOTS)
        dispatcher.utter_message(json_message={"text": f"submitted {values}"})
        return [SlotSet(slot, None) for slot in SLOTS]


class Say(Action):
    """Says its own name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def name(self) -> str:
        return self._name

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> Events:
        dispatcher.utter_message(json_message={"text": self._name})
        return []


class Hands:
    """The server, in a thread; `broken` makes it answer 500, `secrets` are the headers it was called with."""

    def __init__(self, port: int) -> None:
        self.broken = False
        self.secrets: set[str] = set()
        executor = ActionExecutor()
        names = (
            "action_answer", "action_handoff", "action_repeat", "action_resume", "action_out_of_place",
            "action_explain", "action_recalculate",
        )  # fmt: skip
        for action in (Validate(), Submit(), *(Say(name) for name in names)):
            executor.register_action(action)
        app = FastAPI()

        @app.post(ACTIONS_PATH)
        async def act(request: Request, x_action_secret: str = Header("")) -> Response:
            self.secrets.add(x_action_secret)
            if self.broken:
                return Response(status_code=500)
            try:
                result = await executor.run(await request.json())
            except ActionExecutionRejection as rejection:
                return JSONResponse({"error": str(rejection), "action_name": rejection.action_name}, 400)
            return JSONResponse(result.model_dump() if result else {})

        self._server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> None:
        """Start and wait until it listens."""
        self._thread.start()
        while not self._server.started:
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop and wait."""
        self._server.should_exit = True
        self._thread.join(10)

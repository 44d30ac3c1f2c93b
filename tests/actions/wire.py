"""The body of Rasa 3.6.21's calls to the action webhook, and just enough of its form for several turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.dialogue.mapper import replies_from_events
from bot.dialogue.replies import Reply
from hub.kit import clock
from hub.kit.ids import new_id
from hub.kit.taxtext import extract
from hub.settings import get_settings
from hub.skills import Skill, question_of

Event = dict[str, Any]
PATH = "/internal/rasa/actions"
BUILT_IN = {
    "action_listen", "action_restart", "action_session_start", "action_default_fallback", "action_deactivate_loop",
    "action_revert_fallback_events", "action_default_ask_affirmation", "action_default_ask_rephrase",
    "action_two_stage_fallback", "action_unlikely_intent", "action_back", "action_extract_slots",
}  # fmt: skip


def headers() -> dict[str, str]:
    """What Rasa's endpoint configuration adds."""
    return {"X-Action-Secret": get_settings().action_secret.get_secret_value()}


def parse(text: str, intent: str, confidence: float, message_id: str, trace_id: str) -> dict[str, Any]:
    """What Rasa's pipeline makes of a message; its entities come from the parser that the hub uses, too."""
    entities = [] if text.startswith("/") else extract(text, clock.today())
    return {
        "intent": {"name": intent, "confidence": confidence},
        "entities": [
            {
                "entity": item.kind,
                "value": item.value,
                "start": item.start,
                "end": item.end,
                "extractor": "TaxIdentifiers",
            }
            for item in entities
        ],
        "text": text,
        "message_id": "a1b2c3",
        "metadata": {"message_id": message_id, "trace_id": trace_id, "channel": "web"},
        "text_tokens": [[0, len(text)]],
        "intent_ranking": [{"name": intent, "confidence": confidence}, {"name": "goodbye", "confidence": 0.01}],
    }


@dataclass
class Chat:
    """One conversation as Rasa keeps it; says to the webhook what Rasa would say."""

    client: httpx.AsyncClient
    skill: Skill
    sender_id: str = field(default_factory=lambda: str(new_id()))
    slots: dict[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    active_loop: str | None = None
    latest: dict[str, Any] = field(default_factory=dict)
    followup: str | None = None
    clock: float = 1_800_000_000.0
    submits: bool = True

    def __post_init__(self) -> None:
        names = [*self.skill.form.model_fields, *(["confirm"] if self.skill.confirm else [])]
        self.slots = {**{self.skill.slot(name): None for name in names}, "requested_slot": None, **self.slots}

    def add(self, kind: str, **data: Any) -> None:
        """Append an event as Rasa serialises it."""
        self.clock += 0.25
        self.events.append({"event": kind, "timestamp": self.clock, "metadata": {"model_id": "m"}, **data})

    def hear(self, text: str, intent: str, confidence: float = 0.9) -> None:
        """A person has said something."""
        self.add("action", name="action_listen", policy=None, confidence=None, action_text=None)
        message_id = str(new_id())
        self.latest = parse(text, intent, confidence, message_id, "0123456789abcdef")
        meta = self.latest["metadata"]
        self.add("user", text=text, parse_data=self.latest, input_channel="rest", message_id="a1b2c3")
        self.events[-1]["metadata"] = meta

    def body(self, action: str, extra: Sequence[Event] = ()) -> dict[str, Any]:
        """The whole call; the domain comes along as Rasa sends it."""
        return {
            "next_action": action,
            "sender_id": self.sender_id,
            "tracker": {
                "sender_id": self.sender_id,
                "slots": self.slots,
                "latest_message": self.latest,
                "latest_event_time": self.clock,
                "followup_action": self.followup,
                "paused": False,
                "events": [*self.events, *extra],
                "latest_input_channel": "rest",
                "active_loop": {"name": self.active_loop, "is_interrupted": False} if self.active_loop else {},
                "latest_action": {"action_name": "action_listen"},
                "latest_action_name": "action_listen",
            },
            "version": "3.6.21",
            "domain": domain(self.skill),
        }  # fmt: skip

    async def call(self, action: str, extra: Sequence[Event] = ()) -> dict[str, Any]:
        """Run an action and apply what it answers, the way Rasa does."""
        response = await self.client.post(PATH, json=self.body(action, extra), headers=headers())
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def apply(self, answer: Mapping[str, Any]) -> None:
        """Take over messages and events."""
        for message in answer["responses"]:
            data = {key: message.get(key) for key in ("buttons", "custom", "elements", "image", "attachment")}
            named = f"({message['response']})" if message.get("response") else None
            self.add("bot", text=message.get("text") or named, data=data)
        for event in answer["events"]:
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
            if event["event"] == "followup":
                self.followup = event["name"]
            self.events.append({**event, "timestamp": self.clock})

    async def say(self, text: str, intent: str, confidence: float = 0.9) -> list[Reply]:
        """A turn of the form: what is said back, asks and submission included. Digressions answer with nothing."""
        start = len(self.events)
        self.hear(text, intent, confidence)
        if self.active_loop is None and intent not in (self.skill.name, "provide"):
            return []
        await self.form()
        return replies_from_events(self.events[start:])

    def open_form(self, known: Mapping[str, str], asked: str) -> None:
        """Be in the middle of the form: these values known, this field asked for."""
        skill = self.skill
        self.slots |= {skill.slot(name): value for name, value in known.items()}
        self.slots["requested_slot"] = skill.slot(asked)
        self.active_loop = skill.form_name
        self.hear("在办", skill.name)
        self.add("active_loop", name=skill.form_name)
        self.add("action", name=skill.form_name)

    async def is_aside(self, text: str, intent: str) -> bool:
        """Whether the message is not for the form: left to the rules that close it, answered, or begins another."""
        before, values = len(self.events), self.values
        self.submits = False
        await self.say(text, intent)
        self.submits = True
        since = self.events[before:]
        said = replies_from_events(since)
        closed = any(event["event"] == "action_execution_rejected" for event in since)
        return self.values == values and (closed or (len(said) > 1 and not any("unclear" in r.extra for r in said)))

    async def form_until_submission(self) -> list[Reply]:
        """One execution of the form on the latest message, without submitting; what was said in it."""
        start = len(self.events)
        self.submits = False
        await self.form()
        self.submits = True
        return replies_from_events(self.events[start:])

    async def form(self) -> None:
        """One execution of Rasa's form."""
        skill = self.skill
        activated = self.active_loop == skill.form_name
        if not activated:  # Rasa shows the loop as active already when it asks for the first time
            self.add("active_loop", name=skill.form_name)
            self.active_loop = skill.form_name
        extra = [
            {"event": "slot", "name": "requested_slot", "value": self.slots["requested_slot"] if activated else None},
            {"event": "action", "name": skill.form_name},
        ]
        answer = await self.call(f"validate_{skill.form_name}", extra)
        set_slots = {event["name"] for event in answer["events"] if event["event"] == "slot"}
        if activated and not set_slots - {"requested_slot"}:
            self.add("action_execution_rejected", name=skill.form_name)
            return
        self.add("action", name=skill.form_name)
        self.apply(answer)
        wanted = self.slots["requested_slot"]
        if wanted:
            prompt = ask_text(skill, wanted)
            self.add("bot", text=prompt, data={"custom": {"skill": skill.name, "awaits": wanted}})
            return
        self.active_loop = None
        self.add("active_loop", name=None)
        if not self.submits:
            return
        self.add("action", name=f"action_submit_{skill.name}")
        self.apply(await self.call(f"action_submit_{skill.name}"))
        if self.followup:
            self.followup = None
            await self.form()

    @property
    def values(self) -> dict[str, Any]:
        """Field values that are set."""
        prefix = self.skill.slot("")
        return {
            name.removeprefix(prefix): value
            for name, value in self.slots.items()
            if name.startswith(prefix) and value is not None
        }

    @property
    def awaits(self) -> str | None:
        """The field asked for."""
        slot = self.slots["requested_slot"]
        return slot.removeprefix(self.skill.slot("")) if slot else None


def ask_text(skill: Skill, slot: str) -> str:
    """The generated question of a slot."""
    name = slot.removeprefix(skill.slot(""))
    return "以上内容确认无误吗？" if name == "confirm" else question_of(skill.form, name).prompt


def domain(skill: Skill) -> dict[str, Any]:
    """A domain of about the real size."""
    slots = {
        skill.slot(name): {
            "type": "rasa.shared.core.slots.AnySlot", "initial_value": None, "influence_conversation": False,
            "mappings": [{"type": "custom", "conditions": [{"active_loop": skill.form_name}]}],
        }
        for name in skill.form.model_fields
    }  # fmt: skip
    return {
        "version": "3.1",
        "session_config": {"session_expiration_time": 0, "carry_over_slots_to_new_session": True},
        "intents": [skill.name, "ask_question", "provide"],
        "entities": [],
        "slots": slots,
        "responses": {f"utter_ask_{skill.form_name}_{slot}": [{"text": "？"}] for slot in slots},
        "actions": ["action_answer", f"validate_{skill.form_name}"],
        "forms": {skill.form_name: {"required_slots": list(slots)}},
        "e2e_actions": [],
    }

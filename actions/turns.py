"""What the tracker that Rasa sends tells: the message at hand, what was done since, and how earlier turns went."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rasa_sdk import Tracker

from bot.conversation.attachments import handed_values
from hub.kit.taxtext import Entity, extract

Event = Mapping[str, Any]

_REMEMBERED = 3
_IDLE = frozenset({"action_listen", "action_extract_slots", "action_repeat", "action_explain", "action_out_of_place"})


@dataclass(frozen=True)
class Said:
    """The person's latest message as Rasa understood it, and as the hub's own parser reads it."""

    text: str
    intent: str
    confidence: float
    entities: tuple[Entity, ...]
    message_id: str
    channel: str
    trace_id: str
    address: str = ""

    @property
    def command(self) -> bool:
        """Whether it is a button of ours: text of people never begins with a slash here."""
        return self.text.startswith("/")

    @property
    def handed(self) -> Mapping[str, str]:
        """Values for the skill that it names, which the hub itself read in what the person sent; mostly none."""
        return handed_values(self.text)

    @property
    def settled(self) -> bool:
        """Whether the intent is beyond doubt: a control word and nothing else."""
        return self.confidence >= 1.0

    def without_entities(self) -> str:
        """The text with everything recognised blanked out."""
        text = self.text
        for entity in self.entities:
            text = text[: entity.start] + " " * (entity.end - entity.start) + text[entity.end :]
        return text


def said(tracker: Tracker, today: date) -> Said:
    """The latest message."""
    message = tracker.latest_message
    text = str(message.get("text") or "")
    intent = message.get("intent") or {}
    metadata = message.get("metadata") or {}
    entities = [] if text.startswith("/") else extract(text, today)
    kinds = {entity.kind for entity in entities}
    for other in message.get("entities") or ():
        if other.get("entity") not in kinds and {"start", "end", "value"} <= other.keys():
            start, end = int(other["start"]), int(other["end"])
            entities.append(Entity(str(other["entity"]), str(other["value"]), start, end, text[start:end]))
    return Said(
        text=text,
        intent=str(intent.get("name") or "nlu_fallback"),
        confidence=float(intent.get("confidence") or 0.0),
        entities=tuple(entities),
        message_id=str(metadata.get("message_id") or message.get("message_id") or ""),
        channel=str(metadata.get("channel") or "rasa"),
        trace_id=trace_of(message),
        address=str(metadata.get("address") or ""),
    )


def trace_of(message: Mapping[str, Any]) -> str:
    """The trace id that the hub gave to the message."""
    found = (message.get("metadata") or {}).get("trace_id")
    return found if isinstance(found, str) and re.fullmatch(r"[A-Za-z0-9-]{8,64}", found) else ""


def split(events: Sequence[Event]) -> list[list[Event]]:
    """The turns: each begins with what a person said; what stands before the first is left out."""
    turns: list[list[Event]] = []
    for event in events:
        if event.get("event") == "user":
            turns.append([event])
        elif turns:
            turns[-1].append(event)
    return turns


def actions_since(tracker: Tracker) -> list[str]:
    """Names of the actions done since the latest message."""
    turns = split(tracker.events)
    return [str(event.get("name")) for event in turns[-1] if event.get("event") == "action"] if turns else []


def earlier_turn(tracker: Tracker) -> list[Event]:
    """The turn that the latest message follows on: the one before, apart from thanks, greetings and looks back."""
    for turn in reversed(split(tracker.events)[:-1]):
        done = {str(event.get("name")) for event in turn if event.get("event") == "action"}
        if any(not name.startswith("utter_") and name not in _IDLE for name in done):
            return turn
    return []


def begun_since(tracker: Tracker, form_name: str) -> bool:
    """Whether the form is being opened on the latest message: Rasa marks it active before it asks us anything."""
    turns = split(tracker.events)
    return tracker.active_loop_name != form_name or any(
        event.get("event") == "active_loop" and event.get("name") == form_name for event in (turns[-1] if turns else ())
    )


def rejected_since(tracker: Tracker, form_name: str) -> bool:
    """Whether the form has been offered the latest message and had no use for it."""
    turns = split(tracker.events)
    return bool(turns) and any(
        event.get("event") == "action_execution_rejected" and event.get("name") == form_name for event in turns[-1]
    )


def marks(turn: Sequence[Event], key: str) -> list[Any]:
    """What our messages of a turn carry under a key of their payload."""
    customs = [((event.get("data") or {}).get("custom") or {}) for event in turn if event.get("event") == "bot"]
    return [custom[key] for custom in customs if custom.get(key)]


def times_unclear(tracker: Tracker, field: str) -> int:
    """How many turns in a row, up to the one before this, ended with the field not understood."""
    count = 0
    for turn in reversed(split(tracker.events)[:-1]):
        if field not in marks(turn, "unclear"):
            break
        count += 1
    return count


def asked_before(tracker: Tracker) -> list[str]:
    """The question of the turn before this one, with those that it leant on itself, oldest first."""
    asked: list[str] = []
    for turn in reversed(split(tracker.events)[:-1]):
        text = str(turn[0].get("text") or "")
        if len(asked) == _REMEMBERED or text.startswith("/") or not marks(turn, "status"):
            break
        asked.insert(0, text)
    return asked


def times_unanswered(tracker: Tracker) -> int:
    """How many turns in a row, up to the one before this, did not help the person."""
    count = 0
    for turn in reversed(split(tracker.events)[:-1]):
        if not marks(turn, "unclear") and not {"no_answer", "clarify"} & set(marks(turn, "status")):
            break
        count += 1
    return count

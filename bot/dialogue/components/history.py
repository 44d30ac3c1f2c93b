"""A conversation as events: read back from JSON, and cut to the latest turns and what was known before them."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Dict, List, Type

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses

SLACK = 1.25  # trim in steps, not on every turn


def trimmed(tracker: DialogueStateTracker, domain: Domain, user_turns: int) -> DialogueStateTracker:
    """The tracker itself while it is short, else one that starts with the state before the latest turns.

    Slots, active form and requested slot are kept; older texts are dropped (the hub keeps the messages themselves).
    """
    events = list(tracker.events)
    turns = [place for place, event in enumerate(events) if isinstance(event, UserUttered)]
    if len(turns) <= user_turns * SLACK:
        return tracker
    cut = turns[-user_turns]
    before = DialogueStateTracker.from_events(tracker.sender_id, events[:cut], domain.slots, domain=domain)
    kept = [*_state(before), *events[cut:]]
    return DialogueStateTracker.from_events(tracker.sender_id, kept, domain.slots, domain=domain)


def _state(tracker: DialogueStateTracker) -> List[Event]:
    events: List[Event] = [SessionStarted()]
    if tracker.active_loop_name:
        events.append(ActiveLoop(tracker.active_loop_name))
    events += [SlotSet(name, slot.value) for name, slot in tracker.slots.items() if slot.value != slot.initial_value]
    return [*events, ActionExecuted(ACTION_LISTEN_NAME)]


@lru_cache(maxsize=1)
def _event_classes() -> Dict[str, Type[Event]]:
    return {event_class.type_name: event_class for event_class in all_subclasses(Event)}


def read_events(serialised: str) -> List[Event]:
    """The events of a saved conversation.

    Rasa searches the tree of its event classes anew for each event, which costs more than all the rest of reading.
    """
    classes = _event_classes()
    return [classes[entry["event"]]._from_parameters(entry) for entry in json.loads(serialised)["events"]]

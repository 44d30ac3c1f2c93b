"""Finding the thread: saying the last thing once more, going on with what was interrupted, values without a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions.again import ChosenBefore
from actions.answer import AnswerQuestion
from actions.fields import WEAK_KINDS
from actions.recalculate import Recalculate
from actions.turns import said, split
from actions.wording import SHORT, asks, leftover
from bot.dialogue.mapper import replies_from_events
from bot.dialogue.replies import Reply, skill_button
from hub.kit import clock
from hub.skills import Skill, question_of
from services.identity.steps import STEP_SKILLS

NOTHING_SAID_YET = Reply("我们刚开始。请直接说您想问什么、办什么。")


class Repeat(Action):  # type: ignore[misc]
    """Says what we said last once more, buttons included."""

    def name(self) -> str:
        """As Rasa calls it."""
        return "action_repeat"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[EventType]:
        """Look it up in the turns before this one."""
        earlier = (replies_from_events(turn) for turn in reversed(split(tracker.events)[:-1]))
        for reply in next((replies for replies in earlier if replies), [NOTHING_SAID_YET]):
            dispatcher.utter_message(json_message=reply.as_payload())
        return []


class Resume(Action):  # type: ignore[misc]
    """Goes on with a form that had to stop: an outside system was down, or a human had taken over.

    A form that is open needs no help: the generated rules make it ask again.
    """

    def __init__(self, skills: tuple[Skill, ...]) -> None:
        self._skills = {skill.name: skill for skill in skills}

    def name(self) -> str:
        """As Rasa calls it."""
        return "action_resume"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[EventType]:
        """Open the form again, with everything that was filled in."""
        kept = self._skills.get(_kept(tracker) or "")
        if kept:
            text = f"好的，我们继续“{kept.title}”。"
            dispatcher.utter_message(json_message=Reply(text, skill=kept.name).as_payload())
            return [FollowupAction(kept.form_name)]
        buttons = tuple(skill_button(name) for name in self._skills)
        text = "现在没有没办完的事项。您可以直接提问，或者点下面的按钮开始办理。"
        dispatcher.utter_message(json_message=Reply(text, buttons=buttons).as_payload())
        return []


class OutOfPlace(Action):  # type: ignore[misc]
    """Values, corrections, a yes or a no while no form is open.

    Values that identify what one skill is about start it: a rule could only list combinations of entities, and people
    send number, date and amount in any. What says more than that is a question that the classifier mistook.
    """

    def __init__(
        self, skills: tuple[Skill, ...], answer: AnswerQuestion, recalculate: Recalculate, chosen: ChosenBefore
    ) -> None:
        self._answer = answer
        self._chosen = chosen
        self._recalculate = recalculate
        self._by_entity: dict[str, list[Skill]] = {}
        for skill in skills:
            first = next(iter(skill.form.model_fields), None)
            entity = question_of(skill.form, first).entity if first else None
            if entity and entity not in WEAK_KINDS and skill.name not in STEP_SKILLS:
                self._by_entity.setdefault(entity, []).append(skill)

    def name(self) -> str:
        """As Rasa calls it."""
        return "action_out_of_place"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[EventType]:
        """Open the form that is meant, answer, or say that there is nothing to apply it to."""
        if await self._recalculate.change(tracker):
            return [FollowupAction(self._recalculate.name())]
        if again := await self._chosen.taken_back(tracker):
            return [FollowupAction(again.form_name)]
        message = said(tracker, clock.today())
        kinds = dict.fromkeys(entity.kind for entity in message.entities)
        meant = [skill for kind in kinds for skill in self._by_entity.get(kind, ())]
        if len(meant) == 1:
            return [FollowupAction(meant[0].form_name)]
        if not message.command and (asks(message.text) or leftover(message.without_entities(), ()) > SHORT):
            dispatcher.utter_message(json_message=(await self._answer.reply(tracker)).as_payload())
        else:
            dispatcher.utter_message(response=_SAID_TO.get(message.intent, "utter_default"))
        return []


_SAID_TO = {
    "provide": "utter_unasked_values",
    "correct": "utter_nothing_to_correct",
    "affirm": "utter_affirmed",
    "deny": "utter_denied",
}


def _kept(tracker: Tracker) -> str | None:
    """The skill whose form was put aside, unless it was cancelled or another one was begun since."""
    for event in reversed(tracker.events):
        custom = ((event.get("data") or {}).get("custom") or {}) if event.get("event") == "bot" else {}
        if custom.get("kept"):
            return str(custom["kept"])
        intent = ((event.get("parse_data") or {}).get("intent") or {}).get("name")
        if intent == "cancel" or (event.get("event") == "active_loop" and event.get("name")):
            return None
    return None

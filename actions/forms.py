"""The one implementation of every skill's form: reads each message, keeps the values, decides what to ask next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import AnswerQuestion
from actions.fields import summary
from actions.hearing import CONFIRM, Standing
from actions.reading import Reading, read
from actions.turns import Said, actions_since, rejected_since, said, times_unclear
from bot.dialogue.replies import HUMAN_BUTTON, Reply
from hub.kit import clock
from hub.skills import Skill

REQUESTED_SLOT = "requested_slot"
CANCEL_BUTTON = {"title": "取消", "payload": "intent:cancel"}
OFFER_HELP_FROM = 2
"""The second answer in a row that cannot be used brings the way out."""

OUT_OF_PLACE = frozenset({"provide", "correct", "affirm", "deny"})
ANSWERED_BY_RULES = frozenset({"ask_question", "nlu_fallback", "bot_challenge", "ask_capabilities", "repeat", "resume"})
BEYOND_DOUBT = 0.85
"""Below it a question that the classifier takes for a goodbye or a wish to talk to somebody is still a question."""

_BEFORE_A_FORM = frozenset(
    {"action_listen", "action_extract_slots", "action_session_start", "action_deactivate_loop", "action_out_of_place"}
)


class ValidateForm(Action):  # type: ignore[misc]
    """Called by Rasa's form on every message while it is open, when it opens, and after each digression.

    Where it sets no slot but `requested_slot`, Rasa's form steps back and the generated rules answer the message.
    """

    def __init__(self, skill: Skill, skill_names: Iterable[str], answer: AnswerQuestion) -> None:
        self.skill = skill
        self._answer = answer
        self._skill_names = frozenset(skill_names)

    def name(self) -> str:
        """As Rasa calls it."""
        return f"validate_{self.skill.form_name}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[EventType]:
        """Read the latest message, once."""
        skill = self.skill
        starting = tracker.active_loop_name != skill.form_name
        known, confirmed = known_values(skill, tracker), bool(tracker.slots.get(skill.slot(CONFIRM)))
        done = set(actions_since(tracker)) - _BEFORE_A_FORM - {skill.form_name}
        if done or rejected_since(tracker, skill.form_name):
            return self._next(dispatcher, tracker, known, confirmed)
        leftovers = {name: None for name in known} if starting else {}
        standing = Standing(skill, {} if starting else known, self._requested(tracker, starting), starting)
        message = said(tracker, clock.today())
        reading = read(standing, message, self._skill_names)
        if reading.aside:
            if not reading.question or _known_to_the_rules(message):
                return []
            dispatcher.utter_message(json_message=(await self._answer.reply(tracker)).as_payload())
            return self._next(dispatcher, tracker, known, confirmed)
        values = {**standing.known, **reading.values}
        known = {name: value for name, value in values.items() if value is not None}
        confirmed = reading.confirmed or (confirmed and not reading.values and not starting)
        self._tell(dispatcher, tracker, reading)
        changes: dict[str, str | None] = {**leftovers, **reading.values}
        events = [SlotSet(skill.slot(name), value) for name, value in changes.items()]
        if skill.confirm:
            events.append(SlotSet(skill.slot(CONFIRM), confirmed or None))
        return [*events, *self._next(dispatcher, tracker, known, confirmed)]

    def after_failure(self, tracker: Tracker) -> list[EventType]:
        """Everything stays as it is, and the same field is asked for again."""
        return self._next(CollectingDispatcher(), tracker, known_values(self.skill, tracker), confirmed=False)

    def _requested(self, tracker: Tracker, starting: bool) -> str | None:
        slot = None if starting else tracker.slots.get(REQUESTED_SLOT)
        return slot.removeprefix(self.skill.slot("")) if isinstance(slot, str) else None

    def _next(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, known: Mapping[str, str], confirmed: bool
    ) -> list[EventType]:
        """Ask for the next missing field; setting it to nothing keeps the form from stepping back."""
        skill = self.skill
        needed = skill.required_fields(known)
        missing = next((name for name in needed if name not in known), None)
        if missing is None and skill.confirm and not confirmed:
            missing = CONFIRM
            text = f"请核对{skill.title}的内容：\n{summary(skill.form, known, needed)}"
            dispatcher.utter_message(json_message=Reply(text, skill=skill.name).as_payload())
        if missing is None:
            return [SlotSet(REQUESTED_SLOT, None)]
        return [SlotSet(skill.slot(missing), None), SlotSet(REQUESTED_SLOT, skill.slot(missing))]

    def _tell(self, dispatcher: CollectingDispatcher, tracker: Tracker, reading: Reading) -> None:
        """Say what was changed or what was wrong; after two misses in a row with a way out."""
        if not reading.notes:
            return
        marks: dict[str, Any] = {"unclear": reading.unclear} if reading.unclear else {}
        helpless = reading.unclear and times_unclear(tracker, reading.unclear) + 1 >= OFFER_HELP_FROM
        notes = [*reading.notes, "一直填不对也没关系，可以转人工，或者先取消。"] if helpless else reading.notes
        buttons = (HUMAN_BUTTON, CANCEL_BUTTON) if helpless else ()
        reply = Reply("\n".join(notes), buttons=buttons, skill=self.skill.name, extra=marks)
        dispatcher.utter_message(json_message=reply.as_payload())


def _known_to_the_rules(message: Said) -> bool:
    """Whether the rules do the right thing with a question, going by the intent that the classifier gave it."""
    if message.intent in OUT_OF_PLACE:
        return False
    return message.intent in ANSWERED_BY_RULES or message.confidence >= BEYOND_DOUBT


def known_values(skill: Skill, tracker: Tracker) -> dict[str, str]:
    """The values that the skill's slots hold."""
    slots = {name: tracker.slots.get(skill.slot(name)) for name in skill.form.model_fields}
    return {name: str(value) for name, value in slots.items() if value is not None}


def cleared(skill: Skill) -> list[EventType]:
    """Forget everything that was filled in."""
    names = [*skill.form.model_fields, *([CONFIRM] if skill.confirm else [])]
    return [SlotSet(skill.slot(name), None) for name in names]

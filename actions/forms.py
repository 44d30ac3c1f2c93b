"""The one implementation of every skill's form: reads each message, keeps the values, decides what to ask next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.again import ChosenBefore
from actions.asides import BEYOND_DOUBT, LEFT_TO_RULES, SWITCH, Asides, switched_to, switching
from actions.context import CANCEL, FOR, context_of, just_done
from actions.hearing import CONFIRM, Standing
from actions.offering import CANCELLED, CHANGING, STOPPED, CannotGoOn, next_of, offered
from actions.reading import Reading, read
from actions.recalculate import Recalculate
from actions.turns import (
    Said,
    actions_since,
    begun_since,
    earlier_turn,
    marks,
    rejected_since,
    said,
    times_unclear,
)
from bot.dialogue.replies import HUMAN_BUTTON, Reply
from hub.forms import Offered
from hub.kit import clock
from hub.skills import Skill, SkillContext
from services.calculations import wording
from services.identity.steps import missing_step

REQUESTED_SLOT = "requested_slot"
CANCEL_BUTTON = {"title": "取消", "payload": "intent:cancel"}
OFFER_HELP_FROM = 2
"""The second answer in a row that cannot be used brings the way out."""

_BEFORE_A_FORM = frozenset(
    {"action_listen", "action_extract_slots", "action_session_start", "action_deactivate_loop", "action_out_of_place"}
)


class ValidateForm(Action):  # type: ignore[misc]
    """Called by Rasa's form on every message while it is open, and when it opens.

    Where it sets no slot but `requested_slot`, Rasa's form steps back and the generated rules close it.
    """

    def __init__(
        self,
        skill: Skill,
        skill_names: Iterable[str],
        asides: Asides,
        chosen: ChosenBefore,
        recalculate: Recalculate,
    ) -> None:
        self.skill = skill
        self._chosen, self._recalculate = chosen, recalculate
        self._asides = asides
        self._skill_names = frozenset(skill_names)

    def name(self) -> str:
        """As Rasa calls it."""
        return f"validate_{self.skill.form_name}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[EventType]:
        """Read the latest message, once."""
        skill = self.skill
        starting = begun_since(tracker, skill.form_name)
        known, confirmed = known_values(skill, tracker), bool(tracker.slots.get(skill.slot(CONFIRM)))
        turn = _Turn(skill, dispatcher, tracker, await context_of(skill, tracker), starting)
        done = set(actions_since(tracker)) - _BEFORE_A_FORM - {skill.form_name}
        begun_instead = starting and switched_to(tracker) == skill.name
        if (done and not begun_instead) or rejected_since(tracker, skill.form_name):
            return await turn.goes_on(known, confirmed)
        if not starting and (before := await self._chosen.taken_back(tracker)) and before is not skill:
            return self._gives_way(turn, before)
        if starting and await self._recalculate.meant(tracker):
            dispatcher.utter_message(
                json_message=Reply(wording.CHANGED, extra={SWITCH: self._recalculate.name()}).as_payload()
            )
            return turn.ends()
        leftovers = {name: None for name in known} if starting else {}
        filled = {} if starting else known
        changing = bool(marks(earlier_turn(tracker), CHANGING))
        standing = Standing(skill, filled, turn.requested, starting, await turn.offered(filled), changing)
        message = said(tracker, clock.today())
        reading = read(standing, message, self._skill_names)
        if reading.cancels:
            reply = Reply(CANCELLED, extra={STOPPED: skill.name, CANCEL: True})
            dispatcher.utter_message(json_message=reply.as_payload())
            return turn.ends()
        if reading.aside:
            return await self._aside(turn, message, reading, known, confirmed)
        values = {**standing.known, **reading.values}
        known = {name: value for name, value in values.items() if value is not None}
        confirmed = reading.confirmed or (confirmed and not reading.values and not starting)
        self._tell(dispatcher, tracker, reading)
        changes: dict[str, str | None] = {**leftovers, **reading.values}
        events = [SlotSet(skill.slot(name), value) for name, value in changes.items()]
        if skill.confirm:
            events.append(SlotSet(skill.slot(CONFIRM), confirmed or None))
        corrected = any(name in standing.known for name in reading.values)
        wanted = reading.ask or (None if reading.lets_be else turn.pending(known))
        return [*events, *await turn.goes_on(known, confirmed, corrected=corrected, wanted=wanted)]

    async def _aside(
        self, turn: _Turn, message: Said, reading: Reading, known: Mapping[str, str], confirmed: bool
    ) -> list[EventType]:
        """Answer what is not for the form and ask again; begin another form; or leave it to the rules that close it."""
        wants_to_know = reading.question and message.confidence < BEYOND_DOUBT
        if message.intent in LEFT_TO_RULES and not wants_to_know:
            return []
        if other := self._asides.switch(self.skill, message, question=reading.question):
            turn.dispatcher.utter_message(json_message=switching(self.skill, other).as_payload())
            return turn.ends()
        await self._asides.tell(turn.dispatcher, turn.tracker, self.skill, message, question=reading.question)
        return await turn.goes_on(known, confirmed, wanted=turn.pending(known))

    def _gives_way(self, turn: _Turn, other: Skill) -> list[EventType]:
        """Make the other choice first and come back: what was filled in belonged to the one that is taken back."""
        reply = switching(self.skill, other)
        turn.dispatcher.utter_message(
            json_message=Reply(reply.text, extra={**reply.extra, FOR: self.skill.name}).as_payload()
        )
        return [*turn.ends(), *cleared(self.skill)]

    def after_failure(self, tracker: Tracker) -> list[EventType]:
        """Everything stays as it is, and the same field is asked for again."""
        skill, known = self.skill, known_values(self.skill, tracker)
        return _asks_for(skill, _first_missing(skill, known) or (CONFIRM if skill.confirm else None))

    def _tell(self, dispatcher: CollectingDispatcher, tracker: Tracker, reading: Reading) -> None:
        """Say what was changed or what was wrong; after two misses in a row with a way out."""
        if not reading.notes:
            return
        told: dict[str, Any] = {"unclear": reading.unclear} if reading.unclear else {CHANGING: True}
        helpless = reading.unclear and times_unclear(tracker, reading.unclear) + 1 >= OFFER_HELP_FROM
        notes = [*reading.notes, "一直填不对也没关系，可以转人工，或者先取消。"] if helpless else reading.notes
        buttons = (HUMAN_BUTTON, CANCEL_BUTTON) if helpless else ()
        reply = Reply("\n".join(notes), buttons=buttons, skill=self.skill.name, extra=told)
        dispatcher.utter_message(json_message=reply.as_payload())


@dataclass(frozen=True, slots=True)
class _Turn:
    """One call of a form: who asks, what was said, and what it does next."""

    skill: Skill
    dispatcher: CollectingDispatcher
    tracker: Tracker
    context: SkillContext
    starting: bool

    @property
    def requested(self) -> str | None:
        """The field that was asked for last."""
        slot = None if self.starting else self.tracker.slots.get(REQUESTED_SLOT)
        return slot.removeprefix(self.skill.slot("")) if isinstance(slot, str) else None

    def pending(self, known: Mapping[str, str]) -> str | None:
        """The field that was asked for because the person wants to change it, and is still open."""
        name = self.requested
        optional = name in self.skill.form.model_fields and name not in self.skill.required_fields(known)
        return name if self.skill.preview and optional and name not in known else None

    @property
    def may(self) -> bool:
        """Whether the person may use the skill."""
        return missing_step(self.skill, self.context.principal) is None

    async def offered(self, known: Mapping[str, str]) -> Offered:
        """The choices that this person has."""
        return await offered(self.skill, self.context, known) if self.may else {}

    async def goes_on(
        self, known: Mapping[str, str], confirmed: bool, *, corrected: bool = False, wanted: str | None = None
    ) -> list[EventType]:
        """Ask for the next missing field; setting it to nothing keeps the form from stepping back.

        `wanted` is asked for first. A form that may not or cannot go on ends; what to do about it is up to its
        submission.
        """
        skill, again = self.skill, just_done(self.tracker, self.skill.form_name) == f"action_submit_{self.skill.name}"
        if not self.may:
            return self.ends()
        # what its own submission found wrong is asked again, without doing the work for it twice
        asked = _first_missing(skill, known) if again else None if corrected else self.requested
        opening = self.starting and not again
        try:
            coming = await next_of(
                skill, self.context, known, opening=opening, asked=asked, confirmed=confirmed, wanted=wanted
            )
        except CannotGoOn as end:
            self.dispatcher.utter_message(json_message=end.reply.as_payload())
            return self.ends()
        for reply in coming.replies:
            self.dispatcher.utter_message(json_message=reply.as_payload())
        prefilled = [SlotSet(skill.slot(name), value) for name, value in coming.known.items() if name not in known]
        dropped = [SlotSet(skill.slot(name), None) for name in coming.dropped]
        return [*prefilled, *dropped, *_asks_for(skill, coming.missing)]

    def ends(self) -> list[EventType]:
        """Close the form; a slot stands beside `requested_slot`, else the form would only step back."""
        slots = [self.skill.slot(name) for name in self.skill.form.model_fields][:1]
        return [*(SlotSet(slot, self.tracker.slots.get(slot)) for slot in slots), SlotSet(REQUESTED_SLOT, None)]


def _first_missing(skill: Skill, known: Mapping[str, str]) -> str | None:
    return next((name for name in skill.required_fields(known) if name not in known), None)


def _asks_for(skill: Skill, missing: str | None) -> list[EventType]:
    if missing is None:
        return [SlotSet(REQUESTED_SLOT, None)]
    return [SlotSet(skill.slot(missing), None), SlotSet(REQUESTED_SLOT, skill.slot(missing))]


def known_values(skill: Skill, tracker: Tracker) -> dict[str, str]:
    """The values that the skill's slots hold."""
    slots = {name: tracker.slots.get(skill.slot(name)) for name in skill.form.model_fields}
    return {name: str(value) for name, value in slots.items() if value is not None}


def cleared(skill: Skill) -> list[EventType]:
    """Forget everything that was filled in."""
    names = [*skill.form.model_fields, *([CONFIRM] if skill.confirm else [])]
    return [SlotSet(skill.slot(name), None) for name in names]

"""“销售额改成30万” after a result: the calculation is done again with that one value changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.explain import TRACE, latest_trace
from actions.hearing import Standing
from actions.reading import Reading, read
from actions.turns import earlier_turn, marks, said
from actions.wording import CHANGES_TO, asks
from bot.dialogue.replies import Reply
from hub.kit import clock
from hub.skills import Skill
from services.calculations import wording
from services.calculations.service import CalculationNotFound, entered
from services.calculations.skills import CALCULATIONS

NAME = "action_recalculate"


class Recalculate(Action):  # type: ignore[misc]
    """Opens the form of the last calculation again with what was entered then and what was changed now."""

    def __init__(self, skill_names: Iterable[str]) -> None:
        self._skill_names = frozenset(skill_names)
        self._skills = {skill.name: skill for skill in CALCULATIONS}

    def name(self) -> str:
        """As Rasa calls it."""
        return NAME

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[EventType]:
        """Fill the form as it was, apply the change, and submit it where nothing is missing."""
        found = await self.change(tracker)
        if found is None:
            dispatcher.utter_message(json_message=Reply(wording.NOTHING_TO_CHANGE).as_payload())
            return []
        skill, known, reading = found
        if reading.notes:
            # the trace stays at hand: the next message may say what is to be changed
            extra = {} if reading.values else {TRACE: str(latest_trace(tracker))}
            reply = Reply("\n".join(reading.notes), skill=skill.name, extra=extra)
            dispatcher.utter_message(json_message=reply.as_payload())
        values: dict[str, str | None] = {**dict.fromkeys(skill.form.model_fields), **known, **reading.values}
        slots = [SlotSet(skill.slot(name), value) for name, value in values.items()]
        if not reading.values:  # only words on what can be changed, or why this cannot be
            return []
        return [*slots, FollowupAction(skill.form_name)]

    async def change(self, tracker: Tracker) -> tuple[Skill, dict[str, str], Reading] | None:
        """The calculation that was shown right before, what was entered for it, and what the message changes in it.

        A value that cannot be counts as well: the reading says why.
        """
        trace_id = latest_trace(tracker) if _follows_a_result(tracker) else None
        if trace_id is None:
            return None
        try:
            name, form = await entered(trace_id)
        except CalculationNotFound:
            return None
        if name not in self._skills:
            return None
        skill, known = self._skills[name], {field: str(value) for field, value in form.items()}
        reading = read(Standing(skill, known, None), said(tracker, clock.today()), self._skill_names)
        return (skill, known, reading) if reading.values or reading.unclear else None

    async def meant(self, tracker: Tracker) -> bool:
        """Whether the message says that a value of the calculation becomes another one, whatever it was taken for."""
        message = said(tracker, clock.today())
        if message.command or not CHANGES_TO.search(message.text) or asks(message.text):
            return False
        return await self.change(tracker) is not None


def _follows_a_result(tracker: Tracker) -> bool:
    return bool(marks(earlier_turn(tracker), TRACE))

"""“为什么是这个数”: the steps of the amount that was said last, also in the middle of a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.context import subject_of
from actions.turns import marks, split
from bot.dialogue.replies import PRIVATE, Reply, skill_button
from hub.accounts.people import principal_of
from hub.kit.db import reading
from services.calculations import wording
from services.calculations.service import CalculationNotFound, explained, owner_of
from services.calculations.skills import CALCULATIONS

TRACE = "trace"
"""Under this key our messages carry the trace id of the calculation behind their amounts."""


class Explain(Action):  # type: ignore[misc]
    """Prints every step with its law; where there is no amount yet, offers to work one out."""

    def name(self) -> str:
        """As Rasa calls it."""
        return "action_explain"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[EventType]:
        """Explain the amount that this conversation heard last."""
        dispatcher.utter_message(json_message=(await self.reply(tracker)).as_payload())
        return []

    async def reply(self, tracker: Tracker) -> Reply:
        """The steps, or what to do instead."""
        trace_id = latest_trace(tracker)
        if trace_id is None:
            return Reply(wording.NOTHING_TO_EXPLAIN, buttons=_calculators(tracker))
        async with reading() as session:
            principal = await principal_of(session, subject_of(tracker))
        try:
            owner = owner_of(principal)
            read = await explained(trace_id, owner)
        except CalculationNotFound:
            return Reply(wording.NOT_FOUND, buttons=_calculators(tracker))
        citations = tuple(one.model_dump(mode="json") for one in read.citations)
        extra = {TRACE: str(trace_id), **({PRIVATE: True} if owner else {})}
        return Reply(wording.explanation(read), citations=citations, extra=extra)


def latest_trace(tracker: Tracker) -> UUID | None:
    """The calculation behind the amount that was said last in this conversation."""
    for turn in reversed(split(tracker.events)):
        if found := marks(turn, TRACE):
            return UUID(str(found[-1]))
    return None


def _calculators(tracker: Tracker) -> tuple[dict[str, str], ...]:
    """What can be worked out; nothing where a form waits for its answer."""
    return () if tracker.active_loop_name else tuple(skill_button(skill.name) for skill in CALCULATIONS)

"""“选错了，换成松间”: a choice that was made right before is made again, also when the talk has gone on to a form."""

from __future__ import annotations

from collections.abc import Iterable

from rasa_sdk import Tracker

from actions.context import context_of
from actions.hearing import Standing
from actions.offering import offered
from actions.reading import read
from actions.turns import Said, earlier_turn, said
from actions.wording import CHANGED, TAKES_BACK
from hub.kit import clock
from hub.skills import Skill
from services.identity.steps import missing_step


class ChosenBefore:
    """Knows the skills that are nothing but one choice, which binds nobody and can be made again."""

    def __init__(self, skills: Iterable[Skill]) -> None:
        skills = tuple(skills)
        self._names = frozenset(skill.name for skill in skills)
        self._skills = {
            f"action_submit_{skill.name}": skill
            for skill in skills
            if len(skill.form.model_fields) == 1 and not skill.confirm
        }

    async def taken_back(self, tracker: Tracker) -> Skill | None:
        """The skill of the choice made right before, where the message takes it back and names another."""
        message = said(tracker, clock.today())
        done = [str(event.get("name")) for event in earlier_turn(tracker) if event.get("event") == "action"]
        skill = next((self._skills[name] for name in reversed(done) if name in self._skills), None)
        if skill is None or not _takes_back(message):
            return None
        context = await context_of(skill, tracker)
        if missing_step(skill, context.principal):
            return None
        standing = Standing(skill, {}, None, True, await offered(skill, context, {}))
        return skill if read(standing, message, self._names).values else None


def _takes_back(message: Said) -> bool:
    if message.command:
        return False
    return message.intent == "correct" or bool(CHANGED.search(message.text) or TAKES_BACK.match(message.text))

"""Asks for a field whose choices depend on who asks: which company, which return, which charge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.context import context_of
from actions.forms import known_values
from actions.offering import offered
from bot.dialogue.builder import ask_action
from bot.dialogue.replies import Reply
from hub.skills import Skill, question_of

MOST_BUTTONS = 8


class AskField(Action):  # type: ignore[misc]
    """Says the question with a button for each choice; a long list is shown in part, any of it may be typed."""

    def __init__(self, skill: Skill, field: str) -> None:
        self.skill, self.field = skill, field

    def name(self) -> str:
        """As Rasa calls it."""
        return ask_action(self.skill, self.field)

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[EventType]:
        """Ask."""
        skill, question = self.skill, question_of(self.skill.form, self.field)
        context = await context_of(skill, tracker)
        choices = (await offered(skill, context, known_values(skill, tracker))).get(self.field, ())
        text = question.prompt
        if len(choices) > MOST_BUTTONS:
            text += f"\n共{len(choices)}项，下面是前{MOST_BUTTONS}项；其余的请直接输入名称。"
        buttons = tuple({"title": one.title, "payload": one.title} for one in choices[:MOST_BUTTONS])
        reply = Reply(text, buttons=buttons, skill=skill.name, extra={"awaits": self.field})
        dispatcher.utter_message(json_message=reply.as_payload())
        return []

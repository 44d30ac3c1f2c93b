"""What is said in the middle of a form and is not for it: answered at once, or another thing to do is begun.

The hub does it itself instead of Rasa's rules: a rule for each pair of forms made training quadratic in the number of
skills (docs/decisions/0009).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import AnswerQuestion
from actions.explain import Explain
from actions.turns import Said, marks, split
from bot.dialogue.replies import Reply
from hub.skills import Skill

LEFT_TO_RULES = frozenset({"cancel", "talk_to_human"})
"""They close the form: the generated rules do that."""
SWITCH = "switch"
"""Mark of the message that closes a form in favour of another; its value is the other skill, or an action."""
ANSWERS: Mapping[str, str] = {
    "greet": "utter_greet",
    "goodbye": "utter_goodbye",
    "thank": "utter_thank",
    "bot_challenge": "utter_bot_challenge",
    "ask_capabilities": "utter_capabilities",
    "repeat": "utter_ask_again",
    "resume": "utter_go_on",
}
NOT_TAKEN = "utter_not_taken"
GO_ON = "utter_go_on"
BEYOND_DOUBT = 0.85
"""Below it a question that the classifier takes for a goodbye or a wish to do something else is still a question."""
MEANT = 0.6
"""Below it the classifier's guess at another thing to do is not worth putting the form down for."""
_ASKED = frozenset({"ask_question", "nlu_fallback"})
_TOLD = _ASKED | ANSWERS.keys() | {"explain_amount"}


class Asides:
    """Answers what is said aside."""

    def __init__(self, skills: Iterable[Skill], answer: AnswerQuestion) -> None:
        self._skills = {skill.name: skill for skill in skills}
        self._answer, self._explain = answer, Explain()

    def switch(self, skill: Skill, message: Said, *, question: bool) -> Skill | None:
        """The other thing that the person wants to do instead."""
        if message.confidence < (BEYOND_DOUBT if question else MEANT):
            return None
        return None if message.intent == skill.name else self._skills.get(message.intent)

    async def tell(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, skill: Skill, message: Said, *, question: bool
    ) -> None:
        """Answer; a question is looked up whatever it was taken for, unless that is beyond doubt."""
        intent = message.intent
        settled = intent in _TOLD and (intent in _ASKED or message.confidence >= BEYOND_DOUBT or not question)
        if intent == "explain_amount" and (settled or not question):
            dispatcher.utter_message(json_message=(await self._explain.reply(tracker)).as_payload())
        elif intent in _ASKED or (question and not settled):
            dispatcher.utter_message(json_message=(await self._answer.reply(tracker)).as_payload())
        else:
            dispatcher.utter_message(response=GO_ON if intent == skill.name else ANSWERS.get(intent, NOT_TAKEN))


def switching(skill: Skill, other: Skill) -> Reply:
    """Says that one thing is put down and another is begun."""
    return Reply(f"好的，先放下“{skill.title}”，来办“{other.title}”。", extra={SWITCH: other.name})


def switched_to(tracker: Tracker) -> str | None:
    """The skill for which a form was closed on the latest message."""
    turns = split(tracker.events)
    found = marks(turns[-1], SWITCH) if turns else []
    return str(found[-1]) if found else None

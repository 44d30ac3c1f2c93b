"""The one list of what the bot can do when Rasa asks; made from the list of skills."""

from __future__ import annotations

from functools import lru_cache

from rasa_sdk import Action
from rasa_sdk.executor import ActionExecutor

from actions.again import ChosenBefore
from actions.answer import AnswerQuestion
from actions.asides import Asides
from actions.asking import AskField
from actions.explain import Explain
from actions.forms import ValidateForm
from actions.handoff import HandOff
from actions.recalculate import Recalculate
from actions.session import OutOfPlace, Repeat, Resume
from actions.submit import SubmitForm
from hub.skills import Skill, question_of
from services.registry import SKILLS


def actions_for(skills: tuple[Skill, ...]) -> list[Action]:
    """Everything that Rasa may ask for, given these skills."""
    names = [skill.name for skill in skills]
    human = HandOff(skills)
    again, chosen = Recalculate(names), ChosenBefore(skills)
    answer = AnswerQuestion(human, again)
    asides = Asides(skills, answer)
    shared = [answer, human, Repeat(), Resume(skills), OutOfPlace(skills, answer, again, chosen), Explain(), again]
    return [
        *shared,
        *(ValidateForm(skill, names, asides, chosen, again) for skill in skills),
        *(SubmitForm(skill) for skill in skills),
        *(AskField(skill, name) for skill in skills for name in skill.form.model_fields if _has_options(skill, name)),
    ]


def _has_options(skill: Skill, name: str) -> bool:
    return question_of(skill.form, name).options is not None


def executor_for(skills: tuple[Skill, ...]) -> ActionExecutor:
    """An executor of rasa-sdk that knows them."""
    executor = ActionExecutor()
    for action in actions_for(skills):
        executor.register_action(action)
    return executor


@lru_cache
def executor() -> ActionExecutor:
    """The executor of this process."""
    return executor_for(SKILLS)

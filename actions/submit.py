"""Submitting a filled form: does what the skill does and says what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.forms import CANCEL_BUTTON, cleared, known_values
from actions.hearing import CONFIRM
from actions.turns import said
from bot.dialogue.replies import HUMAN_BUTTON, Reply
from hub.kit import clock
from hub.kit.errors import HubError, Unavailable
from hub.kit.logging import get_logger
from hub.skills import Skill, SkillContext, SkillResult, question_of

log = get_logger(__name__)

TRY_AGAIN_BUTTON = {"title": "再试一次", "payload": "intent:resume"}
KEPT = "您填写的内容已为您保留，稍后回复“继续”即可再次提交。"
FAILED = "抱歉，提交时出了点问题，没有办成，已经记录下来。"
UNAVAILABLE = "unavailable"
"""The status by which a skill says that an outside system did not answer."""


class SubmitForm(Action):  # type: ignore[misc]
    """Runs when nothing is missing any more."""

    def __init__(self, skill: Skill) -> None:
        self.skill = skill

    def name(self) -> str:
        """As Rasa calls it."""
        return f"action_submit_{self.skill.name}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[EventType]:
        """Submit. The key is the message that completed the form: the same message again is the same act."""
        skill = self.skill
        known = known_values(skill, tracker)
        needed = skill.required_fields(known)
        try:
            form = skill.form.model_validate({name: known[name] for name in needed if name in known})
        except ValidationError as error:
            wrong = _fields_of(error, skill.form) or needed[-1:]
            return self._again(dispatcher, _reasons(error, skill.form), wrong)
        try:
            result = await self._submit(form, tracker)
        except Unavailable as error:
            return self._kept(dispatcher, error.user_message)
        except HubError as error:
            log.warning("skill_refused", skill=skill.name, code=error.code)
            _say(dispatcher, Reply(error.user_message, buttons=(HUMAN_BUTTON,)))
            return cleared(skill)
        except Exception:
            # whatever broke: the person must not have to type everything again
            log.exception("skill_failed", skill=skill.name)
            return self._kept(dispatcher, FAILED)
        if result.status == UNAVAILABLE:
            return self._kept(dispatcher, result.text)
        if result.retry_fields:
            return self._again(dispatcher, result.text, result.retry_fields, _citations(result))
        _say(dispatcher, _reply(result))
        return cleared(skill)

    async def _submit(self, form: BaseModel, tracker: Tracker) -> SkillResult:
        message = said(tracker, clock.today())
        context = SkillContext(
            today=clock.today(),
            key=f"{tracker.sender_id}:{message.message_id}",
            caller=f"conversation:{tracker.sender_id}",
            channel=message.channel,
            conversation_id=tracker.sender_id,
        )
        return await self.skill.submit(context, form)

    def _again(
        self,
        dispatcher: CollectingDispatcher,
        text: str,
        wrong: Sequence[str],
        citations: tuple[dict[str, Any], ...] = (),
    ) -> list[EventType]:
        """Keep what may be right, ask for the rest again."""
        labels = "、".join(question_of(self.skill.form, name).label for name in wrong)
        kept = f"{text}\n下面重新填写{labels}，其他内容已保留；不查了可以回复“取消”。"
        buttons = (HUMAN_BUTTON, CANCEL_BUTTON)
        _say(dispatcher, Reply(kept, buttons=buttons, citations=citations, skill=self.skill.name))
        slots = [*wrong, *([CONFIRM] if self.skill.confirm else [])]
        return [*(SlotSet(self.skill.slot(name), None) for name in slots), FollowupAction(self.skill.form_name)]

    def _kept(self, dispatcher: CollectingDispatcher, text: str) -> list[EventType]:
        """Nothing was done and nothing is lost: the person may submit again later, having confirmed anew."""
        reply = Reply(f"{text}\n{KEPT}", buttons=(TRY_AGAIN_BUTTON, HUMAN_BUTTON), extra={"kept": self.skill.name})
        _say(dispatcher, reply)
        return [SlotSet(self.skill.slot(CONFIRM), None)] if self.skill.confirm else []


def _say(dispatcher: CollectingDispatcher, reply: Reply) -> None:
    dispatcher.utter_message(json_message=reply.as_payload())


def _reply(result: SkillResult) -> Reply:
    buttons = tuple({"title": button.title, "payload": button.payload} for button in result.buttons)
    extra = {"outcome": result.status, **({"receipt": result.receipt} if result.receipt else {})}
    return Reply(result.text, buttons=buttons, citations=_citations(result), extra=extra)


def _citations(result: SkillResult) -> tuple[dict[str, Any], ...]:
    return tuple(dict(citation) for citation in result.citations)


def _fields_of(error: ValidationError, form: type[BaseModel]) -> list[str]:
    wrong = {str(item["loc"][0]) for item in error.errors() if item["loc"]}
    return [name for name in form.model_fields if name in wrong]


def _reasons(error: ValidationError, form: type[BaseModel]) -> str:
    """What is wrong, in our own words wherever a validator chose them."""
    reasons = []
    for item in error.errors():
        if item["type"] == "value_error":
            reasons.append(str(item["ctx"]["error"]))
        elif item["loc"]:
            reasons.append(question_of(form, str(item["loc"][0])).invalid)
    return "\n".join(dict.fromkeys(reasons)) or "填写的内容有误，请核对。"

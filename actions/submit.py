"""Submitting a filled form: does what the skill does and says what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.asides import switched_to
from actions.context import FOR, context_of, put_aside
from actions.forms import CANCEL_BUTTON, cleared, known_values
from actions.hearing import CONFIRM
from actions.offering import KEPT, NO_ANSWER, STOPPED, TRY_AGAIN_BUTTON
from actions.recalculate import NAME
from actions.turns import actions_since, marks, split
from bot.dialogue.replies import HUMAN_BUTTON, Reply, private
from hub.forms import reasons, wrong_fields
from hub.kit.errors import HubError, Unavailable
from hub.kit.logging import get_logger
from hub.skills import UNAVAILABLE, Skill, SkillResult, question_of
from services.gateways.errors import GatewayError
from services.identity.steps import STEP_SKILLS, WHY, missing_step
from services.registry import skill_by_name

log = get_logger(__name__)

FAILED = "抱歉，提交时出了点问题，没有办成，已经记录下来。"


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
        other = switched_to(tracker)
        if other and other != skill.name and other not in actions_since(tracker):
            return [FollowupAction(NAME if other == NAME else skill_by_name(other).form_name)]
        if stopped := marks(split(tracker.events)[-1], STOPPED) if tracker.events else []:
            # the form has said why it cannot go on; what it keeps, it has marked
            return [] if _keeps(tracker) and stopped[-1] == skill.name else cleared(skill)
        context = await context_of(skill, tracker)
        if step := missing_step(skill, context.principal):
            return self._step_up(dispatcher, step)
        known = known_values(skill, tracker)
        needed = skill.required_fields(known)
        try:
            form = skill.form.model_validate({name: known[name] for name in (*needed, *known) if name in known})
        except ValidationError as error:
            return self._again(dispatcher, reasons(error, skill.form), wrong_fields(error, skill.form) or needed[-1:])
        try:
            result = await skill.submit(context, form)
        except (Unavailable, GatewayError) as error:
            return self._kept(dispatcher, error.user_message if isinstance(error, Unavailable) else NO_ANSWER)
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
        _say(dispatcher, reply_of(result, skill))
        return [*cleared(skill), *await self._back(dispatcher, tracker)]

    def _step_up(self, dispatcher: CollectingDispatcher, step: str) -> list[EventType]:
        """Lift the person first; everything that was filled in stays, but a confirmation is given anew."""
        said = Reply(f"{WHY[step]}完成后我们接着办“{self.skill.title}”。", extra={FOR: self.skill.name})
        _say(dispatcher, said)
        unconfirmed = [SlotSet(self.skill.slot(CONFIRM), None)] if self.skill.confirm else []
        return [*unconfirmed, *_opens(step)]

    async def _back(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """After a step: to the next one, or back to what it was done for."""
        waiting = put_aside(tracker) if self.skill.name in STEP_SKILLS else None
        if waiting is None:
            return []
        aim = skill_by_name(waiting)
        context = await context_of(aim, tracker)
        step = missing_step(aim, context.principal)
        if step == self.skill.name:  # it was done and did not lift: asking again would go round in circles
            return []
        if step:
            _say(dispatcher, Reply(WHY[step], extra={FOR: waiting}))
            return _opens(step)
        return [FollowupAction(aim.form_name)]

    def _again(
        self,
        dispatcher: CollectingDispatcher,
        text: str,
        wrong: Sequence[str],
        citations: tuple[dict[str, Any], ...] = (),
    ) -> list[EventType]:
        """Keep what may be right, ask for the rest again."""
        labels = "、".join(question_of(self.skill.form, name).label for name in wrong)
        kept = f"{text}\n下面重新填写{labels}，其他内容已保留；不办了可以回复“取消”。"
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


def reply_of(result: SkillResult, skill: Skill) -> Reply:
    """What came of a skill, as a message."""
    buttons = tuple({"title": button.title, "payload": button.payload} for button in result.buttons)
    extra: dict[str, Any] = {"outcome": result.status, **({"receipt": result.receipt} if result.receipt else {})}
    extra |= {**private(skill), **({"trace": result.trace_id} if result.trace_id else {})}
    return Reply(result.text, buttons=buttons, citations=_citations(result), extra=extra)


def _citations(result: SkillResult) -> tuple[dict[str, Any], ...]:
    return tuple(dict(citation) for citation in result.citations)


def _opens(step: str) -> list[EventType]:
    """Begin a step afresh, without what somebody may have typed into it and given up."""
    skill = skill_by_name(step)
    return [*cleared(skill), FollowupAction(skill.form_name)]


def _keeps(tracker: Tracker) -> bool:
    return bool(marks(split(tracker.events)[-1], "kept"))

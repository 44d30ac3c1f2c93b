"""What a form asks next: prefilled values, choices made for this person, work to do before a question, the sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from actions.hearing import CONFIRM
from bot.dialogue.replies import HUMAN_BUTTON, Reply
from hub.forms import Offered, reasons, summary, wrong_fields
from hub.kit.errors import HubError, Unavailable
from hub.kit.logging import get_logger
from hub.skills import Skill, SkillContext, question_of
from services.gateways.errors import GatewayError

log = get_logger(__name__)

TRY_AGAIN_BUTTON = {"title": "再试一次", "payload": "intent:resume"}
NO_ANSWER = "税务系统暂时没有回应，什么都没有提交。"
KEPT = "您填写的内容已为您保留，稍后回复“继续”即可再次提交。"
CANCELLED = "好的，已为您取消，刚才填写的内容不会提交。还有什么可以帮您？"
"""As `utter_cancelled`, which Rasa says where its classifier takes a message for a cancellation."""
CHANGE_FIRST = "请直接说要改哪一项、改成多少；不办了可以回复“取消”。"
CHANGING = "changing"
"""Mark of the message that says what can be changed, or what was."""
STOPPED = "stopped"
"""Mark of the message that ends a form which cannot go on."""


class CannotGoOn(Exception):
    """The form has to end here; `reply` says why, and carries what is kept."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        super().__init__(reply.text)


@dataclass(slots=True)
class Next:
    """What comes next: the values known by now, the field to ask for (None: all is there), what to say before."""

    known: dict[str, str]
    missing: str | None = None
    replies: list[Reply] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


def stop(skill: Skill, text: str, buttons: tuple[dict[str, str], ...] = (), *, kept: bool = False) -> CannotGoOn:
    """The end of a form: for good, or until somebody goes on with what is kept."""
    marks = {STOPPED: skill.name, **({"kept": skill.name} if kept else {})}
    return CannotGoOn(Reply(text, buttons=buttons or (HUMAN_BUTTON,), extra=marks))


def unavailable(skill: Skill, text: str = NO_ANSWER) -> CannotGoOn:
    """An outside system does not answer: everything is kept."""
    return stop(skill, f"{text}\n{KEPT}", (TRY_AGAIN_BUTTON, HUMAN_BUTTON), kept=True)


async def offered(skill: Skill, context: SkillContext, known: Mapping[str, str]) -> Offered:
    """The choices that this person has, by field; a field whose choices cannot be had now is left out."""
    found: dict[str, Any] = {}
    for name in skill.form.model_fields:
        options = question_of(skill.form, name).options
        if options is None:
            continue
        try:
            found[name] = tuple(await options(context, known))
        except (HubError, GatewayError) as error:
            log.warning("choices_unavailable", skill=skill.name, field=name, error=type(error).__name__)
    return found


async def next_of(
    skill: Skill,
    context: SkillContext,
    known: Mapping[str, str],
    *,
    opening: bool,
    asked: str | None,
    confirmed: bool,
    wanted: str | None = None,
) -> Next:
    """What the form does next; `asked` is the field that was asked for last, `opening` when it is begun.

    `wanted` is a field that is asked for first, whether it is needed or not. Raises `CannotGoOn`.
    """
    try:
        if wanted is not None and wanted not in known:
            return Next(dict(known), wanted, await _before(skill, context, known, wanted, asked))
        return await _next(skill, context, dict(known), opening=opening, asked=asked, confirmed=confirmed)
    except Unavailable as error:
        raise unavailable(skill, error.user_message) from error
    except GatewayError as error:
        log.warning("form_waits", skill=skill.name, reason=error.reason)
        raise unavailable(skill) from error
    except HubError as error:
        raise stop(skill, error.user_message) from error


async def _next(
    skill: Skill, context: SkillContext, known: dict[str, str], *, opening: bool, asked: str | None, confirmed: bool
) -> Next:
    if opening and skill.prefill:
        known = {**{name: str(value) for name, value in (await skill.prefill(context, known)).items()}, **known}
    needed = skill.required_fields(known)
    missing = next((name for name in needed if name not in known), None)
    if missing is not None:
        return Next(known, missing, await _before(skill, context, known, missing, asked))
    if not skill.confirm or confirmed:
        return Next(known)
    return await _confirmation(skill, context, known, needed)


async def _before(
    skill: Skill, context: SkillContext, known: Mapping[str, str], missing: str, asked: str | None
) -> list[Reply]:
    question = question_of(skill.form, missing)
    if question.options and not await question.options(context, known):
        raise stop(skill, question.invalid)
    if question.before is None or asked == missing:
        return []
    words = await question.before(context, known)
    return [Reply(words, skill=skill.name)] if words else []


async def _confirmation(skill: Skill, context: SkillContext, known: dict[str, str], needed: list[str]) -> Next:
    """The sheet that is confirmed; a form that breaks a rule about the whole is asked again instead."""
    given = {name: known[name] for name in dict.fromkeys([*needed, *known]) if name in known}
    if skill.preview is None:
        lines = summary(skill.form, known, needed, await offered(skill, context, known))
        return Next(known, CONFIRM, [Reply(f"请核对{skill.title}的内容：\n{lines}", skill=skill.name)])
    try:
        form = skill.form.model_validate(given)
    except ValidationError as error:
        wrong = wrong_fields(error, skill.form) or needed[-1:]
        left = {name: value for name, value in known.items() if name not in wrong}
        said = Reply(reasons(error, skill.form), skill=skill.name, extra={"unclear": wrong[0]})
        return Next(left, wrong[0], [said], wrong)
    preview = await skill.preview(context, form)
    if preview.refusal and preview.open:
        told = f"{preview.refusal}\n{CHANGE_FIRST}"
        return Next(known, CONFIRM, [Reply(told, skill=skill.name, extra={CHANGING: True})])
    if preview.refusal:
        buttons = tuple({"title": button.title, "payload": button.payload} for button in preview.buttons)
        raise stop(skill, preview.refusal, buttons)
    extra = {"trace": preview.trace_id} if preview.trace_id else {}
    citations = tuple(dict(citation) for citation in preview.citations)
    return Next(known, CONFIRM, [Reply(preview.text, citations=citations, skill=skill.name, extra=extra)])

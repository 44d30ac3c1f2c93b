"""`/api/v1/skills`: every skill over the API, from the same declaration as in chat."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Request
from pydantic import BaseModel, ValidationError

from hub.accounts.access import Public
from hub.kit import clock, idempotency
from hub.kit.errors import NotFound
from hub.kit.ids import new_id
from hub.kit.rates import client_address, rate_limit
from hub.skills import Access, Skill, SkillContext, complaint, form_invalid, question_of
from services.registry import SKILLS, skill_by_name

router = APIRouter(prefix="/api/v1/skills", tags=["skills"])


UNKNOWN_FIELD = "没有这一项，请对照服务目录中的表单填写。"
UNAVAILABLE = "unavailable"
"""The status by which a skill says that an outside system did not answer: not an answer to keep."""


class SkillRead(BaseModel):
    """One row of the service catalogue; `form` is a JSON Schema."""

    name: str
    title: str
    summary: str
    plan_action: int
    access: Access
    confirm: bool
    form: dict[str, Any]


class SkillList(BaseModel):
    """The service catalogue."""

    skills: list[SkillRead]


class SkillAnswer(BaseModel):
    """What came of it; `text` is for a person, `result` for a program."""

    status: str
    receipt: str | None
    text: str
    result: dict[str, Any]


class SkillNotFound(NotFound):
    """Nobody offers this."""

    code = "skill_not_found"
    message = "没有这项服务，请查看服务目录。"


@router.get("", dependencies=[Public])
def list_skills() -> SkillList:
    """What can be done here, with the form that each takes."""
    return SkillList(
        skills=[
            SkillRead(
                name=skill.name,
                title=skill.title,
                summary=skill.summary,
                plan_action=skill.plan_action,
                access=skill.access,
                confirm=skill.confirm,
                form=skill.form.model_json_schema(),
            )
            for skill in SKILLS
        ]
    )


@router.post("/{name}", dependencies=[Public, Depends(rate_limit("skill", lambda s: s.rate_message))])
async def use_skill(
    name: str,
    request: Request,
    body: Annotated[dict[str, Any], Body()],
    idempotency_key: Annotated[str | None, Header(min_length=8, max_length=128, pattern=r"^[\x21-\x7e]+$")] = None,
) -> SkillAnswer:
    """Do it. With an `Idempotency-Key` the same request again gives the first answer; with another body it is 422."""
    try:
        skill = skill_by_name(name)
    except LookupError:
        raise SkillNotFound from None
    form = checked_form(skill, body)
    caller = client_address(request)
    if idempotency_key and (kept := await idempotency.kept_answer(caller, name, idempotency_key, body)):
        return SkillAnswer(**kept)
    key = idempotency_key or str(new_id())
    done = await skill.submit(SkillContext(today=clock.today(), key=f"api:{caller}:{key}", caller=caller), form)
    answer = SkillAnswer(status=done.status, receipt=done.receipt, text=done.text, result=dict(done.result))
    if idempotency_key and done.status != UNAVAILABLE:
        await idempotency.keep(caller, name, idempotency_key, body, answer.model_dump(mode="json"))
    return answer


def checked_form(skill: Skill, body: dict[str, Any]) -> BaseModel:
    """The filled-in form.

    Raises `FormInvalid` with one sentence in Chinese for each field that is missing or wrong.
    """
    try:
        form = skill.form.model_validate(body)
    except ValidationError as error:
        raise form_invalid(
            [complaint(skill.form, item, UNKNOWN_FIELD) for item in error.errors(include_url=False)]
        ) from None
    values = form.model_dump(exclude_none=True)
    missing = [name for name in skill.required_fields(values) if name not in values]
    if missing:
        raise form_invalid([{"field": name, "message": question_of(skill.form, name).prompt} for name in missing])
    return form

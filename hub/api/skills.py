"""`/api/v1/skills`: every skill over the API, from the same declaration as in chat."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import BaseModel, ValidationError

from hub.accounts.access import BearerToken, Public, principal_by, token_subject
from hub.accounts.levels import ensure
from hub.accounts.looks import person_subject
from hub.kit import clock, idempotency
from hub.kit.errors import NotFound
from hub.kit.ids import new_id
from hub.kit.rates import client_address, rate_limit
from hub.skills import Access, Skill, SkillContext, complaint, form_invalid, question_of
from services.registry import SKILLS, skill_by_name

router = APIRouter(prefix="/api/v1/skills", tags=["skills"])
limited = Depends(rate_limit("skill", lambda settings: settings.rate_message))

UNKNOWN_FIELD = "没有这一项，请对照服务目录中的表单填写。"


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
    """What came of it; `text` is for a person, `result` for a program; `trace_id` explains the amounts."""

    status: str
    receipt: str | None
    text: str
    result: dict[str, Any]
    trace_id: str | None = None


class SkillSheet(BaseModel):
    """What is to be confirmed; `refusal` says why it cannot be done at all."""

    text: str
    trace_id: str | None
    refusal: str | None


class FieldChoice(BaseModel):
    """One value that this caller may choose."""

    title: str
    value: str


class SkillForm(BaseModel):
    """Values that are known of the caller, and what may be chosen, by field."""

    known: dict[str, str]
    choices: dict[str, list[FieldChoice]]


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


@router.post("/{name}", dependencies=[Public, limited])
async def use_skill(
    name: str,
    request: Request,
    body: Annotated[dict[str, Any], Body()],
    credentials: BearerToken,
    idempotency_key: Annotated[str | None, Header(min_length=8, max_length=128, pattern=r"^[\x21-\x7e]+$")] = None,
) -> SkillAnswer:
    """Do it. With an `Idempotency-Key` the same request again gives the first answer; with another body it is 422.

    A skill that needs more than anybody has takes the bearer token of `/api/v1/auth/tokens`.
    """
    skill, context = await _opened(name, request, credentials, idempotency_key or str(new_id()))
    form = checked_form(skill, body)
    who = context.principal
    # the same form for another taxpayer is another request
    asked = {"form": body, "for": who.taxpayer_id if who else None}
    if idempotency_key and (kept := await idempotency.kept_answer(context.caller, name, idempotency_key, asked)):
        return SkillAnswer(**kept)
    done = await skill.submit(context, form)
    answer = SkillAnswer(
        status=done.status, receipt=done.receipt, text=done.text, result=dict(done.result), trace_id=done.trace_id
    )
    if idempotency_key and done.final:
        await idempotency.keep(context.caller, name, idempotency_key, asked, answer.model_dump(mode="json"))
    return answer


@router.post("/{name}/preview", dependencies=[Public, limited])
async def preview_skill(
    name: str, request: Request, body: Annotated[dict[str, Any], Body()], credentials: BearerToken
) -> SkillSheet:
    """What would be done: the sheet that a person confirms. Nothing is done."""
    skill, context = await _opened(name, request, credentials, str(new_id()))
    form = checked_form(skill, body)
    if skill.preview is None:
        return SkillSheet(text=skill.summary, trace_id=None, refusal=None)
    sheet = await skill.preview(context, form)
    return SkillSheet(text=sheet.text, trace_id=sheet.trace_id, refusal=sheet.refusal)


@router.get("/{name}/form", dependencies=[Public, limited])
async def open_skill(name: str, request: Request, credentials: BearerToken) -> SkillForm:
    """What this caller starts from: values that are known, and the choices of fields that depend on who asks."""
    skill, context = await _opened(name, request, credentials, str(new_id()))
    known = dict(await skill.prefill(context, {})) if skill.prefill else {}
    choices = {
        field: [FieldChoice(title=one.title, value=one.value) for one in await options(context, known)]
        for field in skill.form.model_fields
        if (options := question_of(skill.form, field).options)
    }
    return SkillForm(known={field: str(value) for field, value in known.items()}, choices=choices)


async def _opened(
    name: str, request: Request, credentials: HTTPAuthorizationCredentials | None, key: str
) -> tuple[Skill, SkillContext]:
    """The skill and the context of the call.

    Raises `SkillNotFound`, and what `ensure` raises when the caller has to prove more first.
    """
    try:
        skill = skill_by_name(name)
    except LookupError:
        raise SkillNotFound from None
    principal = await principal_by(credentials)
    ensure(principal, skill.access)
    address = client_address(request)
    caller = person_subject(principal.person_id) if principal else address
    context = SkillContext(
        today=clock.today(), key=f"api:{caller}:{key}", caller=caller, principal=principal, address=address,
        subject=token_subject(credentials.credentials) if credentials else "",
    )  # fmt: skip
    return skill, context


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

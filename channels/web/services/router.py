"""`/services`: the catalogue with its search, and a page for each skill: fill in, look over, confirm, result."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData
from starlette.responses import Response

from channels.web.pages import page
from channels.web.services import catalogue
from channels.web.services.filling import Filling
from channels.web.services.visitor import Visitor
from hub.accounts.access import Public
from hub.kit.errors import HubError, NotFound
from hub.kit.ids import new_id
from hub.kit.rates import rate_limit
from hub.skills import UNAVAILABLE, Button, Preview, Skill, SkillResult
from services.calculations.service import explained
from services.gateways.errors import GatewayError
from services.identity.steps import STEP_SKILLS, missing_step

router = APIRouter(
    prefix="/services", include_in_schema=False, default_response_class=HTMLResponse,
    dependencies=[Public, Depends(rate_limit("page", lambda settings: settings.rate_message))],
)  # fmt: skip

NO_ANSWER = "税务系统暂时没有回应，什么都没有提交。您填写的内容还在本页，请稍后再点一次。"


class NoSuchService(NotFound):
    """Nobody offers this."""

    code = "skill_not_found"
    message = "没有这项服务，请返回服务列表查看。"


def _skill(name: str) -> Skill:
    try:
        return catalogue.entry(name)
    except LookupError:
        raise NoSuchService from None


@router.get("")
def list_services(request: Request, q: Annotated[str, Query(max_length=60)] = "") -> HTMLResponse:
    """Everything that can be done, or what the words mean."""
    found = catalogue.search(q)
    return page(request, "services.html", groups=catalogue.grouped(found), q=q, count=len(found))


@router.get("/explain/{trace_id}")
async def explain(request: Request, trace_id: UUID) -> HTMLResponse:
    """Why it is this amount: the steps."""
    context = await Visitor(request).context("explain")
    owner = context.principal.person_id if context.principal else None
    return page(request, "service_steps.html", read=await explained(trace_id, owner=owner))


@router.get("/{name}")
async def open_form(request: Request, name: str, then: Annotated[str, Query(max_length=64)] = "") -> Response:
    """The empty form, with what is known of the person; whoever has to prove something first is led there."""
    skill, visitor = _skill(name), Visitor(request)
    context = await visitor.context(str(new_id()))
    if step := missing_step(skill, context.principal):
        return _to(visitor, step, then=name)
    try:
        filling = await Filling.begin(skill, context)
    except (HubError, GatewayError) as error:
        return _said(request, visitor, skill, _words(error))
    if skill.name in STEP_SKILLS and then and not filling.missing:
        return await _finish(request, visitor, filling, then)
    return _form(request, visitor, filling, then)


@router.post("/{name}")
async def take_form(request: Request, name: str) -> Response:
    """What was entered: asked again where something is wrong, then the sheet, then the act."""
    skill, visitor, given = _skill(name), Visitor(request), await request.form()
    visitor.check(str(given.get("_stamp", "")))
    key, then = str(given.get("_key", ""))[:64] or str(new_id()), str(given.get("_then", ""))[:64]
    context = await visitor.context(key)
    if step := missing_step(skill, context.principal):
        return _to(visitor, step, then=name)
    filling: Filling | None = None
    try:
        filling = await Filling.take(skill, context, _texts(given))
        if filling.problems or filling.missing:
            await filling.prepare()
            return _form(request, visitor, filling, then, key)
        return await _complete(request, visitor, filling, then, key, str(given.get("_step", "")))
    except (HubError, GatewayError) as error:
        if filling is None:
            return _said(request, visitor, skill, _words(error))
        filling.notice = _words(error)
        return _form(request, visitor, filling, then, key)


async def _complete(request: Request, visitor: Visitor, filling: Filling, then: str, key: str, step: str) -> Response:
    """Everything is there: show the sheet, or do it."""
    form = filling.model()
    if form is None or step == "change":
        return _form(request, visitor, filling, then, key)
    if filling.skill.confirm and step != "confirm":
        sheet: Preview = await filling.sheet(form)
        if sheet.refusal and sheet.open:
            filling.notice = sheet.refusal
            return _form(request, visitor, filling, then, key)
        if sheet.refusal:
            return _said(request, visitor, filling.skill, sheet.refusal, sheet.buttons)
        return visited(
            visitor, page(request, "service_sheet.html", skill=filling.skill, sheet=sheet, known=filling.known,
                          stamp=visitor.stamp, key=key, then=then)
        )  # fmt: skip
    return await _finish(request, visitor, filling, then, key)


async def _finish(request: Request, visitor: Visitor, filling: Filling, then: str, key: str = "") -> Response:
    """Do it, and say what came of it; a step leads back to what it was done for."""
    skill, form = filling.skill, filling.model()
    if form is None:
        return _form(request, visitor, filling, then, key)
    done = await skill.submit(filling.context, form)
    if done.retry_fields:
        filling.reject(done.retry_fields, done.text)
        return _form(request, visitor, filling, then, key)
    if done.status == UNAVAILABLE:
        filling.notice = done.text
        return _form(request, visitor, filling, then, key)
    if skill.name in STEP_SKILLS and then:
        return _to(visitor, _skill(then).name)
    return _result(request, visitor, skill, done)


def _form(request: Request, visitor: Visitor, filling: Filling, then: str, key: str = "") -> Response:
    return visited(
        visitor, page(request, "service_form.html", skill=filling.skill, filling=filling, stamp=visitor.stamp,
                      key=key or str(new_id()), then=then, context=filling.context)
    )  # fmt: skip


def _result(request: Request, visitor: Visitor, skill: Skill, done: SkillResult) -> Response:
    return visited(
        visitor, page(request, "service_result.html", skill=skill, text=done.text, receipt=done.receipt,
                      trace_id=done.trace_id, citations=done.citations, links=_links(done.buttons))
    )  # fmt: skip


def _said(request: Request, visitor: Visitor, skill: Skill, text: str, buttons: tuple[Button, ...] = ()) -> Response:
    return visited(visitor, page(request, "service_result.html", skill=skill, text=text, links=_links(buttons)))


def _links(buttons: tuple[Button, ...]) -> list[tuple[str, str]]:
    """Buttons that lead to another page; what only a chat can do is left out."""
    named = [(button.title, button.payload.partition(":")) for button in buttons]
    return [(title, f"/services/{rest}") for title, (kind, _, rest) in named if kind == "skill"]


def _to(visitor: Visitor, name: str, then: str = "") -> Response:
    return visited(visitor, RedirectResponse(f"/services/{name}" + (f"?then={quote(then)}" if then else ""), 303))


def visited(visitor: Visitor, response: Response) -> Response:
    """The answer, with the cookie where the visitor has none yet."""
    visitor.remember(response)
    response.headers["Cache-Control"] = "no-store"
    return response


def _words(error: HubError | GatewayError) -> str:
    return error.user_message if isinstance(error, HubError) else NO_ANSWER


def _texts(given: FormData) -> dict[str, str]:
    return {name: value for name, value in given.items() if isinstance(value, str)}

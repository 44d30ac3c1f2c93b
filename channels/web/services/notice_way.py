"""`/services/notice-way`: by which way notices reach somebody first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from channels.web.pages import page
from channels.web.services.router import visited
from channels.web.services.visitor import Visitor
from hub.accounts.access import Public
from hub.accounts.models import NoticeWay
from hub.kit.errors import Invalid
from hub.kit.rates import rate_limit
from services.reminders import service, wording
from services.reminders.schemas import way_text

HERE = "/services/notice-way"
SIGN_IN = "/services/sign_in?then=reminder_settings"

router = APIRouter(
    prefix=HERE, include_in_schema=False, default_response_class=HTMLResponse,
    dependencies=[Public, Depends(rate_limit("page", lambda settings: settings.rate_message))],
)  # fmt: skip


class NoSuchWay(Invalid):
    """Nothing of the list was chosen."""

    code = "notice_way_unknown"
    message = "请在列出的送达方式里选一种，再点保存。"


@router.get("")
async def show(request: Request, saved: Annotated[str, Query(max_length=1)] = "") -> Response:
    """What is chosen, and what that means at this moment; whoever is not signed in is led there."""
    visitor = Visitor(request)
    principal = (await visitor.context(HERE)).principal
    if principal is None:
        return visited(visitor, RedirectResponse(SIGN_IN, 303))
    way, open_ways = await service.way_of(principal.person_id), await service.ways_open(principal.person_id)
    return visited(
        visitor, page(request, "service_way.html", principal=principal, way=way, titles=wording.WAY_TITLES,
                      text=way_text(way, open_ways), saved=bool(saved), stamp=visitor.stamp),
    )  # fmt: skip


@router.post("")
async def choose(request: Request) -> Response:
    """Write the choice down.

    Raises `PageIsOld`, `NoSuchWay`.
    """
    visitor, given = Visitor(request), await request.form()
    visitor.check(str(given.get("_stamp", "")))
    principal = (await visitor.context(HERE)).principal
    if principal is None:
        return visited(visitor, RedirectResponse(SIGN_IN, 303))
    try:
        way = NoticeWay(str(given.get("way", "")))
    except ValueError:
        raise NoSuchWay from None
    await service.choose(principal.person_id, way=way)
    return visited(visitor, RedirectResponse(f"{HERE}?saved=1", 303))

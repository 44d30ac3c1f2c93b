"""`/sandbox/phone`: the demonstration's phones in the browser, only while the sandbox stands in for the carrier."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader

from hub.accounts.access import Public
from hub.kit import clock
from hub.kit.db import reading
from hub.kit.errors import NotFound
from hub.kit.rates import rate_limit
from hub.settings import get_settings
from services.gateways.sms import sandbox

limited = Depends(rate_limit("sandbox_phone", lambda settings: settings.rate_message))
router = APIRouter(prefix="/sandbox", include_in_schema=False, dependencies=[Public, limited])

_PAGE = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True).get_template("phone.html")


@router.get("/phone", response_class=HTMLResponse)
async def phone(number: Annotated[str, Query(max_length=20)] = "") -> HTMLResponse:
    """The messages that came to a number of the demonstration."""
    if get_settings().sms_gateway != "sandbox":
        raise NotFound
    messages: object = ()
    if number:
        async with reading() as session:
            messages = await sandbox.inbox(session, number.strip())
    page = _PAGE.render(number=number, messages=messages, shown=clock.shown)
    return HTMLResponse(page, headers={"cache-control": "no-store"})

"""WeChat's page for browsers on their way to an account's page (网页授权), played by its stand-in; 演示环境 only.

WeChat knows whose phone it is and asks nothing. Here whoever plays a user says who they are.
"""

from __future__ import annotations

import pathlib
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from channels.wechat import sandbox, wording
from channels.wechat.account import Account
from channels.wechat.bind_pages import HERE, own_address
from channels.wechat.wire import OpenId
from hub.accounts.access import Public
from hub.kit.db import transaction
from hub.kit.errors import Invalid

AUTHORIZE = "/channels/wechat/sandbox/authorize"
_PAGE = Environment(loader=FileSystemLoader(pathlib.Path(__file__).parent), autoescape=True).get_template(
    "authorize.html"
)
_open_id: TypeAdapter[str] = TypeAdapter(OpenId)
Given = Annotated[str, Query(max_length=500)]


class AuthorizeRefused(Invalid):
    """WeChat takes only its own parameters, and sends browsers only to the account's registered domain."""

    code = "wechat_authorize_refused"
    message = wording.AUTHORIZE_REFUSED


def router_of(account: Account) -> APIRouter:
    """The page, under `/channels/wechat`."""
    router = APIRouter(prefix="/sandbox", include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/authorize", dependencies=[Public])
    async def authorize(
        request: Request, appid: Given = "", redirect_uri: Given = "", response_type: Given = "", scope: Given = "",
        state: Given = "", openid: Given = "",
    ) -> Response:  # fmt: skip
        """Ask who plays the user, and send the browser back with a code."""
        asked = (appid, redirect_uri, response_type, scope)
        expected = (account.app_id, f"{own_address(request)}{HERE}/back", "code", "snsapi_base")
        if asked != expected or not (state.isalnum() and state.isascii()):
            raise AuthorizeRefused
        try:
            sender = _open_id.validate_python(openid)
        except ValidationError:
            given = {
                "appid": appid, "redirect_uri": redirect_uri, "response_type": response_type, "scope": scope,
                "state": state,
            }  # fmt: skip
            return HTMLResponse(_PAGE.render(given=given, here=AUTHORIZE), headers={"Cache-Control": "no-store"})
        async with transaction() as session:
            code = await sandbox.agreed(session, sender)
        return RedirectResponse(f"{redirect_uri}?{urlencode({'code': code, 'state': state})}", 302)

    return router

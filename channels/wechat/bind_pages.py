"""`/channels/wechat/bind`: the pages on which WeChat is bound to a phone, looked at and let go; without scripts."""

from __future__ import annotations

import pathlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote, urlencode

import segno
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from channels.wechat import binding, wording
from channels.wechat.account import Account
from channels.wechat.binding import BindingOver, BindingTaken, Underway, WechatAway
from channels.wechat.browser import Browser, PageIsOld
from channels.wechat.client import WechatClient
from hub.accounts.access import Public
from hub.bureau import bureau
from hub.kit import clock
from hub.kit.errors import HubError, NotFound
from hub.kit.masking import mask_phone
from hub.kit.rates import client_address, rate_limit
from hub.settings import get_settings
from services.identity import wording as identity
from services.identity.schemas import AGAIN, Code, Phone

HERE = "/channels/wechat/bind"
ASKING = timedelta(seconds=10)
"""How long WeChat may take to say who it is, while another call of the same browser waits for it."""
INSIDE = "micromessenger"
ENDS = (BindingOver, BindingTaken, WechatAway)
"""Errors after which only a new start helps."""

_PAGE = Environment(loader=FileSystemLoader(pathlib.Path(__file__).parent), autoescape=True).get_template("bind.html")
_phone: TypeAdapter[str] = TypeAdapter(Phone)
_code: TypeAdapter[str] = TypeAdapter(Code)


def own_address(request: Request) -> str:
    """Where people reach the hub, without a slash at the end."""
    return get_settings().public_url.rstrip("/") or str(request.base_url).rstrip("/")


class BindPages:
    """The pages of one account; `authorize_at` is where WeChat asks who somebody is (a path: of its stand-in, here)."""

    def __init__(self, account: Account, client: WechatClient, authorize_at: str) -> None:
        self._app_id, self._client, self._authorize_at = account.app_id, client, authorize_at
        self._steps: Mapping[str, Step] = {
            "phone": self._phone, "again": self._again, "other": self._other, "finish": self._finish,
            "undo": self._undo,
        }  # fmt: skip

    async def start(self, request: Request) -> Response:
        """To WeChat, which says who this is; whoever is not inside WeChat learns how to get there."""
        if INSIDE not in request.headers.get("user-agent", "").lower():
            address = own_address(request) + HERE
            image = segno.make(address, error="m").svg_data_uri(scale=6)
            return _page("outside", address=address, image=image)
        browser = Browser(request)
        state = await binding.begin(browser.cookie)
        # in this order, as WeChat's documentation asks
        asked = {
            "appid": self._app_id, "redirect_uri": f"{own_address(request)}{HERE}/back", "response_type": "code",
            "scope": "snsapi_base", "state": state,
        }  # fmt: skip
        at = self._authorize_at if "://" in self._authorize_at else own_address(request) + self._authorize_at
        response = RedirectResponse(f"{at}?{urlencode(asked, quote_via=quote, safe='')}#wechat_redirect", 303)
        browser.remember(response)
        response.headers["Cache-Control"] = "no-store"
        return response

    async def come_back(
        self, request: Request, code: Annotated[str, Query(max_length=128)] = "",
        state: Annotated[str, Query(max_length=128)] = "",
    ) -> Response:  # fmt: skip
        """From WeChat; neither code nor state stay in the address."""
        try:
            await binding.come_back(self._client, Browser(request).cookie, state, code)
        except ENDS as error:
            return _over(error)
        return _to()

    async def show(self, request: Request, said: Annotated[str, Query(max_length=20)] = "") -> Response:
        """What comes next: the phone, the code, or what is bound."""
        browser = Browser(request)
        try:
            act = await binding.underway(self._app_id, browser.cookie)
        except ENDS as error:
            return _over(error)
        if act.sender is not None:
            return _step(browser, act, done=wording.SAID.get(said, ""))
        # WeChat opens pages twice at times: the other call is asking who this is
        if clock.now() - act.returned_at > ASKING:
            return _over(BindingOver())
        return _page("wait", refresh=True)

    async def act(self, request: Request, step: str) -> Response:
        """One step: the phone, another code, another phone, the end with consent, letting go.

        Raises `NotFound`.
        """
        if step not in self._steps:
            raise NotFound
        browser, given = Browser(request), await request.form()
        try:
            browser.check(given.get("_stamp", ""))
            act = await binding.underway(self._app_id, browser.cookie)
            if act.sender is None:
                raise BindingOver
            asked = Asked(browser, act, {name: str(value) for name, value in given.items()}, client_address(request))
            return await self._steps[step](asked)
        except (PageIsOld, *ENDS) as error:
            return _over(error)
        except HubError as error:
            act = await binding.underway(self._app_id, browser.cookie)
            return _step(browser, act, problem=error.user_message, status=error.status)

    async def _phone(self, asked: Asked) -> Response:
        typed = asked.given.get("phone", "")
        try:
            phone = _phone.validate_python(typed)
        except ValidationError as error:
            wrong = str(error.errors()[0]["ctx"]["error"])
            return _step(asked.browser, asked.act, problem=wrong, typed=typed[:40], status=422)
        await binding.send_code(asked.act, phone, asked.browser.cookie, asked.address)
        return _to()

    async def _again(self, asked: Asked) -> Response:
        await binding.send_again(asked.act, asked.browser.cookie, asked.address)
        return _to("sent")

    async def _other(self, asked: Asked) -> Response:
        await binding.another_phone(asked.act)
        return _to()

    async def _finish(self, asked: Asked) -> Response:
        try:
            code = _code.validate_python(asked.given.get("code", ""))
        except ValidationError:
            code = AGAIN
        if code == AGAIN:
            return _step(asked.browser, asked.act, problem=wording.CODE_FORM, status=422)
        agreed = asked.given.get("agree") == "yes"
        moved = await binding.finish(self._app_id, asked.act, asked.browser.cookie, code, agreed=agreed)
        return _to("moved" if moved else "linked")

    async def _undo(self, asked: Asked) -> Response:
        await binding.undo(self._app_id, asked.act)
        return _to("unlinked")


@dataclass(frozen=True, slots=True)
class Asked:
    """A form that was sent: by which browser, in which act, with what in it, from where."""

    browser: Browser
    act: Underway
    given: Mapping[str, str]
    address: str


Step = Callable[[Asked], Awaitable[Response]]


def router_of(account: Account, client: WechatClient, authorize_at: str) -> APIRouter:
    """The routes of the pages, under `/channels/wechat`."""
    pages = BindPages(account, client, authorize_at)
    router = APIRouter(
        prefix="/bind", include_in_schema=False, default_response_class=HTMLResponse,
        dependencies=[Public, Depends(rate_limit("wechat_bind", lambda settings: settings.rate_message))],
    )  # fmt: skip
    router.get("")(pages.start)
    router.get("/back")(pages.come_back)
    router.get("/me")(pages.show)
    router.post("/{step}")(pages.act)
    return router


def _to(said: str = "") -> Response:
    return RedirectResponse(f"{HERE}/me" + (f"?said={said}" if said else ""), 303)


def _over(error: HubError) -> Response:
    return _page("over", status=error.status, words=error.user_message)


def _step(
    browser: Browser, act: Underway, *, problem: str = "", done: str = "", typed: str = "", status: int = 200
) -> Response:  # fmt: skip
    step = "linked" if act.link else ("code" if act.phone else "phone")
    response = _page(
        step, status=status, stamp=browser.stamp, problem=problem, done=done, typed=typed,
        phone=mask_phone(act.phone) if act.phone else "", link=act.link,
        since=clock.shown(act.link.since) if act.link else "",
        consents=(identity.LINK_WECHAT_CONSENT, identity.SIGN_IN_CONSENT),
    )  # fmt: skip
    browser.remember(response)
    return response


def _page(step: str, *, status: int = 200, refresh: bool = False, **values: object) -> Response:
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    if refresh:
        headers["Refresh"] = f"2; url={HERE}/me"
    page = _PAGE.render(step=step, bureau=bureau(), sandbox=bool(get_settings().sandboxes), here=HERE, **values)
    return HTMLResponse(page, status, headers)

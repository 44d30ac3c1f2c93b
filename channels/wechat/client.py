"""Our calls to WeChat: customer-service messages, menu, codes to scan; its error codes as what the outbox understands.

Source: developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NoReturn, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from channels.base import Blocked, Fetched, FileGone, PartyAway
from channels.wechat.account import Account
from channels.wechat.templates import Kind
from channels.wechat.tokens import Tokens
from channels.wechat.wire import OpenId
from hub.kit import clock
from hub.kit.crypto import keyed_hash
from hub.kit.logging import get_logger
from hub.outbox.letters import DeliveryTrouble, Never, NotNow, Uncertain
from hub.outbox.models import Failure
from services.gateways.signed_http import open_client

log = get_logger(__name__)
T = TypeVar("T")

NOTICES: Mapping[Kind, str] = {
    Kind.TEMPLATE: "/cgi-bin/message/template/send",
    Kind.SUBSCRIBE: "/cgi-bin/message/subscribe/bizsend",
}
SOMEBODY = "/sns/oauth2/access_token"
BUSY = -1
DOMAIN_ADDRESSES = "/cgi-bin/get_api_domain_ip"
MEDIA = "/cgi-bin/media/get"
NO_FILE = 40007
"""不合法的媒体文件 id: also what has expired."""
INVALID_TOKEN = frozenset({40001, 40014, 42001})
LATER: Mapping[int, tuple[str, timedelta | None]] = {
    BUSY: ("busy", None),
    45009: ("day_limit", timedelta(hours=1)),
    45011: ("minute_limit", timedelta(minutes=1)),
    45047: ("reply_window_full", timedelta(hours=1)),
    # a minute after a press or a scan; what they write next opens the window again
    45015: ("reply_window_over", timedelta(hours=1)),
    # what the operator puts right; messages wait for it
    40013: ("app_id", timedelta(minutes=10)),
    40125: ("app_secret", timedelta(minutes=10)),
    40164: ("address_not_listed", timedelta(minutes=10)),
    61024: ("app_id", timedelta(minutes=10)),
} | {code: ("token", timedelta(minutes=1)) for code in INVALID_TOKEN}
"""Refusals that time, the person's next message or the operator puts right."""
BLOCKING: Mapping[int, str] = {43004: "not_subscribed", 48002: "refuses", 50005: "not_subscribed"}
PERMANENT: Mapping[int, str] = {
    40003: "unknown_person",
    43101: "not_agreed",
    50002: "restricted",
}
TECHNICAL: Mapping[int, str] = {40037: "no_template", 47003: "field_unfit", 43107: "template_closed"}
"""The fault is ours: the template, or what stands in it."""


CODE_OVER = frozenset({40029, 40163, 41008, 42003})
"""The code of a browser that came back is unknown, used, missing or too old."""


class WechatRefusal(Exception):
    """WeChat said no, under this code."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"errcode {code}")


class CodeOver(Exception):
    """The code with which a browser came back stands for nobody (any more)."""


class _Somebody(BaseModel):
    openid: OpenId


class _Token(BaseModel):
    access_token: str
    expires_in: int


class Code(BaseModel):
    """A code to scan: `url` is what it shows."""

    ticket: str
    url: str
    expire_seconds: int


def subscribed_name(template: str, open_id: str) -> str:
    """The name of what went last by this template to this person."""
    return f"{template[:64]}:{keyed_hash(open_id, 'wechat subscribed')[:32]}"


class WechatClient:
    """A client of api.weixin.qq.com for one account."""

    def __init__(
        self, account: Account, address: httpx.URL, timeout_seconds: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:  # fmt: skip
        self._account = account
        self._address = address
        self._http = open_client(timeout_seconds, transport)
        self._tokens = Tokens(account.app_id, self._fetch_token)

    async def send_text(self, open_id: str, text: str) -> None:
        """A customer-service message (客服消息).

        Raises `NotNow`, `Uncertain`, `Never`, `Blocked`.
        """
        said = {"touser": open_id, "msgtype": "text", "text": {"content": text}}
        await self._understood("/cgi-bin/message/custom/send", said)

    async def send_notice(
        self, kind: Kind, open_id: str, template: str, fields: Mapping[str, Mapping[str, str]], *, key: str, url: str
    ) -> str:
        """A template or subscribe message (模板消息、订阅通知); the name under which WeChat reports of it.

        The same `key` within ten minutes is sent once, where WeChat takes keys. `url` may be empty. Raises as
        `send_text`.
        """
        said: dict[str, Any] = {"touser": open_id, "template_id": template, "data": fields}
        if kind is Kind.TEMPLATE:
            said |= {"client_msg_id": key} | ({"url": url} if url else {})
        elif url:
            said |= {"page": url}
        answer = await self._understood(NOTICES[kind], said)
        # subscribe messages may have no number of their own: WeChat then names template and person
        return str(answer.get("msgid") or subscribed_name(template, open_id))

    async def make_menu(self, menu: Mapping[str, Any]) -> None:
        """Replace the menu of the account; phones show it within a day.

        Raises as `send_text`.
        """
        await self._understood("/cgi-bin/menu/create", menu)

    async def make_code(self, scene: str, duration: timedelta) -> Code:
        """A code that tells us by its scene when somebody scans it.

        Raises as `send_text`.
        """
        asked = {
            "expire_seconds": int(duration.total_seconds()), "action_name": "QR_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }  # fmt: skip
        answer = await self._understood("/cgi-bin/qrcode/create", asked)
        try:
            return Code.model_validate(answer)
        except ValidationError as error:
            raise Uncertain("malformed_reply") from error

    async def person_of(self, code: str) -> str:
        """Who somebody is, by the code with which their browser came back from WeChat (网页授权); it works once.

        Raises `CodeOver` and as `send_text`.
        """
        asked = {
            "appid": self._account.app_id, "secret": self._account.app_secret, "code": code,
            "grant_type": "authorization_code",
        }  # fmt: skip
        try:
            answer = await self._answer(self._http.build_request("GET", self._url(SOMEBODY), params=asked))
        except WechatRefusal as refusal:
            log.warning("wechat_refused", path=SOMEBODY, code=refusal.code)
            if refusal.code in CODE_OVER:
                raise CodeOver from refusal
            _raise(refusal.code)
        try:
            return _Somebody.model_validate(answer).openid
        except ValidationError as error:
            raise Uncertain("malformed_reply") from error

    async def media(self, media_id: str, largest: int) -> Fetched:
        """A file that somebody sent (临时素材), which WeChat keeps for three days.

        Raises `FileGone`, also when it is larger than `largest` bytes, and `PartyAway`.
        """
        try:
            return await self._with_token(lambda token: self._get_media(media_id, largest, token))
        except WechatRefusal as refusal:
            log.warning("wechat_refused", path=MEDIA, code=refusal.code)
            raise (PartyAway if refusal.code in LATER else FileGone) from refusal
        except DeliveryTrouble as trouble:
            raise PartyAway from trouble

    async def token(self) -> str:
        """The access token that is good now.

        Raises as `send_text`.
        """
        try:
            return await self._tokens.get()
        except WechatRefusal as refusal:
            _raise(refusal.code)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def probe(self) -> bool:
        """Whether WeChat answers at all; it is asked for its own addresses (get_api_domain_ip), which does nothing."""
        try:
            token = await self._tokens.get()
            asked = {"access_token": token}
            await self._answer(self._http.build_request("GET", self._url(DOMAIN_ADDRESSES), params=asked))
        except WechatRefusal as refusal:
            return refusal.code != BUSY
        except DeliveryTrouble:
            return False
        return True

    async def _understood(self, path: str, content: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return await self._with_token(lambda token: self._post(path, content, token))
        except WechatRefusal as refusal:
            log.warning("wechat_refused", path=path, code=refusal.code)
            _raise(refusal.code)

    async def _with_token(self, call: Callable[[str], Awaitable[T]]) -> T:
        """Call with the shared token; a token that WeChat no longer takes is renewed, once."""
        token = await self._tokens.get()
        try:
            return await call(token)
        except WechatRefusal as refusal:
            if refusal.code not in INVALID_TOKEN:
                raise
        return await call(await self._tokens.get(instead_of=token))

    async def _get_media(self, media_id: str, largest: int, token: str) -> Fetched:
        """Raises `WechatRefusal`, `FileGone`, `PartyAway`."""
        content = b""
        try:
            asked = {"access_token": token, "media_id": media_id}
            async with self._http.stream("GET", self._url(MEDIA), params=asked) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise PartyAway
                async for piece in answer.aiter_bytes():
                    content += piece
                    if len(content) > largest:
                        raise FileGone
        except httpx.HTTPError as error:
            raise PartyAway from error
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        if kind in ("application/json", "text/plain", "text/html"):
            # no file: a refusal, or the address of a video, which lies elsewhere
            raise WechatRefusal(_code_of(content))
        return Fetched(content, kind)

    def _url(self, path: str) -> httpx.URL:
        return self._address.copy_with(path=self._address.path.rstrip("/") + path)

    async def _fetch_token(self, force: bool) -> tuple[str, datetime]:
        asked = {
            "grant_type": "client_credential", "appid": self._account.app_id, "secret": self._account.app_secret,
            "force_refresh": force,
        }  # fmt: skip
        try:
            answer = _Token.model_validate(await self._post("/cgi-bin/stable_token", asked))
        except (ValidationError, Uncertain) as error:
            # asking again does no harm here: the message itself has not been sent
            raise NotNow("token") from error
        return answer.access_token, clock.now() + timedelta(seconds=answer.expires_in)

    async def _post(self, path: str, content: Mapping[str, Any], token: str | None = None) -> dict[str, Any]:
        """Raises `WechatRefusal`, `NotNow`, `Uncertain`, `Never`."""
        # WeChat shows \uXXXX as it stands, so the text goes as it is
        body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
        request = self._http.build_request(
            "POST", self._url(path), content=body, params={"access_token": token} if token else None,
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        return await self._answer(request)

    async def _answer(self, request: httpx.Request) -> dict[str, Any]:
        """Raises `WechatRefusal`, `NotNow`, `Uncertain`, `Never`."""
        try:
            response = await self._http.send(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotNow("unreachable") from error
        except httpx.HTTPError as error:
            raise Uncertain("no_answer") from error
        if response.status_code == 503:
            raise NotNow("http_503")
        if response.status_code >= 500:
            raise Uncertain(f"http_{response.status_code}")
        if response.status_code != httpx.codes.OK:
            raise Never(f"http_{response.status_code}", Failure.TECHNICAL)
        try:
            answer = json.loads(response.content)
            code = int(answer.get("errcode", 0))
        except (ValueError, TypeError, AttributeError) as error:
            raise Uncertain("malformed_reply") from error
        if code:
            raise WechatRefusal(code)
        return dict(answer)


def _code_of(content: bytes) -> int:
    """The code of a refusal that came in place of a file; one of its own where there is none.

    Raises `PartyAway` when it is nothing of WeChat's.
    """
    try:
        return int(json.loads(content).get("errcode") or NO_FILE)
    except (ValueError, TypeError, AttributeError) as error:
        raise PartyAway from error


def _raise(code: int) -> NoReturn:
    if code in LATER:
        raise NotNow(*LATER[code])
    if code in BLOCKING:
        raise Blocked(BLOCKING[code])
    if code in PERMANENT:
        raise Never(PERMANENT[code])
    raise (
        Never(TECHNICAL[code], Failure.TECHNICAL) if code in TECHNICAL else Never(f"errcode_{code}", Failure.TECHNICAL)
    )

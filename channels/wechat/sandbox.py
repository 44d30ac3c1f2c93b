"""WeChat's side of the wire (api.weixin.qq.com) for development and tests: its rules, errors, and what it delivered.

It knows who may be written to because whoever plays a user says what that user did (`acted`), as phones tell WeChat.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from channels.wechat.account import Account
from channels.wechat.models import SandboxWechat, SandboxWechatControl
from channels.wechat.templates import FITS, Kind, field_type, sandbox_templates
from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.ids import new_id
from services.gateways.behaviour import GARBAGE, behave, held_back
from services.gateways.errors import GatewayFault, GatewayUnavailable

DOMAIN_ADDRESSES = "cgi-bin/get_api_domain_ip"
TOKEN_LIVES = timedelta(seconds=7200)
OLD_TOKEN_LIVES = timedelta(minutes=5)
FORCED_APART = timedelta(seconds=30)
FORCED_A_DAY = 20
CODE_LIVES = timedelta(minutes=5)
TEXT_BYTES = 2048
LONGEST_CODE = 2_592_000
SENT, NOTICE = "message", "notice"
NOTICES: Mapping[str, Kind] = {
    "cgi-bin/message/template/send": Kind.TEMPLATE,
    "cgi-bin/message/subscribe/bizsend": Kind.SUBSCRIBE,
}
MEDIA = "media"
MEDIA_LIVES = timedelta(days=3)
REMEMBERS = timedelta(days=7)


class Act(StrEnum):
    """What a user did; each lets the account send some messages for some time."""

    WROTE = "wrote"
    PRESSED = "pressed"
    SUBSCRIBED = "subscribed"
    SCANNED = "scanned"
    LEFT = "left"
    REFUSED = "refused"


ALLOWS: Mapping[Act, tuple[int, timedelta]] = {
    Act.WROTE: (5, timedelta(hours=48)),
    Act.PRESSED: (3, timedelta(minutes=1)),
    Act.SUBSCRIBED: (3, timedelta(minutes=1)),
    Act.SCANNED: (3, timedelta(minutes=1)),
}


class Refused(Exception):
    """WeChat says no."""

    def __init__(self, code: int, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


class OutOfOrder(Exception):
    """What stands before WeChat answers in its place."""

    def __init__(self, body: str, status: int) -> None:
        self.body, self.status = body, status
        super().__init__(status)


async def keep(session: AsyncSession, content: bytes, content_type: str = "image/jpeg") -> str:
    """Keep a file that a user sends; its MediaId, under which it can be had for three days."""
    media_id = secrets.token_urlsafe(48)
    kept = {"content": base64.b64encode(content).decode(), "content_type": content_type}
    await _put(session, MEDIA, media_id, kept)
    await session.execute(
        delete(SandboxWechat).where(SandboxWechat.kind == MEDIA, SandboxWechat.at < clock.now() - MEDIA_LIVES)
    )
    return media_id


async def acted(session: AsyncSession, open_id: str, act: Act) -> None:
    """A user did something. Allowances do not add up: the larger number and the later end count."""
    row = await _row(session, "user", open_id, lock=True)
    value: dict[str, Any] = dict(row.value) if row else {"subscribed": True, "refuses": False, "left": 0, "until": ""}
    if act is Act.LEFT:
        value |= {"subscribed": False, "left": 0}
    elif act is Act.REFUSED:
        value["refuses"] = True
    else:
        count, duration = ALLOWS[act]
        until = (clock.now() + duration).isoformat()
        value |= {
            "subscribed": True, "refuses": False,
            "left": max(count, int(value["left"])), "until": max(until, value["until"]),
        }  # fmt: skip
    await _put(session, "user", open_id, value)


async def agreed(session: AsyncSession, open_id: str) -> str:
    """A user's browser is about to go back to the account's page: the code that it takes along."""
    if await _row(session, "user", open_id) is None:
        await acted(session, open_id, Act.SUBSCRIBED)
    code = secrets.token_hex(16)
    ends = (clock.now() + CODE_LIVES).isoformat()
    await _put(session, "oauth", code, {"open_id": open_id, "ends": ends, "used": False})
    return code


async def delivered(session: AsyncSession, open_id: str, after: datetime | None = None) -> list[tuple[datetime, str]]:
    """What was delivered to a user, oldest first."""
    rows = await session.scalars(
        select(SandboxWechat).where(SandboxWechat.kind == SENT).order_by(SandboxWechat.at, SandboxWechat.key)
    )
    return [
        (row.at, str(row.value["text"]["content"]))
        for row in rows
        if row.value["touser"] == open_id and (after is None or row.at > after)
    ]


async def shown_menu(session: AsyncSession) -> dict[str, Any] | None:
    """The menu that phones show."""
    row = await _row(session, "menu", "menu")
    return row.value if row else None


async def invalidate_token(session: AsyncSession, app_id: str) -> None:
    """The token ends at once, as when somebody fetches another one elsewhere."""
    await session.execute(delete(SandboxWechat).where(SandboxWechat.kind == "token", SandboxWechat.key == app_id))


def create_sandbox(account: Account) -> FastAPI:
    """The stand-in as an application, for one account."""
    app = FastAPI(title="api.weixin.qq.com (sandbox)", docs_url=None, redoc_url=None, openapi_url=None)

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refused)
        return JSONResponse({"errcode": error.code, "errmsg": f"{error.message} rid: {secrets.token_hex(4)}"})

    @app.exception_handler(OutOfOrder)
    async def out_of_order(_: Request, error: Exception) -> Response:
        assert isinstance(error, OutOfOrder)
        return Response(error.body, error.status, media_type="text/html")

    @app.get("/cgi-bin/media/get")
    async def media(media_id: str = "", access_token: str = "") -> Response:
        delay = await _behaved()
        async with transaction() as session:
            await _admit(session, account, access_token)
            row = await _row(session, MEDIA, media_id)
        if row is None or row.at < clock.now() - MEDIA_LIVES:
            raise Refused(40007, "invalid media_id")
        await held_back(delay)
        name = {"Content-disposition": f'attachment; filename="{media_id}.jpg"'}
        return Response(base64.b64decode(row.value["content"]), media_type=row.value["content_type"], headers=name)

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def call(path: str, request: Request) -> Response:
        delay = await _behaved()
        asks = request.method == "GET"
        content = dict(request.query_params) if asks else _read(await request.body())
        async with transaction() as session:
            if asks and path == DOMAIN_ADDRESSES:
                await _admit(session, account, content.get("access_token", ""))
                answer = {"ip_list": ["127.0.0.1"]}
            elif asks:
                answer = await _somebody(session, account, path, content)
            elif path == "cgi-bin/stable_token":
                answer = await _token(session, account, content)
            else:
                await _admit(session, account, request.query_params.get("access_token", ""))
                answer = await _done(session, path, content)
        await held_back(delay)
        return JSONResponse(answer)

    return app


async def _behaved() -> float:
    """As told: seconds to hold the answer back.

    Raises `OutOfOrder`, `Refused`.
    """
    try:
        return await behave(SandboxWechatControl)
    except GatewayUnavailable as error:
        raise OutOfOrder("", 503) from error
    except GatewayFault as error:
        if error.reason == GARBAGE:
            raise OutOfOrder("<html>maintenance</html>", 200) from error
        raise Refused(-1, "system error") from error


def _read(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError as error:
        raise Refused(47001, "data format error") from error
    if not isinstance(content, dict):
        raise Refused(47001, "data format error")
    return content


async def _token(session: AsyncSession, account: Account, asked: Mapping[str, Any]) -> dict[str, Any]:
    if asked.get("grant_type") != "client_credential":
        raise Refused(40002, "invalid grant_type")
    if asked.get("appid") != account.app_id:
        raise Refused(40013, "invalid appid")
    if not secrets.compare_digest(str(asked.get("secret", "")).encode(), account.app_secret.encode()):
        raise Refused(40125, "invalid appsecret")
    row = await _row(session, "token", account.app_id, lock=True)
    now = clock.now()
    known: dict[str, Any] = (
        dict(row.value) if row else {"token": "", "ends": "", "old": "", "old_ends": "", "forced": []}
    )
    left = datetime.fromisoformat(known["ends"]) - now if known["ends"] else timedelta()
    force = bool(asked.get("force_refresh"))
    if force:
        forced = [at for at in known["forced"] if datetime.fromisoformat(at) > now - timedelta(days=1)]
        if forced and datetime.fromisoformat(forced[-1]) > now - FORCED_APART:
            raise Refused(45011, "api minute-quota reach limit  mustslower  retry next minute")
        if len(forced) >= FORCED_A_DAY:
            raise Refused(45009, "reach max api daily quota limit")
        known |= {"forced": [*forced, now.isoformat()], "token": "", "old": "", "old_ends": ""}
    if force or left <= OLD_TOKEN_LIVES:
        known |= {
            "old": known["token"], "old_ends": (now + min(left, OLD_TOKEN_LIVES)).isoformat(),
            "token": f"79_{secrets.token_urlsafe(48)}", "ends": (now + TOKEN_LIVES).isoformat(),
        }  # fmt: skip
        left = TOKEN_LIVES
        await _put(session, "token", account.app_id, known)
        await _put(session, "fetched", secrets.token_hex(8), {"forced": force})
    return {"access_token": known["token"], "expires_in": int(left.total_seconds())}


async def _somebody(
    session: AsyncSession, account: Account, path: str, asked: Mapping[str, Any]
) -> dict[str, Any]:  # fmt: skip
    if path != "sns/oauth2/access_token":
        raise Refused(43002, "require POST method")
    if asked.get("appid") != account.app_id:
        raise Refused(40013, "invalid appid")
    if not secrets.compare_digest(str(asked.get("secret", "")).encode(), account.app_secret.encode()):
        raise Refused(40125, "invalid appsecret")
    if asked.get("grant_type") != "authorization_code":
        raise Refused(40002, "invalid grant_type")
    if not asked.get("code"):
        raise Refused(41008, "missing code")
    row = await _row(session, "oauth", str(asked["code"])[:64], lock=True)
    if row is None or datetime.fromisoformat(row.value["ends"]) < clock.now():
        raise Refused(40029, "invalid code")
    if row.value["used"]:
        raise Refused(40163, "code been used")
    await _put(session, "oauth", row.key, row.value | {"used": True})
    return {
        "access_token": f"79_{secrets.token_urlsafe(48)}", "expires_in": 7200, "refresh_token": "",
        "openid": row.value["open_id"], "scope": "snsapi_base",
    }  # fmt: skip


async def _admit(session: AsyncSession, account: Account, token: str) -> None:
    if not token:
        raise Refused(41001, "access_token missing")
    row = await _row(session, "token", account.app_id)
    now = clock.now()
    known = row.value if row else {"token": "", "ends": "", "old": "", "old_ends": ""}
    for name in ("", "old_"):
        if token == known["old" if name else "token"]:
            if datetime.fromisoformat(known[f"{name}ends"]) > now:
                return
            raise Refused(42001, "access_token expired")
    raise Refused(40001, "invalid credential, access_token is invalid or not latest")


async def _done(session: AsyncSession, path: str, content: dict[str, Any]) -> dict[str, Any]:
    if path == "cgi-bin/message/custom/send":
        await _send(session, content)
    elif path in NOTICES:
        return await _notice(session, NOTICES[path], content)
    elif path == "cgi-bin/menu/create":
        await _menu(session, content)
    elif path == "cgi-bin/qrcode/create":
        return await _code(session, content)
    else:
        raise Refused(48001, "api unauthorized")
    return {"errcode": 0, "errmsg": "ok"}


async def _send(session: AsyncSession, content: dict[str, Any]) -> None:
    open_id, text = str(content.get("touser", "")), content.get("text")
    if content.get("msgtype") != "text" or not isinstance(text, dict) or not text.get("content"):
        raise Refused(40008, "invalid message type")
    user = await _row(session, "user", open_id, lock=True)
    if user is None:
        raise Refused(40003, "invalid openid")
    if len(str(text["content"]).encode()) > TEXT_BYTES:
        raise Refused(45002, "content size out of limit")
    value = dict(user.value)
    if not value["subscribed"]:
        raise Refused(43004, "require subscribe")
    if value["refuses"]:
        raise Refused(48002, "user refuse to accept the msg")
    if not value["until"] or datetime.fromisoformat(value["until"]) < clock.now():
        raise Refused(45015, "response out of time limit or subscription is canceled")
    if value["left"] < 1:
        raise Refused(45047, "out of response count limit")
    await _put(session, "user", open_id, value | {"left": value["left"] - 1})
    await _put(session, SENT, new_id().hex, content)
    await session.execute(
        delete(SandboxWechat).where(
            SandboxWechat.kind.in_([SENT, NOTICE, "code", "oauth"]), SandboxWechat.at < clock.now() - REMEMBERS
        )
    )


async def _notice(session: AsyncSession, kind: Kind, content: dict[str, Any]) -> dict[str, Any]:
    """A template or subscribe message: to whoever follows the account (and agreed), with fields that fit."""
    open_id, data = str(content.get("touser", "")), content.get("data")
    template = str(content.get("template_id", ""))
    if template not in sandbox_templates().values():
        raise Refused(40037, "invalid template_id")
    user = await _row(session, "user", open_id, lock=True)
    if user is None:
        raise Refused(40003, "invalid openid")
    if not user.value["subscribed"]:
        raise Refused(43004, "require subscribe")
    if user.value["refuses"] or (kind is Kind.SUBSCRIBE and not user.value.get("agreed")):
        raise Refused(43101, "user refuse to accept the msg")
    if not isinstance(data, dict) or not data:
        raise Refused(47003, "argument invalid! data is empty")
    for key, one in data.items():
        try:
            fits = FITS[field_type(key)](one["value"]) == one["value"]
        except (ValueError, KeyError, TypeError):
            fits = False
        if not fits:
            raise Refused(47003, f"argument invalid! data.{key}.value is invalid")
    if kind is Kind.SUBSCRIBE:
        await _put(session, "user", open_id, user.value | {"agreed": user.value["agreed"] - 1})
        await _put(session, NOTICE, secrets.token_hex(8), content)
        return {"errcode": 0, "errmsg": "ok"}
    again = f"{open_id[:16]}{content.get('client_msg_id') or secrets.token_hex(16)}"[:64]
    known = await _row(session, NOTICE, again)
    if known is not None and known.at > clock.now() - timedelta(minutes=10):
        return {"errcode": 0, "errmsg": "ok", "msgid": known.value["msgid"]}
    number = 3_000_000_000_000_000_000 + secrets.randbelow(10**18)
    await _put(session, NOTICE, again, content | {"msgid": number})
    return {"errcode": 0, "errmsg": "ok", "msgid": number}


async def notified(session: AsyncSession, open_id: str) -> list[dict[str, Any]]:
    """The notices that came to a user, oldest first, as we sent them."""
    rows = await session.scalars(
        select(SandboxWechat).where(SandboxWechat.kind == NOTICE).order_by(SandboxWechat.at, SandboxWechat.key)
    )
    return [row.value for row in rows if row.value["touser"] == open_id]


async def agree_to_notices(session: AsyncSession, open_id: str, count: int = 1) -> None:
    """A user agreed to this many more subscribe messages."""
    row = await _row(session, "user", open_id, lock=True)
    assert row is not None, "the user has done something before"
    await _put(session, "user", open_id, row.value | {"agreed": int(row.value.get("agreed", 0)) + count})


async def _menu(session: AsyncSession, content: dict[str, Any]) -> None:
    buttons = content.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise Refused(40016, "invalid button size")
    for one in buttons:
        inner = one.get("sub_button") or [one]
        if len(inner) > 5:
            raise Refused(40023, "invalid sub button size")
        if not 0 < len(str(one.get("name", "")).encode()) <= 16:
            raise Refused(40018, "invalid button name size")
        for each in inner:
            if not 0 < len(str(each.get("name", "")).encode()) <= 60:
                raise Refused(40025, "invalid sub button name size")
            if each.get("type") not in ("click", "view"):
                raise Refused(40017, "invalid button type")
            if each["type"] == "click" and not 0 < len(str(each.get("key", "")).encode()) <= 128:
                raise Refused(40019, "invalid button key size")
            if each["type"] == "view" and not str(each.get("url", "")).startswith(("https://", "http://")):
                raise Refused(40020, "invalid button url size")
    await _put(session, "menu", "menu", content)


async def _code(session: AsyncSession, content: dict[str, Any]) -> dict[str, Any]:
    scene = (content.get("action_info") or {}).get("scene") or {}
    name = str(scene.get("scene_str", ""))
    if content.get("action_name") != "QR_STR_SCENE" or not 1 <= len(name) <= 64:
        raise Refused(40053, "invalid action info")
    seconds = min(int(content.get("expire_seconds") or 60), LONGEST_CODE)
    url = f"http://weixin.qq.com/q/{secrets.token_urlsafe(16)}"
    await _put(
        session, "code", url[-22:], {"scene": name, "ends": (clock.now() + timedelta(seconds=seconds)).isoformat()}
    )
    return {"ticket": f"gQ{secrets.token_urlsafe(40)}", "expire_seconds": seconds, "url": url}


async def scene_of(session: AsyncSession, url: str) -> str | None:
    """The scene of the code that shows this address, as long as it is good."""
    row = await _row(session, "code", url[-22:])
    return str(row.value["scene"]) if row and datetime.fromisoformat(row.value["ends"]) > clock.now() else None


async def fetched_tokens(session: AsyncSession) -> list[bool]:
    """For each token that was made: whether it was forced."""
    rows = await session.scalars(
        select(SandboxWechat).where(SandboxWechat.kind == "fetched").order_by(SandboxWechat.at)
    )
    return [bool(row.value["forced"]) for row in rows]


async def _row(session: AsyncSession, kind: str, key: str, *, lock: bool = False) -> SandboxWechat | None:
    return await session.get(SandboxWechat, (kind, key), with_for_update=lock, populate_existing=True)


async def _put(session: AsyncSession, kind: str, key: str, value: dict[str, Any]) -> None:
    statement = insert(SandboxWechat).values(kind=kind, key=key, value=value, at=clock.now())
    await session.execute(
        statement.on_conflict_do_update(index_elements=["kind", "key"], set_={"value": statement.excluded.value})
    )

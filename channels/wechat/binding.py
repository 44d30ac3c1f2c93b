"""Binding WeChat to a phone: the browser goes to WeChat, comes back once, and a code by text message shows whose it is.

A browser is told by a cookie of its own. What WeChat sends it back with (`state`) works in that browser only, once, for
minutes, so that nobody can have somebody else finish what they began.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from channels.wechat import repository, wording
from channels.wechat.client import CodeOver, WechatClient
from hub.accounts.codes import CodeOutcome, door_shut
from hub.kit import clock
from hub.kit.crypto import keyed_hash
from hub.kit.db import transaction
from hub.kit.errors import Forbidden, Invalid, Unavailable
from hub.kit.logging import get_logger
from hub.outbox.letters import DeliveryTrouble
from services.identity import linking, service
from services.identity.linking import Link, LinkOutcome

log = get_logger(__name__)

CHANNEL = "wechat"
UNDERWAY = timedelta(minutes=10)
"""How long somebody may take to come back from WeChat."""
FILLED_IN = timedelta(minutes=15)
"""How long they have for the page after that."""


class BindingOver(Forbidden):
    """The act was not begun in this browser, has been done, or took too long."""

    code = "wechat_binding_over"
    message = wording.BINDING_OVER


class BindingTaken(Forbidden):
    """This WeChat was linked to somebody else while the page was open."""

    code = "wechat_binding_taken"
    message = wording.BINDING_TAKEN


class WechatAway(Unavailable):
    """WeChat does not say who it is."""

    code = "wechat_unavailable"
    message = wording.WECHAT_AWAY


class ConsentMissing(Invalid):
    """Nothing is linked without consent."""

    code = "consent_missing"
    message = wording.CONSENT_MISSING


class CodeRefused(Invalid):
    """The code is wrong, used, or out of date."""

    code = "code_wrong"
    message = wording.CODE_GONE


@dataclass(frozen=True, slots=True)
class Underway:
    """How far an act has come; `sender` is None while WeChat is being asked."""

    id: UUID
    sender: str | None
    phone: str | None
    link: Link | None
    returned_at: datetime


async def begin(browser: str) -> str:
    """A browser sets out to WeChat; the state that it must come back with."""
    state = secrets.token_hex(32)  # letters and digits only: WeChat takes nothing else
    async with transaction() as session:
        await repository.begin_binding(session, _hash(state), _hash(browser), clock.now() + UNDERWAY)
    return state


async def come_back(client: WechatClient, browser: str, state: str, code: str) -> None:
    """A browser comes back from WeChat: ask WeChat who it is. The same call again changes nothing.

    Raises `BindingOver`, `WechatAway`.
    """
    async with transaction() as session:
        act = await repository.return_binding(session, _hash(state), _hash(browser))
        if act is None:
            if await repository.returned_before(session, _hash(state), _hash(browser)):
                return
            raise BindingOver
    try:
        sender = await client.person_of(code)
    except CodeOver as error:
        await _give_up(act)
        raise BindingOver from error
    except DeliveryTrouble as error:
        log.warning("wechat_person_unknown", reason=error.reason)
        await _give_up(act)
        raise WechatAway from error
    async with transaction() as session:
        await repository.change_binding(session, act, sender=sender, expires_at=clock.now() + FILLED_IN)


async def _give_up(act: UUID) -> None:
    async with transaction() as session:
        await repository.change_binding(session, act, expires_at=clock.now())


async def underway(account: str, browser: str) -> Underway:
    """The act that goes on in a browser.

    Raises `BindingOver` when there is none.
    """
    async with transaction() as session:
        act = await repository.binding_of(session, _hash(browser))
    if act is None or act.returned_at is None:
        raise BindingOver
    link = await linking.link_of(CHANNEL, account, act.sender) if act.sender else None
    return Underway(act.id, act.sender, act.phone, link, act.returned_at)


async def send_code(act: Underway, phone: str, browser: str, address: str) -> None:
    """Send a code to the phone that somebody gave, unless one is on its way.

    Raises what `services.identity.service.send_code` raises.
    """
    if not await service.code_waits(phone, subject=_subject(browser)):
        await service.send_code(phone, subject=_subject(browser), address=address)
    async with transaction() as session:
        await repository.change_binding(session, act.id, phone=phone)


async def send_again(act: Underway, browser: str, address: str) -> None:
    """Send another code to the same phone.

    Raises `BindingOver` and what `services.identity.service.send_code` raises.
    """
    if act.phone is None:
        raise BindingOver
    await service.send_code(act.phone, subject=_subject(browser), address=address)


async def another_phone(act: Underway) -> None:
    """Somebody gave a wrong number: ask again."""
    async with transaction() as session:
        await repository.change_binding(session, act.id, phone=None)


async def finish(account: str, act: Underway, browser: str, code: str, *, agreed: bool) -> bool:
    """Link this WeChat to the phone when the code is right; whether another WeChat of the person was let go by it.

    Raises `BindingOver`, `BindingTaken`, `ConsentMissing`, `CodeRefused`, `DoorShut`.
    """
    if act.phone is None or act.sender is None:
        raise BindingOver
    if not agreed:
        raise ConsentMissing
    done = await linking.link(
        act.phone, code, asked_by=_subject(browser), act=str(act.id), channel=CHANNEL, account=account,
        sender=act.sender,
    )  # fmt: skip
    if done.outcome is LinkOutcome.TAKEN:
        raise BindingTaken
    if done.outcome is LinkOutcome.CODE_REFUSED:
        if done.check.shut_until is not None:
            raise door_shut(done.check.shut_until)
        wrong = done.check.outcome is CodeOutcome.WRONG
        raise CodeRefused(wording.CODE_WRONG.format(left=done.check.attempts_left) if wrong else None)
    async with transaction() as session:
        await repository.change_binding(session, act.id, phone=None)
    return done.moved


async def undo(account: str, act: Underway) -> None:
    """End the link of this WeChat; nothing happens when there is none any more."""
    if act.sender is None:
        raise BindingOver
    await linking.unlink_name(CHANNEL, account, act.sender)


def _subject(browser: str) -> str:
    return f"wechat:{_hash(browser)}"


def _hash(secret: str) -> str:
    return keyed_hash(secret, "wechat binding")

"""One-time codes by phone: made, limited and checked in the database, so that every process sees the same counts."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.accounts import lockouts
from hub.accounts.lockouts import CODE_DOOR
from hub.accounts.models import OneTimeCode
from hub.accounts.people import PHONE
from hub.kit import clock
from hub.kit.crypto import keyed_hash
from hub.kit.db import lock
from hub.kit.errors import TooManyRequests
from hub.kit.ids import new_id
from hub.settings import get_settings

DIGITS = 6
LIFETIME = timedelta(minutes=5)
ATTEMPTS = 5
PAUSE = timedelta(seconds=60)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
API = "api"
"""The subject of everybody who asks over the API, where there is none yet."""


class CodeTooSoon(TooManyRequests):
    """The last code for this phone is not a minute old."""

    code = "code_too_soon"
    message = "验证码刚刚发送过，请稍候再重新获取。"


class TooManyCodes(TooManyRequests):
    """The phone, the conversation or the address has had all the codes that it can have for now."""

    code = "too_many_codes"
    message = "获取验证码的次数过多，请稍后再试，或拨打12366。"


class DoorShut(TooManyRequests):
    """Too many failures in a row."""

    code = "locked"
    message = "输错次数过多，已暂时锁定，请稍后再试。"


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code that nobody but the phone may see; the id is the request id under which the message is sent."""

    id: UUID
    code: str


class CodeOutcome(StrEnum):
    """What came of an attempt."""

    RIGHT = "right"
    WRONG = "wrong"
    NONE_LEFT = "none_left"
    """No code is waiting: never sent, run out, used, or given up after too many attempts."""
    SHUT = "shut"


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """What came of an attempt; how often this code may still be tried, and until when the door is shut."""

    outcome: CodeOutcome
    attempts_left: int = 0
    shut_until: datetime | None = None
    repeated: bool = False
    """The same act was right before."""


async def issue(session: AsyncSession, phone: str, *, subject: str, address: str) -> IssuedCode:
    """Make a code for a phone; only the newest one that a subject asked for counts.

    `subject` is who will type it in (a conversation, a browser, or `API`), `address` where it is asked from.
    Raises `DoorShut`, `CodeTooSoon`, `TooManyCodes`, each with `retry_after` in seconds.
    """
    moment, settings = clock.now(), get_settings()
    by_phone, by_subject = keyed_hash(phone, PHONE), keyed_hash(subject, "subject")
    by_address = keyed_hash(address, "address")
    for name in sorted({by_phone, by_subject, by_address}):
        await lock(session, name)
    if until := await lockouts.shut_until(session, CODE_DOOR, phone):
        raise door_shut(until)
    earlier = list(
        await session.scalars(
            select(OneTimeCode.made_at)
            .where(OneTimeCode.phone_hash == by_phone, OneTimeCode.made_at > moment - DAY)
            .order_by(OneTimeCode.made_at)
        )
    )
    if earlier and moment - earlier[-1] < PAUSE:
        wait = ceil((PAUSE - (moment - earlier[-1])).total_seconds())
        raise CodeTooSoon(f"验证码刚刚发送过，请{wait}秒后再重新获取。", retry_after=wait)
    _within(earlier, DAY, settings.codes_per_day, moment)
    _within(earlier, HOUR, settings.codes_per_hour, moment)
    if subject != API:
        _within(await _recent(session, OneTimeCode.subject_hash, by_subject, moment), HOUR,
                settings.codes_per_hour, moment)  # fmt: skip
    if address:
        _within(await _recent(session, OneTimeCode.address_hash, by_address, moment), HOUR,
                settings.codes_per_address_hour, moment)  # fmt: skip
    made = IssuedCode(new_id(), f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}")
    session.add(
        OneTimeCode(
            id=made.id, phone_hash=by_phone, address_hash=by_address, subject_hash=by_subject,
            code_hash=_hash(made.id, made.code), made_at=moment, expires_at=moment + LIFETIME,
        )
    )  # fmt: skip
    await session.flush()
    return made


async def check(session: AsyncSession, phone: str, code: str, *, subject: str, act: str) -> CodeCheck:
    """Try a code. Every attempt counts, so the caller must commit whatever comes out.

    `act` identifies the attempt (a fingerprint): the same act again is right again, any other use of a used code not.
    """
    by_phone, moment = keyed_hash(phone, PHONE), clock.now()
    await lock(session, by_phone)
    if until := await lockouts.shut_until(session, CODE_DOOR, phone):
        return CodeCheck(CodeOutcome.SHUT, shut_until=until)
    newest = await session.scalar(
        select(OneTimeCode)
        .where(OneTimeCode.phone_hash == by_phone, OneTimeCode.subject_hash == keyed_hash(subject, "subject"))
        .order_by(OneTimeCode.made_at.desc(), OneTimeCode.id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if newest is None or newest.expires_at <= moment or newest.attempts >= ATTEMPTS:
        return CodeCheck(CodeOutcome.NONE_LEFT)
    right = hmac.compare_digest(newest.code_hash, _hash(newest.id, code))
    if newest.used_at is not None:
        again = right and newest.used_by == act
        return CodeCheck(CodeOutcome.RIGHT, repeated=True) if again else CodeCheck(CodeOutcome.NONE_LEFT)
    if right:
        newest.used_at, newest.used_by = moment, act
        await lockouts.succeeded(session, CODE_DOOR, phone)
        await session.flush()
        return CodeCheck(CodeOutcome.RIGHT)
    newest.attempts += 1
    await session.flush()
    if until := await lockouts.failed(session, CODE_DOOR, phone):
        return CodeCheck(CodeOutcome.SHUT, shut_until=until)
    left = ATTEMPTS - newest.attempts
    return CodeCheck(CodeOutcome.WRONG if left else CodeOutcome.NONE_LEFT, left)


async def withdraw(session: AsyncSession, code_id: UUID) -> None:
    """Forget a code that certainly did not go out: it counts against nobody."""
    await session.execute(delete(OneTimeCode).where(OneTimeCode.id == code_id))


async def waiting(session: AsyncSession, phone: str, *, subject: str) -> bool:
    """Whether a code that this subject asked for can still be typed in."""
    moment = clock.now()
    newest = await session.scalar(
        select(OneTimeCode)
        .where(
            OneTimeCode.phone_hash == keyed_hash(phone, PHONE),
            OneTimeCode.subject_hash == keyed_hash(subject, "subject"),
        )
        .order_by(OneTimeCode.made_at.desc(), OneTimeCode.id.desc())
        .limit(1)
    )
    return newest is not None and newest.used_at is None and newest.expires_at > moment and newest.attempts < ATTEMPTS


def door_shut(until: datetime) -> DoorShut:
    """The error that says until when."""
    wait = max(ceil((until - clock.now()).total_seconds()), 1)
    at = clock.shown(until)[-5:]
    return DoorShut(f"输错次数过多，为保护您的账户已暂时锁定，请在{at}之后再试。", retry_after=wait)


async def sweep(session: AsyncSession) -> None:
    """Drop codes that neither count nor can be typed in any more."""
    await session.execute(delete(OneTimeCode).where(OneTimeCode.made_at < clock.now() - DAY))


async def _recent(session: AsyncSession, column: object, value: str, moment: datetime) -> list[datetime]:
    rows = await session.scalars(
        select(OneTimeCode.made_at)
        .where(column == value, OneTimeCode.made_at > moment - HOUR)  # type: ignore[arg-type]
        .order_by(OneTimeCode.made_at)
    )
    return list(rows)


def _within(made: list[datetime], window: timedelta, limit: int, moment: datetime) -> None:
    """Raises `TooManyCodes` when one more within the window would be above the limit."""
    counted = [at for at in made if at > moment - window]
    if len(counted) >= limit:
        free_at = counted[len(counted) - limit] + window
        raise TooManyCodes(retry_after=max(ceil((free_at - moment).total_seconds()), 1))


def _hash(code_id: UUID, code: str) -> str:
    return keyed_hash(f"{code_id}:{code}", "one-time code")

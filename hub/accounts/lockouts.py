"""Doors that shut after too many failures in a row, for everybody who comes under the same name, in every process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from hub.accounts.models import Lockout
from hub.kit import clock
from hub.kit.crypto import keyed_hash
from hub.kit.db import lock

FORGOTTEN_AFTER = timedelta(hours=24)
"""Failures older than this do not count as "in a row" any more."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where failures are counted: how many are let through, and for how long it stays shut then."""

    name: str
    failures: int
    shut_for: timedelta


CODE_DOOR = Door("code", 10, timedelta(minutes=30))
IDENTITY_DOOR = Door("identity", 5, timedelta(hours=1))


async def shut_until(session: AsyncSession, door: Door, who: str) -> datetime | None:
    """Until when the door stays shut for them; None when it is open."""
    found = await session.get(Lockout, _key(door, who), populate_existing=True)
    if found is None or found.locked_until is None or found.locked_until <= clock.now():
        return None
    return found.locked_until


async def failed(session: AsyncSession, door: Door, who: str) -> datetime | None:
    """Count a failure; until when the door is shut now, None while it is still open."""
    key, moment = _key(door, who), clock.now()
    await lock(session, key)
    found = await session.get(Lockout, key, populate_existing=True)
    if found is None:
        found = Lockout(key=key, failures=0, last_at=moment)
        session.add(found)
    elif moment - found.last_at > FORGOTTEN_AFTER or (found.locked_until and found.locked_until <= moment):
        found.failures, found.locked_until = 0, None
    found.failures += 1
    found.last_at = moment
    if found.failures >= door.failures and found.locked_until is None:
        found.locked_until = moment + door.shut_for
    await session.flush()
    return found.locked_until


async def succeeded(session: AsyncSession, door: Door, who: str) -> None:
    """Whoever it was got in: earlier failures count no more."""
    found = await session.get(Lockout, _key(door, who), populate_existing=True)
    if found is not None:
        await session.delete(found)
        await session.flush()


def _key(door: Door, who: str) -> str:
    return keyed_hash(who, f"lockout {door.name}")

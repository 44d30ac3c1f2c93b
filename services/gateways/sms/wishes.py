"""Who wants no text messages that they did not ask for: said by text message, kept by number, confirmed once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit.db import lock
from services.gateways.sms.ledger import phone_hash
from services.gateways.sms.models import SmsWish


async def opt_out(session: AsyncSession, phone: str, *, by: str, at: datetime) -> bool:
    """They want nothing more; whether to confirm it, which is so once. `by`: the message, `at`: when it was said."""
    row = await _locked(session, phone)
    if row is None:
        session.add(SmsWish(phone_hash=phone_hash(phone), opted_out=True, silent=True, by=by, said_at=at))
        return True
    if row.by == by:
        return row.opted_out
    if at < row.said_at:
        return False
    first, row.opted_out, row.silent = not row.opted_out, True, True
    if first:
        row.by, row.said_at = by, at
    return first


async def opt_in(session: AsyncSession, phone: str, *, by: str, at: datetime) -> bool:
    """They want messages again; whether there is something to confirm: not for those who never opted out."""
    row = await _locked(session, phone)
    if row is None:
        return False
    if row.by == by:
        return not row.opted_out
    if not row.opted_out or at < row.said_at:
        return False
    row.opted_out, row.silent, row.by, row.said_at = False, False, by, at
    return True


async def spoke(session: AsyncSession, phone: str, at: datetime) -> None:
    """They wrote something else: answers go to them, whatever they opted out of before."""
    await session.execute(
        update(SmsWish)
        .where(SmsWish.phone_hash == phone_hash(phone), SmsWish.silent, SmsWish.said_at <= at)
        .values(silent=False)
    )


async def of(session: AsyncSession, phone: str) -> SmsWish | None:
    """What the holder of a phone said last about it; None when nothing."""
    return await session.scalar(select(SmsWish).where(SmsWish.phone_hash == phone_hash(phone)))


async def _locked(session: AsyncSession, phone: str) -> SmsWish | None:
    await lock(session, f"sms wish {phone_hash(phone)}")
    return await session.scalar(
        select(SmsWish).where(SmsWish.phone_hash == phone_hash(phone)).execution_options(populate_existing=True)
    )

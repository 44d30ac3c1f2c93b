"""What was given to which carrier, in transactions of its own: it must be known even when the process dies after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from hub.kit.crypto import keyed_hash
from hub.kit.db import lock, transaction
from services.gateways.sms.models import SmsHandover
from services.gateways.sms.templates import ANSWER

ANSWER_LIMITS = ((timedelta(hours=1), 60), (timedelta(days=1), 200))
NOTICE_LIMITS = ((timedelta(days=1), 30),)
"""How many answers, and how many notices, one number gets at most; codes have limits of their own (hub/accounts)."""


class Handed(StrEnum):
    """Where a message stands at one carrier."""

    GIVEN = "given"
    """the carrier may have it: no answer came yet, or none that says so"""
    TAKEN = "taken"
    NOT_TAKEN = "not_taken"
    DELIVERED = "delivered"
    FAILED = "failed"


HAS_IT = frozenset({Handed.TAKEN, Handed.DELIVERED, Handed.FAILED})


def phone_hash(phone: str) -> str:
    """What is kept of a phone number."""
    return keyed_hash(phone, "sms phone")


async def of(message_id: str) -> Sequence[SmsHandover]:
    """Where a message went, the latest first."""
    async with transaction() as session:
        rows = await session.scalars(
            select(SmsHandover).where(SmsHandover.message_id == message_id).order_by(SmsHandover.at.desc())
        )
        return rows.all()


async def given(message_id: str, carrier: str, template: str, phone: str, segments: int, *, is_code: bool) -> bool:
    """Write down that a carrier gets a message now; False when the number has had too many."""
    hashed, now = phone_hash(phone), clock.now()
    async with transaction() as session:
        await lock(session, f"sms {hashed}")
        if not is_code and await _too_many(session, message_id, hashed, template, now):
            return False
        news = {"state": Handed.GIVEN, "at": now, "carrier_id": None, "reason": None}
        await session.execute(
            insert(SmsHandover)
            .values(
                message_id=message_id, carrier=carrier, template=template, phone_hash=hashed, segments=segments, **news
            )
            .on_conflict_do_update(index_elements=["message_id", "carrier"], set_=news)
        )
    return True


async def _too_many(session: AsyncSession, message_id: str, hashed: str, template: str, now: datetime) -> bool:
    mine = SmsHandover.template == ANSWER if template == ANSWER else SmsHandover.template != ANSWER
    for window, limit in ANSWER_LIMITS if template == ANSWER else NOTICE_LIMITS:
        had = await session.scalar(
            select(func.count(func.distinct(SmsHandover.message_id))).where(
                SmsHandover.phone_hash == hashed, mine, SmsHandover.at > now - window,
                SmsHandover.state != Handed.NOT_TAKEN, SmsHandover.message_id != message_id,
            )
        )  # fmt: skip
        if (had or 0) >= limit:
            return True
    return False


async def settled(
    message_id: str, carrier: str, state: Handed, carrier_id: str = "", reason: str | None = None
) -> None:
    """Write down what the carrier answered; a report that came before it stays."""
    async with transaction() as session:
        await session.execute(
            update(SmsHandover)
            .where(
                SmsHandover.message_id == message_id, SmsHandover.carrier == carrier,
                SmsHandover.state.not_in((Handed.DELIVERED, Handed.FAILED)),
            )
            .values(state=state, carrier_id=carrier_id[:100] or None, reason=reason)
        )  # fmt: skip


async def reported(
    session: AsyncSession, carrier: str, carrier_id: str, message_id: str, *, delivered: bool, reason: str | None
) -> SmsHandover | None:
    """Write down what a carrier reports of a message, found by our id where it tells it, else by its own."""
    found = select(SmsHandover).where(SmsHandover.carrier == carrier).with_for_update()
    if message_id:
        found = found.where(SmsHandover.message_id == message_id)
    else:
        found = found.where(SmsHandover.carrier_id == carrier_id)
    row = (await session.scalars(found.order_by(SmsHandover.at.desc()).limit(1))).first()
    if row is not None:
        row.state, row.reason = Handed.DELIVERED if delivered else Handed.FAILED, reason
        row.carrier_id = row.carrier_id or carrier_id[:100] or None
    return row


async def erase_before(session: AsyncSession, moment: datetime) -> None:
    """Drop what was given before the moment."""
    await session.execute(delete(SmsHandover).where(SmsHandover.at < moment))

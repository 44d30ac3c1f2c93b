"""The stand-in of the carrier: phones whose messages can be read here, and the carrier's limits per number."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from hub.kit.crypto import keyed_hash
from hub.kit.db import lock, transaction
from hub.settings import get_settings
from services.gateways.behaviour import behave, held_back
from services.gateways.errors import GatewayTimeout
from services.gateways.sms.models import SandboxSms, SandboxSmsControl
from services.gateways.sms.protocol import DeliveryState, Refusal, SmsReply, SmsRequest
from services.gateways.sms.templates import TEMPLATES

MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
CODE_LIMITS = ((timedelta(minutes=1), 1), (timedelta(hours=1), 5), (timedelta(days=1), 10))
NOTICE_LIMITS = ((timedelta(days=1), 50),)
"""What carriers let through to one number under one signature (error isv.BUSINESS_LIMIT_CONTROL)."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it stands on a phone."""

    message_id: str
    text: str
    at: datetime


class SmsSandbox:
    """The carrier in our own database; with transactions of its own, as the outside system that it stands for."""

    tells_at_once = True

    def __init__(self, timeout_seconds: float | None = None) -> None:
        self._timeout_seconds = timeout_seconds

    async def send(self, request: SmsRequest) -> SmsReply:
        """Take a message; see `SmsGateway`."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                delay = await behave(SandboxSmsControl)
                async with transaction() as session:
                    if not request.first and await has(session, request.message_id, request.phone):
                        return SmsReply(accepted=True)
                    reply = await take(
                        session, request.message_id, request.phone, request.template, request.parameters
                    )  # fmt: skip
                await held_back(delay)
                return reply
        except TimeoutError:
            raise GatewayTimeout("no_answer_in_time") from None

    async def delivery(self, message_id: str, phone: str, day: date) -> DeliveryState | None:
        """Every phone of the sandbox is switched on; see `SmsGateway`."""
        await behave(SandboxSmsControl)
        async with transaction() as session:
            found = await has(session, message_id, phone, day)
        return DeliveryState.DELIVERED if found else None

    async def close(self) -> None:
        """Nothing is held."""


async def take(
    session: AsyncSession, message_id: str, phone: str, template: str, parameters: Mapping[str, str]
) -> SmsReply:
    """Take a message as the carrier does, which knows no keys: the same one again is another one."""
    if not MOBILE.fullmatch(phone):
        return SmsReply(accepted=False, refusal=Refusal.NUMBER)
    registered = TEMPLATES.get(template)
    if registered is None or registered.variables - set(parameters):
        return SmsReply(accepted=False, refusal=Refusal.TEMPLATE)
    hashed, moment = _hash(phone), clock.now()
    await lock(session, f"sandbox sms {hashed}")
    for window, limit in CODE_LIMITS if registered.is_code else NOTICE_LIMITS:
        counted = await session.scalar(
            select(func.count()).where(
                SandboxSms.phone_hash == hashed, SandboxSms.is_code == registered.is_code,
                SandboxSms.sent_at > moment - window,
            )
        )  # fmt: skip
        if (counted or 0) >= limit:
            return SmsReply(accepted=False, refusal=Refusal.LIMITED)
    text = f"【{get_settings().sms_sign_name}】{registered.filled(parameters)}"
    row = SandboxSms(
        message_id=message_id, phone_hash=hashed, is_code=registered.is_code, content={"phone": phone, "text": text},
        sent_at=moment,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return SmsReply(accepted=True, carrier_id=row.id.hex)


async def has(session: AsyncSession, message_id: str, phone: str, day: date | None = None) -> bool:
    """Whether the carrier has taken a message under this id, on this day in China if one is given."""
    rows = await session.scalars(
        select(SandboxSms.sent_at).where(SandboxSms.message_id == message_id, SandboxSms.phone_hash == _hash(phone))
    )
    return any(day is None or at.astimezone(clock.SHANGHAI).date() == day for at in rows)


async def inbox(session: AsyncSession, phone: str, *, limit: int = 20) -> Sequence[Received]:
    """What came to a phone, the newest first."""
    rows = await session.scalars(
        select(SandboxSms)
        .where(SandboxSms.phone_hash == _hash(phone))
        .order_by(SandboxSms.sent_at.desc(), SandboxSms.id.desc())
        .limit(limit)
    )
    return [Received(row.message_id, row.content["text"], row.sent_at) for row in rows]


def _hash(phone: str) -> str:
    return keyed_hash(phone, "sandbox phone")

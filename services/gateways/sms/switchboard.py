"""Which carrier gets a message: the first that works; one that is down or slow is left out for a while, then tried.

A carrier that did not answer may have the message: another one gets it only when it may come twice, or when the first
says that it has not got it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.logging import get_logger
from services.gateways.errors import GatewayError, GatewayTimeout, GatewayUnavailable
from services.gateways.sms import ledger, wishes
from services.gateways.sms.ledger import Handed
from services.gateways.sms.protocol import DeliveryState, Refusal, SmsGateway, SmsReply, SmsRequest
from services.gateways.sms.segments import count
from services.gateways.sms.templates import TEMPLATES, Template

log = get_logger(__name__)

FAILURES_UNTIL_LEFT_OUT = 3
SECONDS_LEFT_OUT = 30.0
ELSEWHERE = frozenset({Refusal.ACCOUNT, Refusal.TEMPLATE, Refusal.OTHER})
"""Refusals that are a matter between us and one carrier: another one may take the message."""
UNKNOWN_TEMPLATE = Template("")


class _Slow(Exception):
    """The carrier answered, but later than is good; what it answered."""

    def __init__(self, reply: SmsReply) -> None:
        self.reply = reply


class SmsSwitchboard:
    """Carriers by name, the preferred first. An answer after `slow_seconds` counts as a failure of the carrier."""

    tells_at_once = True

    def __init__(self, carriers: Mapping[str, SmsGateway], slow_seconds: float = 3.0, signature: str = "") -> None:
        self._carriers = dict(carriers)
        self._slow_seconds = slow_seconds
        self._signature = signature
        self._breakers = AsyncCircuitBreakerFactory(
            default_threshold=FAILURES_UNTIL_LEFT_OUT, default_ttl=SECONDS_LEFT_OUT
        )

    async def send(self, request: SmsRequest) -> SmsReply:
        """Send a message by one of the carriers; see `SmsGateway`."""
        template = TEMPLATES.get(request.template, UNKNOWN_TEMPLATE)
        if (had := await self._had(request, template)) is not None:
            return had
        if not template.asked and await _opted_out(request.phone):
            return SmsReply(accepted=False, refusal=Refusal.UNWANTED)
        doubt: GatewayError | None = None
        refused: SmsReply | None = None
        trouble: GatewayError = GatewayUnavailable("every_carrier_left_out")
        for name in self._carriers:
            try:
                reply = await self._guarded(name, request, template)
            except OpenedState:
                continue
            except GatewayUnavailable as error:
                trouble = error
                continue
            except GatewayError as error:
                if not template.repeatable:
                    raise
                doubt = error
                continue
            if reply.accepted or reply.refusal not in ELSEWHERE:
                return reply
            refused = reply
        if doubt is not None:
            raise doubt
        if refused is not None:
            return refused
        raise trouble

    async def delivery(self, message_id: str, phone: str, day: date) -> DeliveryState | None:
        """What the carrier that has a message says of it; see `SmsGateway`."""
        rows = await ledger.of(message_id)
        for row in rows:
            if row.state in (Handed.DELIVERED, Handed.FAILED):
                return DeliveryState(row.state)
        names = [row.carrier for row in rows if row.state != Handed.NOT_TAKEN and row.carrier in self._carriers]
        for name in names or self._carriers:
            state = await self._carriers[name].delivery(message_id, phone, day)
            if state is not None:
                return state
        return None

    async def close(self) -> None:
        """Close every carrier."""
        for carrier in self._carriers.values():
            await carrier.close()

    async def _had(self, request: SmsRequest, template: Template) -> SmsReply | None:
        """The answer when a carrier has the message already.

        Raises `GatewayTimeout` when that cannot be known, and the message must not come twice.
        """
        for row in await ledger.of(request.message_id):
            if row.state in ledger.HAS_IT:
                return SmsReply(accepted=True, carrier_id=row.carrier_id or "", carrier=row.carrier)
            if row.state != Handed.GIVEN:
                continue
            asked = self._carriers.get(row.carrier)
            found = await _found(asked, request) if asked is not None else None
            if found:
                await ledger.settled(request.message_id, row.carrier, Handed.TAKEN)
                return SmsReply(accepted=True, carrier=row.carrier)
            if found is None and not template.repeatable:
                raise GatewayTimeout("unknown_at_carrier")
            await ledger.settled(request.message_id, row.carrier, Handed.NOT_TAKEN, reason="not_found")
        return None

    async def _guarded(self, name: str, request: SmsRequest, template: Template) -> SmsReply:
        """Give the message to a carrier unless it is left out; with one carrier alone there is nobody to go to."""
        if len(self._carriers) == 1:
            return await self._given(name, request, template)
        breaker = await self._breakers.get_breaker(name)
        try:
            async with breaker:
                began = time.monotonic()
                reply = await self._given(name, request, template)
                if time.monotonic() - began > self._slow_seconds:
                    raise _Slow(reply)
                return reply
        except _Slow as slow:
            log.warning("sms_carrier_slow", carrier=name)
            return slow.reply

    async def _given(self, name: str, request: SmsRequest, template: Template) -> SmsReply:
        segments = self._segments(request, template)
        if not await ledger.given(
            request.message_id, name, request.template, request.phone, segments, is_code=template.is_code
        ):
            return SmsReply(accepted=False, refusal=Refusal.LIMITED)
        try:
            # what an earlier attempt did is known from the ledger, so the carrier is not asked for it again
            reply = await self._carriers[name].send(replace(request, first=True))
        except GatewayUnavailable as error:
            log.warning("sms_carrier_down", carrier=name, reason=error.reason)
            await ledger.settled(request.message_id, name, Handed.NOT_TAKEN, reason=error.reason)
            raise
        except GatewayError as error:
            log.warning("sms_carrier_unsure", carrier=name, reason=error.reason)
            raise
        if reply.accepted:
            await ledger.settled(request.message_id, name, Handed.TAKEN, reply.carrier_id)
        else:
            log.warning("sms_carrier_refused", carrier=name, refusal=reply.refusal)
            await ledger.settled(request.message_id, name, Handed.NOT_TAKEN, reason=reply.refusal)
        return replace(reply, carrier=name)

    def _segments(self, request: SmsRequest, template: Template) -> int:
        try:
            text = template.filled(request.parameters)
        except LookupError:
            text = ""
        return count(f"【{self._signature}】{text}").segments


async def _found(carrier: SmsGateway, request: SmsRequest) -> bool | None:
    """Whether a carrier has a message that it was given today or yesterday; None while nobody can know."""
    today = clock.today()
    try:
        for day in (today, today - timedelta(days=1)):
            if await carrier.delivery(request.message_id, request.phone, day) is not None:
                return True
    except GatewayError:
        return None
    return False if carrier.tells_at_once else None


async def _opted_out(phone: str) -> bool:
    async with transaction() as session:
        wish = await wishes.of(session, phone)
        return wish is not None and wish.opted_out

"""Text messages as a door: carriers call with what people wrote, answers go out as short texts by the registered frame.

Carriers sign nothing. Their calls are let in by a secret in the address that they were given, and by their networks
where the operator names them.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from fastapi import APIRouter

from channels.base import (
    Answer,
    Blocked,
    Call,
    Capabilities,
    InboundMessage,
    Kind,
    Malformed,
    NotVerified,
    Part,
    Rate,
    Receipt,
    Received,
    Target,
    Unit,
)
from channels.delivery import SMS_ACCOUNT, SMS_RATE
from channels.sms import pages, wire, wording
from hub import outbox
from hub.accounts.models import Strength
from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.logging import get_logger
from hub.kit.taxtext import normalise
from hub.outbox.letters import Never, NotNow, Uncertain
from hub.outbox.models import Failure
from hub.settings import Settings
from services.gateways.errors import GatewayError, GatewayUnavailable
from services.gateways.registry import sms
from services.gateways.sms import ledger, wishes
from services.gateways.sms.callbacks import ANSWERS
from services.gateways.sms.opening import carriers_of, registrations, tell_registrations
from services.gateways.sms.protocol import Refusal, SmsGateway, SmsReply, SmsRequest
from services.gateways.sms.templates import ANSWER, TEMPLATES

log = get_logger(__name__)

SEGMENTS_A_PART, PARTS = 2, 5
"""An answer is ten text messages of the network at most: two of 67 characters in a part, its signature included."""
LIMIT = 119
_AROUND = " \t\r\n.。!！,，“”\"'"
_NOT_SENT = str.maketrans({"【": "〔", "】": "〕"})
"""Carriers keep these brackets for the signature."""
NEVER_SENT, NOBODY = "never-sent", "13000000000"


class SmsChannel:
    """The door. `gateway` gives what sends, `secret` opens the webhook, for `networks` only where there are some."""

    name: ClassVar[str] = "sms"
    capabilities: ClassVar[Capabilities] = Capabilities(
        text_limit=LIMIT, unit=Unit.UTF16, rates=(SMS_RATE, Rate(30, 60.0, "chat")), strength=Strength.SMS,
        receipts=True, choices=6, citations=1, most_parts=PARTS,
    )  # fmt: skip
    router: APIRouter | None = pages.router

    def __init__(
        self,
        secret: str,
        gateway: Callable[[], SmsGateway],
        networks: Sequence[str] = (),
        carriers: Sequence[str] = tuple(ANSWERS),
    ) -> None:
        self._secret = secret
        self._gateway = gateway
        self._networks = [ipaddress.ip_network(network) for network in networks]
        self._carriers = frozenset(carriers)

    async def receive(self, call: Call) -> Received:
        """Verify and decode a call; see `Channel`."""
        carrier = self._caller(call)
        if call.method != "POST":
            raise Malformed
        said, reports = wire.decoded(carrier, call.body)
        # in the order in which they were written, whatever that of the carrier
        heard = [await _heard(one) for one in sorted(said, key=lambda one: one.at)]
        receipts = [await _reported(carrier, report) for report in reports]
        return Received(
            Answer(ANSWERS[carrier], "application/json"),
            messages=[message for message in heard if message is not None],
            receipts=receipts,
        )

    async def send(self, target: Target, part: Part) -> str | None:
        """Hand a part to a carrier; see `Channel`."""
        text = part.text.translate(_NOT_SENT)
        async with transaction() as session:
            wish = await wishes.of(session, target.address)
        if wish is not None and wish.silent and text != wording.OPTED_OUT:
            raise Blocked("opted_out")
        try:
            reply = await self._gateway().send(SmsRequest(part.key, target.address, ANSWER, {"text": text}))
        except GatewayUnavailable as error:
            raise NotNow(error.reason) from error
        except GatewayError as error:
            raise Uncertain(error.reason) from error
        return _taken(reply)

    async def probe(self) -> bool:
        """Whether a carrier answers: one is asked for a message that nobody ever sent; see `Probes`."""
        try:
            await self._gateway().delivery(NEVER_SENT, NOBODY, clock.today())
        except GatewayError:
            return False
        return True

    async def acknowledge(self, messages: Sequence[InboundMessage]) -> None:
        """The response is all that carriers want."""

    async def close(self) -> None:
        """The gateway is closed by its own registry."""

    def _caller(self, call: Call) -> str:
        """The carrier that calls.

        Raises `NotVerified`.
        """
        carrier, token = call.query.get("carrier", ""), call.query.get("token", "")
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self._secret.encode()):
            raise NotVerified
        if carrier not in self._carriers:
            raise NotVerified
        if self._networks:
            try:
                address = ipaddress.ip_address(call.address)
            except ValueError:
                raise NotVerified from None
            if not any(address in network for network in self._networks):
                raise NotVerified
        return carrier


def opened(settings: Settings) -> SmsChannel | None:
    """The door by the settings: there is a secret, and every carrier has registered the frame of our answers."""
    well = tell_registrations(settings)
    secret = settings.sms_callback_secret.get_secret_value()
    framed = all(ANSWER in table for _, table in registrations(settings).values())
    if not (secret and framed and well):
        return None
    named = [name for name in carriers_of(settings) if name in ANSWERS]
    # the sandbox's phones write in both formats
    return SmsChannel(secret, sms, settings.sms_callback_networks, named or tuple(ANSWERS))


async def _heard(said: wire.Said) -> InboundMessage | None:
    """A message for the conversation; None when nothing is to be said to it: a second time the same wish."""
    word = normalise(said.text).strip(_AROUND).upper()
    at = min(said.at, clock.now())
    notice = None
    async with transaction() as session:
        if word in wording.OPT_OUT:
            if not await wishes.opt_out(session, said.phone, by=said.key, at=at):
                return None
            notice = wording.OPTED_OUT
        elif word in wording.OPT_IN and await wishes.opt_in(session, said.phone, by=said.key, at=at):
            notice = wording.OPTED_IN
        else:
            await wishes.spoke(session, said.phone, at)
    return _message(said, at, notice)


def _message(said: wire.Said, at: datetime, notice: str | None) -> InboundMessage:
    kind = None if said.text.strip() else Kind.OTHER
    return InboundMessage(
        SmsChannel.name, SMS_ACCOUNT, said.phone, said.key, said.text, kind=kind, sent_at=at, notice=notice
    )


async def _reported(carrier: str, report: wire.Report) -> Receipt:
    """A receipt for a part of an answer; of notices the outbox is told here, since no door sent them."""
    async with transaction() as session:
        row = await ledger.reported(
            session, carrier, report.carrier_id, report.message_id, delivered=report.delivered, reason=report.reason
        )
        frame = TEMPLATES.get(row.template) if row is not None else None
        if row is not None and frame is not None and not frame.asked:
            await outbox.receipt(
                session, UUID(row.message_id[:36]), delivered=report.delivered, reason=report.reason,
                failure=report.failure,
            )  # fmt: skip
    return Receipt(f"{carrier}:{report.carrier_id}", report.delivered, report.reason, report.failure)


def _taken(reply: SmsReply) -> str | None:
    """The carrier's own number for a part that it has taken.

    Raises `NotNow`, `Blocked`, `Never`.
    """
    if reply.accepted:
        return f"{reply.carrier}:{reply.carrier_id}" if reply.carrier_id else None
    match reply.refusal:
        case Refusal.LIMITED | Refusal.ACCOUNT:
            raise NotNow(reply.refusal)
        case Refusal.UNWANTED:
            raise Blocked(reply.refusal)
        case Refusal.NUMBER:
            raise Never(reply.refusal, Failure.PERMANENT)
        case _:
            raise Never(reply.refusal or Refusal.OTHER, Failure.TECHNICAL)

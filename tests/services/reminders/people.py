"""Pieces for tests of reminders: people who signed in, a clock to set, a phone to read, a worker to run."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from bot.conversation.models import Conversation
from channels.registry import deliverers
from hub.accounts import people, sessions
from hub.accounts.people import Held
from hub.kit import clock
from hub.kit.clock import SHANGHAI, UTC
from hub.kit.db import transaction
from hub.kit.ids import new_id
from hub.outbox.delivery import Delivery
from hub.outbox.models import OutboxMessage
from services.gateways.behaviour import Mode
from services.gateways.registry import tax_core
from services.gateways.sms.sandbox import inbox
from services.gateways.tax_core import sandbox
from services.gateways.tax_core.models import CoreTaxpayer
from services.gateways.tax_core.protocol import FilingRequest, SettlementRequest, TaxItem
from services.gateways.tax_core.seed import person
from services.gateways.tax_core.wire import Operation
from services.reminders import planning, repository, service
from services.reminders.stages import ReminderChoice

SEEDED_ON = date(2026, 10, 14)
"""Third quarter: may be filed since 1 October, is due on 26 October."""


def stand_at(day: date, monkeypatch: pytest.MonkeyPatch, hour: int = 9, minute: int = 0) -> None:
    """Make it this time in China."""
    moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)


async def known(name: str) -> UUID:
    """A person of the demonstration who signed in, proved who they are and is known with their mandates."""
    human = person(name)
    subject = f"conversation:{new_id()}"
    async with transaction() as session:
        found = await people.person_by_phone(session, human.phone)
        await sessions.begin(session, subject, found.id)
        await people.prove(session, subject, human.name, human.resident_id)
        await sessions.end(session, subject)
    mandates = await tax_core().mandates(human.resident_id)
    async with transaction() as session:
        held = [Held(one.taxpayer_id, one.name, one.kind, one.role) for one in mandates]
        await people.keep_mandates(session, found.id, held)
    return found.id


async def in_a_chat(person_id: UUID) -> UUID:
    """A conversation in which the person is signed in."""
    async with transaction() as session:
        conversation = Conversation(channel="web", locale="zh-CN")
        session.add(conversation)
        await session.flush()
        await sessions.begin(session, f"conversation:{conversation.id}", person_id)
        return conversation.id


async def wish(person_id: UUID, choice: ReminderChoice) -> None:
    """What the person wants from now on."""
    async with transaction() as session:
        await repository.choose(session, person_id, choice)


async def tell_core(mode: Mode, operation: Operation | None = None) -> None:
    """Have the core system behave so from now on."""
    async with transaction() as session:
        await sandbox.control(session, operation, mode=mode)


async def take_mandate(taxpayer_id: str) -> None:
    """Nobody may act for this taxpayer any more."""
    async with transaction() as session:
        row = await session.get_one(CoreTaxpayer, taxpayer_id)
        row.file = row.file | {"mandates": []}


async def deliver() -> None:
    """Do everything that waits in the outbox, as the worker does."""
    delivery = Delivery(deliverers(), {planning.TOPIC: service.prepare})
    async with transaction() as session:
        waiting = await session.scalars(select(OutboxMessage.id).where(OutboxMessage.due_at <= clock.now()))
    for message_id in waiting.all():
        await delivery.deliver(message_id)


async def phone_of(name: str) -> list[str]:
    """What came to a person's phone, the oldest first."""
    async with transaction() as session:
        return [message.text for message in reversed(await inbox(session, person(name).phone))]


async def written() -> list[tuple[str, str]]:
    """Channel and state of every message of the outbox."""
    async with transaction() as session:
        rows = await session.execute(
            select(OutboxMessage.channel, OutboxMessage.state).order_by(OutboxMessage.created_at, OutboxMessage.id)
        )
        return [(row[0], row[1]) for row in rows]


async def file_vat(taxpayer_id: str, obligation_id: str, vat: str = "0.00") -> None:
    """The taxpayer files a return, by which this much is payable."""
    request = FilingRequest(
        request_id=str(new_id()), taxpayer_id=taxpayer_id, obligation_id=obligation_id, form="vat_small_scale",
        payload={}, items=(TaxItem("vat", "增值税", Decimal(vat)),), filed_by="经办人",
    )  # fmt: skip
    await tax_core().file(request)


async def pay_everything(taxpayer_id: str) -> None:
    """The taxpayer pays what is payable."""
    for charge in await tax_core().charges(taxpayer_id):
        await tax_core().settle(
            SettlementRequest(
                request_id=str(new_id()), taxpayer_id=taxpayer_id, charge_ids=(charge.charge_id,),
                amount=charge.amount - charge.paid, late_fee=Decimal("0.00"), paid_at=clock.now(), method="bank",
                reference="tests",
            )
        )  # fmt: skip

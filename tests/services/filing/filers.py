"""Pieces for tests of filing: people of the seed as principals, their obligations, the amounts that must come out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from hub.accounts import people, sessions
from hub.accounts.people import Held
from hub.kit import clock
from hub.kit.crypto import fingerprint
from hub.kit.db import transaction
from hub.kit.ids import new_id
from hub.skills import Access, Principal, SkillContext, question_of
from knowledge_base.parameters.loader import parameters
from services.gateways.registry import tax_core
from services.gateways.tax_core import seed
from services.registry import skill_by_name
from services.taxes.registry import calculator_by_name
from tests.services.tax_core import QINGCHUAN, obligation_id

IN_TIME = date(2026, 10, 20)
TOO_LATE = date(2026, 11, 22)
Q2, Q3 = date(2026, 6, 30), date(2026, 9, 30)
VAT, CIT = "vat_small_scale", "cit_prepayment"
OPEN_VAT = obligation_id(QINGCHUAN, VAT, Q3)
FILED_VAT = obligation_id(QINGCHUAN, VAT, Q2)
OPEN_CIT = obligation_id(QINGCHUAN, CIT, Q3)
WANG = UUID("0199a000-0000-7000-8000-000000000001")


def stand_at(day: date, monkeypatch: pytest.MonkeyPatch, hour: int = 4) -> None:
    """Make it noon in China on this day."""
    parameters()  # kept from here on: they say when they were verified, which must not be in the future
    moment = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)


def acting(taxpayer_id: str = QINGCHUAN, name: str = "王小明", person_id: UUID = WANG) -> Principal:
    """Somebody of the seed, acting for a taxpayer."""
    taxpayer = next(one for one in seed.read_seed().taxpayers if one.taxpayer_id == taxpayer_id)
    role = next((one.role for one in taxpayer.mandates if one.person == name), "tax_handler")
    return Principal(person_id, Access.AUTHORISED, name, taxpayer_id, taxpayer.name, str(role))


def context(principal: Principal | None = None, key: str = "") -> SkillContext:
    """A call of a skill by somebody of the seed."""
    acts = acting() if principal is None else principal
    return SkillContext(
        today=clock.today(), key=key or str(new_id()), caller=f"person:{acts.person_id}", channel="web", principal=acts
    )


async def calculated(form: str, given: dict[str, Any], period_to: date = Q3) -> dict[str, Decimal]:
    """The figures of the calculator itself, which a return must carry to the cent."""
    calculator = calculator_by_name(form)
    result = calculator.calculate(calculator.read({**given, "on": period_to}))
    return {figure.name: figure.amount for figure in result.figures}


SMALL = {"period": "quarter", "prices": "exclusive", "place": "city"}


def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    """What a query finds."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(query).fetchall()


def filed_in_core(dsn: str, obligation: str = OPEN_VAT) -> int:
    """How many returns the core system has taken for an obligation, those out of force counted in."""
    return int(rows(dsn, f"select count(*) from core_sandbox_return where obligation_id = '{obligation}'")[0][0])


async def preview_of(values: dict[str, Any], skill: str = "file_vat", principal: Principal | None = None) -> Any:
    """What is shown before it is confirmed."""
    found = skill_by_name(skill)
    assert found.preview is not None
    return await found.preview(context(principal), found.form.model_validate(values))


async def file(
    values: dict[str, Any], skill: str = "file_vat", principal: Principal | None = None, key: str = ""
) -> Any:
    """File as the chat does once somebody has confirmed."""
    found = skill_by_name(skill)
    return await found.submit(context(principal, key), found.form.model_validate(values))


async def skill_options(principal: Principal, skill: str = "file_vat") -> Any:
    """The choices for the obligation."""
    options = question_of(skill_by_name(skill).form, "obligation_id").options
    assert options is not None
    return await options(context(principal), {})


async def unpaid(taxpayer_id: str = QINGCHUAN) -> dict[str, tuple[Decimal, Decimal]]:
    """What the core system wants to have, and what it has, by return."""
    charges = await tax_core().charges(taxpayer_id, unpaid_only=False)
    return {one.return_id: (one.amount, one.paid) for one in charges}


async def sign_in(name: str, taxpayer_id: str | None = None) -> tuple[UUID, str]:
    """A person of the seed with a session over the API and their mandates; their id and bearer token."""
    human, token = seed.person(name), f"token-of-{name.encode().hex()}"
    subject = f"token:{fingerprint(token)}"
    mandates = await tax_core().mandates(human.resident_id)
    async with transaction() as session:
        found = await people.person_by_phone(session, human.phone)
        await sessions.begin(session, subject, found.id)
        person_id = await people.prove(session, subject, name, human.resident_id)
        held = [Held(one.taxpayer_id, one.name, str(one.kind), str(one.role)) for one in mandates]
        await people.keep_mandates(session, person_id, held)
        await sessions.choose(session, subject, taxpayer_id)
    return person_id, token

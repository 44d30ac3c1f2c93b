"""A calculation from a person's own figures is explained to that person alone, and every look is written down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import psycopg
import pytest
from fastapi import FastAPI, Response

from hub.accounts.access import token_subject
from hub.kit.db import transaction
from hub.kit.ids import new_id
from hub.kit.web import add_error_handlers
from services.calculations import router
from services.calculations.schemas import CalculationRead
from services.calculations.service import CalculationNotFound, entered, explained, keep
from services.taxes.deed import DEED
from tests.services.calculations.people import signed_in

FORM = {"price": "1000000", "home": "only", "area": "89", "on": "2026-05-01"}


async def kept(owner: UUID | None) -> CalculationRead:
    form = DEED.read(FORM)
    async with transaction() as session:
        return await keep(session, DEED.calculate(form), form, channel="web", owner=owner)


@pytest.fixture
async def http(empty_database: str) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    add_error_handlers(app, lambda *_: Response())
    app.include_router(router.router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
        yield client


async def test_what_is_kept_is_gone_when_the_callers_transaction_fails(empty_database: str) -> None:
    form = DEED.read(FORM)
    async with transaction() as session:
        read = await keep(session, DEED.calculate(form), form, channel="web")
        await session.rollback()
    with pytest.raises(CalculationNotFound):
        await explained(read.trace_id)


async def test_only_the_owner_is_told(empty_database: str) -> None:
    owner = new_id()
    read = await kept(owner)
    assert await explained(read.trace_id, owner) == read
    for other in (None, new_id()):
        with pytest.raises(CalculationNotFound):
            await explained(read.trace_id, other)
    with pytest.raises(CalculationNotFound):
        await entered(read.trace_id)


async def test_what_belongs_to_nobody_is_told_to_whoever_has_the_trace(empty_database: str) -> None:
    read = await kept(None)
    assert await explained(read.trace_id, new_id()) == read
    assert await entered(read.trace_id) == ("deed", DEED.read(FORM).model_dump(mode="json"))


async def test_a_look_at_what_is_owned_is_written_down_and_others_are_not(empty_database: str) -> None:
    owner = new_id()
    mine, open_to_all = await kept(owner), await kept(None)
    await explained(mine.trace_id, owner)
    await explained(open_to_all.trace_id, owner)
    with psycopg.connect(empty_database) as connection:
        rows = connection.execute("select actor, action, subject from audit_entry").fetchall()
    assert rows == [(f"person:{owner}", "calculation_explained", f"calculation:{mine.trace_id}")]


async def test_over_the_api_the_owners_token_opens_it(http: httpx.AsyncClient) -> None:
    owner = await signed_in(token_subject("mine"), "19999990001")
    await signed_in(token_subject("theirs"), "19999990002")
    read = await kept(owner)
    address = f"/api/v1/calculators/traces/{read.trace_id}"
    mine = await http.get(address, headers={"Authorization": "Bearer mine"})
    assert (mine.status_code, mine.json()["trace_id"]) == (200, str(read.trace_id))
    missing = await http.get(f"/api/v1/calculators/traces/{new_id()}")
    for headers in ({}, {"Authorization": "Bearer theirs"}, {"Authorization": "Bearer unknown"}):
        refused = await http.get(address, headers=headers)
        assert (refused.status_code, refused.json()["detail"]) == (404, missing.json()["detail"])


async def test_a_phone_alone_does_not_open_it(http: httpx.AsyncClient) -> None:
    owner = await signed_in(token_subject("phone"), "19999990003", proven=False)
    read = await kept(owner)
    answer = await http.get(f"/api/v1/calculators/traces/{read.trace_id}", headers={"Authorization": "Bearer phone"})
    assert (answer.status_code, answer.json()["code"]) == (404, "calculation_not_found")

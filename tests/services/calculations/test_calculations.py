"""A tax is worked out, kept with its steps, and explained again by its trace id; nothing readable lies in the table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import httpx
import psycopg
import pytest
from fastapi import FastAPI, Response

from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.web import add_error_handlers
from services.calculations import repository, router

DEED = {"on": "2026-05-01", "price": "1000000", "home": "only", "area": "89"}


@pytest.fixture
async def http(empty_database: str) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    add_error_handlers(app, lambda *_: Response())
    app.include_router(router.router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
        yield client


async def test_every_calculator_is_listed_with_its_form(http: httpx.AsyncClient) -> None:
    listed = (await http.get("/api/v1/calculators")).json()["calculators"]
    assert {"deed", "iit_wages", "vat_small_scale", "late_fee"} <= {one["name"] for one in listed}
    assert all(one["title"] and one["form"]["properties"]["on"] for one in listed)


async def test_an_amount_comes_with_its_steps_and_can_be_explained_later(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/v1/calculators/deed", json=DEED)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["figures"][0] == {"name": "payable", "label": "应纳契税", "amount": "10000.00"}
    assert "deed.only_home_small" in [read["key"] for step in body["steps"] for read in step["readings"]]
    assert "财政部 税务总局 住房城乡建设部公告2024年第16号" in [one["document_number"] for one in body["citations"]]
    assert "1,000,000.00元 × 1% = 10,000.00元" in body["text"]
    again = await http.get(f"/api/v1/calculators/traces/{body['trace_id']}")
    assert again.json() == body


@pytest.mark.parametrize(
    ("name", "body", "status", "code", "words"),
    [
        ("deed", {}, 422, "form_invalid", "不含增值税的成交价格是多少元？"),
        ("deed", {**DEED, "price": "-1"}, 422, "form_invalid", "请输入大于0的金额"),
        ("deed", {**DEED, "colour": "red"}, 422, "form_invalid", "没有这一项"),
        ("deed", {**DEED, "on": "2020-01-01"}, 422, "no_law_for_the_day", "没有收录这一天"),
        ("deed", {**DEED, "local_rate": "0.09"}, 422, "cannot_calculate", "3%到5%之间"),
        ("window_tax", {}, 404, "calculator_not_found", "没有这个计算器"),
    ],
)
async def test_what_cannot_be_worked_out_is_explained(
    http: httpx.AsyncClient, name: str, body: dict[str, str], status: int, code: str, words: str
) -> None:
    answer = await http.post(f"/api/v1/calculators/{name}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert words in answer.json()["detail"]


async def test_what_was_entered_is_not_readable_in_the_table(http: httpx.AsyncClient, empty_database: str) -> None:
    answer = await http.post("/api/v1/calculators/deed", json={**DEED, "price": "1234567.89"})
    assert answer.status_code == 200
    with psycopg.connect(empty_database) as connection:
        row = connection.execute("select form, result from calculation").fetchone()
    assert row is not None
    assert b"1234567" not in bytes(row[0])
    assert b"payable" not in bytes(row[1])


async def test_it_is_erased_when_its_time_is_over(http: httpx.AsyncClient) -> None:
    trace_id = (await http.post("/api/v1/calculators/deed", json=DEED)).json()["trace_id"]
    async with transaction() as session:
        await repository.erase_before(session, clock.now() - timedelta(days=1))
        assert await repository.find(session, UUID(trace_id))
        await repository.erase_before(session, clock.now() + timedelta(days=9000))
    gone = await http.get(f"/api/v1/calculators/traces/{trace_id}")
    assert (gone.status_code, gone.json()["code"]) == (404, "calculation_not_found")

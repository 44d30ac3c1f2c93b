"""Somebody who pays: principals of the demonstration, orders, notices brought to our door, what the tables hold."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import psycopg
from fastapi import FastAPI
from fastapi.responses import Response

from hub.kit.ids import new_id
from hub.kit.web import add_error_handlers
from hub.skills import Access, Principal, SkillContext
from services.gateways.payments.registry import CHANNELS, sandbox_peer
from services.gateways.payments.sandbox import cashier
from services.payment import pages, router, service, staff_router
from services.payment.schemas import OrderRead, PayTax
from tests.services.inspection import TODAY
from tests.services.tax_core import JINXI, QINGCHUAN

WANG = UUID("01900000-0000-7000-8000-000000000001")
NAMES = {QINGCHUAN: "杭州晴川咨询有限公司", JINXI: "杭州锦溪餐饮管理有限公司"}


def acting_for(taxpayer_id: str = QINGCHUAN, person_id: UUID = WANG) -> Principal:
    """Somebody who acts for a taxpayer."""
    name = NAMES.get(taxpayer_id, "")
    return Principal(person_id, Access.AUTHORISED, "王小明", taxpayer_id, name, "legal_representative")


def context(taxpayer_id: str = QINGCHUAN, key: str = "") -> SkillContext:
    """How the chat calls a skill for them."""
    return SkillContext(
        today=TODAY, key=key or str(new_id()), caller="conversation:1", channel="web", principal=acting_for(taxpayer_id)
    )


async def order(taxpayer_id: str = QINGCHUAN, key: str = "", **form: Any) -> OrderRead:
    """Order a payment of everything by WeChat Pay, with changes."""
    values = {"charges": "all", "method": "wechat"} | form
    return await service.place(
        acting_for(taxpayer_id), PayTax.model_validate(values), key=key or str(new_id()), channel="web"
    )


def door() -> FastAPI:
    """Our own routes of payments, with the errors as everywhere."""
    app = FastAPI()
    add_error_handlers(app, lambda request, status, title, text, trace_id: Response(text, status))
    for room in (router, staff_router, cashier, pages):
        app.include_router(room.router)
    return app


async def pay(placed: OrderRead) -> None:
    """Somebody pays at the party, whose notices reach our door."""
    peer = sandbox_peer(CHANNELS[placed.method])
    assert peer is not None
    await peer.pay(placed.id.hex, httpx.ASGITransport(door()))


async def pay_unnoticed(placed: OrderRead) -> None:
    """Somebody pays at the party, whose notices get lost."""
    peer = sandbox_peer(CHANNELS[placed.method])
    assert peer is not None
    await peer.pay(placed.id.hex, httpx.MockTransport(_lost))


def _lost(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("lost", request=request)


def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    """What a query finds."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(query).fetchall()


def settlements(dsn: str) -> int:
    """How often the core system has booked money since it was seeded: those that name an order of ours."""
    numbers = "select replace(id::text, '-', '') from payment_order"
    return int(rows(dsn, f"select count(*) from core_sandbox_settlement where request_id in ({numbers})")[0][0])

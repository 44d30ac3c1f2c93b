"""`/payment/<order>/<ticket>`: the page with the QR code to scan, for whoever was given its address; names nobody."""

from __future__ import annotations

import pathlib
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Path
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader

from hub.accounts.access import Public
from hub.bureau import bureau
from hub.kit import clock
from hub.kit.rates import rate_limit
from services.gateways.payments.protocol import Kind
from services.gateways.payments.registry import played
from services.payment import service, wording
from services.payment.models import State
from services.payment.schemas import OrderRead
from services.payment.states import OPEN

router = APIRouter(prefix="/payment", tags=["payment"], include_in_schema=False)
limited = Depends(rate_limit("payment_page", lambda settings: settings.rate_message))
Number = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
FOLDER = pathlib.Path(__file__).parent
Ticket = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{20,64}$")]

_PAGE = Environment(loader=FileSystemLoader(FOLDER), autoescape=True).get_template("payment.html")


@router.get("/{number}/{ticket}", dependencies=[Public, limited])
async def show(number: Number, ticket: Ticket) -> HTMLResponse:
    """What to pay with, and whether it has been paid: asked afresh each time."""
    order = await service.by_ticket(number, ticket)
    # WeChat's H5 orders open only from a registered domain, which it reads off the referrer; the ticket stays ours
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "origin"}
    return HTMLResponse(_rendered(order), headers=headers)


def _rendered(order: OrderRead) -> str:
    opened, method = order.opened, wording.METHODS[order.method]
    content = opened.content if opened else ""
    return _PAGE.render(
        bureau=bureau(), sandbox=played(order.method),
        order=order, method=method, waiting=opened is not None,
        unsettled=State(order.state) in OPEN, until=clock.shown(order.expires_at),
        headline=wording.HEADLINE[State(order.state)].format(method=method),
        code=segno.make(content, error="m").svg_data_uri(scale=6) if opened and opened.kind == Kind.QR else "",
        link=content if content.startswith(("https://", "http://")) else "",
        number=content if opened and opened.kind == Kind.CODE else "",
    )  # fmt: skip

"""`/payment/<order>/<ticket>`: the page with the QR code to scan, for whoever was given its address; names nobody."""

from __future__ import annotations

from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Path
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from hub.accounts.access import Public
from hub.kit import clock
from hub.kit.rates import rate_limit
from services.gateways.payments.protocol import Kind
from services.payment import service, wording
from services.payment.models import State
from services.payment.schemas import OrderRead

router = APIRouter(prefix="/payment", tags=["payment"], include_in_schema=False)
limited = Depends(rate_limit("payment_page", lambda settings: settings.rate_message))
Number = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Ticket = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{20,64}$")]

PAGE = Environment(autoescape=True).from_string(
    """<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
{% if waiting %}<meta http-equiv="refresh" content="15">{% endif %}
<title>缴税付款</title><link rel="stylesheet" href="/static/site.css">
<main>
<h1>缴税付款</h1>
<p>金额 <strong>{{ "{:,}".format(order.total) }}</strong> 元，{{ method }}</p>
<p role="status">{{ headline }}</p>
{% if waiting %}
{% if code %}<p><img src="{{ code }}" width="240" height="240" alt="付款二维码"></p>
<p>请用手机打开{{ method }}扫一扫。</p>{% endif %}
{% if link %}<p><a href="{{ link }}">在这台设备上付款</a></p>{% endif %}
{% if number %}<p>缴款码：<strong>{{ number }}</strong></p>{% endif %}
<p>请在 {{ until }} 前付款，付款后本页会自动更新。</p>
{% endif %}
<p>订单号：{{ order.id.hex }}</p>
</main>
</html>
"""
)


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
    return PAGE.render(
        order=order, method=method, waiting=opened is not None, until=clock.shown(order.expires_at),
        headline=wording.HEADLINE[State(order.state)].format(method=method),
        code=segno.make(content, error="m").svg_data_uri(scale=6) if opened and opened.kind == Kind.QR else "",
        link=content if content.startswith(("https://", "http://")) else "",
        number=content if opened and opened.kind == Kind.CODE else "",
    )  # fmt: skip

"""The stand-ins' cashier: a page on which a person pays, marked 演示环境; there only while a stand-in is in use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader
from starlette.responses import Response

from hub.accounts.access import Public
from hub.kit import clock
from hub.kit.errors import NotFound
from services.gateways.payments.models import LedgerState, Party
from services.gateways.payments.registry import sandbox_peer
from services.gateways.payments.sandbox import ledger
from services.gateways.payments.sandbox.alipay import AlipayPeer
from services.gateways.payments.sandbox.ledger import Entry, NotPayable
from services.gateways.payments.sandbox.peer import Peer

router = APIRouter(prefix="/sandbox/cashier", tags=["sandbox"], include_in_schema=False)

TITLES = {Party.WECHAT: "微信支付", Party.ALIPAY: "支付宝", Party.BANK: "代收银行"}
STATES = {LedgerState.OPEN: "待支付", LedgerState.PAID: "已支付", LedgerState.CLOSED: "已关闭或已过期，不能再支付"}
_PAGE = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True).get_template("cashier.html")


class NoSuchOrder(NotFound):
    """The stand-in does not know the order, or there is no stand-in."""

    code = "sandbox_order_not_found"
    message = "没有这笔订单，请回到原来的页面重新发起缴款。"


def _peer(party: Party) -> Peer:
    peer = sandbox_peer(party)
    if peer is None:
        raise NoSuchOrder
    return peer


def _page(party: Party, entry: Entry | None, code: str = "") -> HTMLResponse:
    return HTMLResponse(
        _PAGE.render(
            title=TITLES[party], entry=entry, code=code, state=STATES[entry.state] if entry else "",
            payable=entry is not None and entry.state is LedgerState.OPEN,
            until=clock.shown(entry.expires_at) if entry else "",
        )
    )  # fmt: skip


@router.get("/bank", dependencies=[Public])
async def counter(code: Annotated[str, Query(max_length=40)] = "") -> Response:
    """The bank's counter: a payment code is looked up there."""
    _peer(Party.BANK)
    entry = await ledger.by_reference(Party.BANK, code.strip()) if code else None
    if entry is None:
        return _page(Party.BANK, None, code)
    return RedirectResponse(f"/sandbox/cashier/bank/{entry.order_id}", 303)


@router.get("/alipay/gateway.do", dependencies=[Public])
async def enter_alipay(request: Request) -> Response:
    """A payer comes from a phone with the signed address of a trade."""
    peer = _peer(Party.ALIPAY)
    assert isinstance(peer, AlipayPeer)
    entry = await peer.enter(dict(request.query_params))
    if entry is None:
        raise NoSuchOrder
    return RedirectResponse(f"/sandbox/cashier/alipay/{entry.order_id}", 303)


@router.get("/{party}/{order_id}", dependencies=[Public])
async def show(party: Party, order_id: str) -> HTMLResponse:
    """What is to be paid."""
    peer = _peer(party)
    if isinstance(peer, AlipayPeer) and await ledger.find(party, order_id):
        await peer.scan(order_id)
    return _page(party, await _entry(party, order_id))


@router.post("/{party}/{order_id}", dependencies=[Public])
async def pay(party: Party, order_id: str) -> HTMLResponse:
    """Pay; the party tells the merchant at once, unless it is told otherwise."""
    peer = _peer(party)
    try:
        await peer.pay(order_id)
    except NotPayable:
        pass
    return _page(party, await _entry(party, order_id))


async def _entry(party: Party, order_id: str) -> Entry:
    entry = await ledger.find(party, order_id)
    if entry is None:
        raise NoSuchOrder
    return entry

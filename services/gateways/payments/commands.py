"""`hub sandbox payment …`: tell the stand-ins of the wallets and the bank how to behave, and pay in their place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Annotated, TypeVar

import typer

from hub.kit.db import dispose
from services.gateways.behaviour import Mode
from services.gateways.payments.models import LedgerState, Notices, Party, SandboxPaymentControl
from services.gateways.payments.registry import sandbox_peer
from services.gateways.payments.sandbox import ledger
from services.gateways.payments.sandbox.ledger import Entry, NotPayable
from services.gateways.payments.sandbox.peer import Peer

T = TypeVar("T")

app = typer.Typer(help="支付渠道沙箱（微信支付、支付宝、代收银行）：设定运行状态、代为付款。", no_args_is_help=True)
PartyName = Annotated[Party, typer.Argument(help="wechat、alipay 或 bank")]


def _run(work: Awaitable[T]) -> T:
    async def run() -> T:
        try:
            return await work
        finally:
            await dispose()

    return asyncio.run(run())


def _peer(party: Party) -> Peer:
    peer = sandbox_peer(party)
    if peer is None:
        typer.echo("这个渠道没有使用沙箱。", err=True)
        raise typer.Exit(1)
    return peer


@app.command()
def status(party: PartyName) -> None:
    """显示沙箱当前的运行状态。"""
    _report(_run(ledger.behaviour(party)))


@app.command()
def mode(
    party: PartyName, mode: Annotated[Mode, typer.Argument(help="normal 正常；down 中断；error 出错；garbage 乱答")]
) -> None:
    """设定沙箱正常、中断、出错或答非所问。"""
    _report(_run(ledger.control(party, mode=mode)))


@app.command()
def delay(
    party: PartyName, milliseconds: Annotated[int, typer.Argument(min=0, max=600_000, help="每次应答前等待的毫秒数")]
) -> None:
    """设定沙箱应答的快慢。"""
    _report(_run(ledger.control(party, delay_ms=milliseconds)))


@app.command()
def notices(
    party: PartyName,
    notices: Annotated[Notices, typer.Argument(help="normal 正常；duplicate 重复；held 不发；wrong_amount 少一分")],
) -> None:
    """设定付款后通知的方式。"""
    _report(_run(ledger.control(party, notices=notices)))


@app.command()
def pay(party: PartyName, order: Annotated[str, typer.Argument(help="订单号，或银行缴款码")]) -> None:
    """代替付款人付款，并发出真实签名的通知。"""
    peer = _peer(party)

    async def work() -> Entry:
        found = await ledger.by_reference(party, order)
        return await peer.pay(found.order_id if found else order)

    try:
        entry = _run(work())
    except NotPayable:
        typer.echo("这笔订单不存在、已付或已关闭。", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"已付款 {entry.paid_amount} 元。")


@app.command()
def notify(party: PartyName, order: Annotated[str, typer.Argument(help="订单号")]) -> None:
    """（再次）发出一笔已付订单的通知。"""
    peer = _peer(party)

    async def work() -> int | None:
        entry = await ledger.find(party, order)
        return await peer.tell(entry) if entry and entry.state is LedgerState.PAID else None

    answered = _run(work())
    if answered is None:
        typer.echo("这笔订单不存在或没有付款。", err=True)
        raise typer.Exit(1)
    typer.echo(f"通知的应答：{answered or '没有应答'}")


@app.command()
def serve(
    party: PartyName, port: Annotated[int, typer.Option(min=1, max=65535, help="监听端口（仅本机）")] = 8091
) -> None:
    """以真实接口协议对外提供沙箱，供上线前联调。"""
    import uvicorn

    uvicorn.run(_peer(party).serve, host="127.0.0.1", port=port, log_level="info", lifespan="off")


def _report(told: SandboxPaymentControl) -> None:
    typer.echo(f"状态 {told.mode}，应答延迟 {told.delay_ms} 毫秒，付款通知 {told.notices}")

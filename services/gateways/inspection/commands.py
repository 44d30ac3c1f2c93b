"""`hub sandbox inspection …`: look into the stand-in of the inspection platform and tell it how to behave."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit.db import dispose, transaction
from hub.settings import get_settings
from services.gateways.inspection import sandbox
from services.gateways.inspection.models import InvoiceState, Mode, SandboxControl
from services.gateways.inspection.seed import seed as write_seed
from services.gateways.inspection.signature import Credentials

T = TypeVar("T")

app = typer.Typer(help="发票查验平台沙箱：查看、设定运行状态、维护虚构发票。", no_args_is_help=True)


def _in_transaction(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async def run() -> T:
        try:
            async with transaction() as session:
                return await work(session)
        finally:
            await dispose()

    return asyncio.run(run())


@app.command()
def status() -> None:
    """显示沙箱当前的运行状态。"""
    _report(_in_transaction(lambda session: sandbox.control(session)))


@app.command()
def mode(mode: Annotated[Mode, typer.Argument(help="normal 正常；down 无法连接；error 平台内部错误")]) -> None:
    """设定沙箱正常、中断或出错。"""
    _report(_in_transaction(lambda session: sandbox.control(session, mode=mode)))


@app.command()
def delay(milliseconds: Annotated[int, typer.Argument(min=0, max=600_000, help="每次应答前等待的毫秒数")]) -> None:
    """设定沙箱应答的快慢。"""
    _report(_in_transaction(lambda session: sandbox.control(session, delay_ms=milliseconds)))


@app.command()
def seed() -> None:
    """重新写入全部虚构发票（已有查验次数保留）。"""
    typer.echo(f"已写入 {_in_transaction(write_seed)} 张虚构发票。")


@app.command()
def invoices() -> None:
    """列出沙箱中的虚构发票。"""
    for face in _in_transaction(sandbox.invoices):
        typer.echo(
            f"{face.kind:<17} {face.code:<12} {face.number:<20} {face.issued_on} {face.amount:>12} {face.total:>12}"
        )


@app.command()
def state(
    number: Annotated[str, typer.Argument(help="发票号码")],
    to: Annotated[InvoiceState, typer.Argument(help="normal、voided、red_lettered 或 partly_red_lettered")],
    code: Annotated[str, typer.Option(help="发票代码；数电票没有代码")] = "",
) -> None:
    """改变一张虚构发票的状态（作废、红冲、恢复）。"""
    if not _in_transaction(lambda session: sandbox.set_state(session, number, code, to)):
        typer.echo("沙箱中没有这张发票。", err=True)
        raise typer.Exit(1)
    typer.echo(f"{code} {number}：{to}".strip())


@app.command("forget-checks")
def forget_checks() -> None:
    """清除查验记录，当日次数重新计算。"""
    typer.echo(f"已清除 {_in_transaction(sandbox.forget_checks)} 条查验记录。")


@app.command()
def serve(port: Annotated[int, typer.Option(min=1, max=65535, help="监听端口（仅本机）")] = 8090) -> None:
    """以真实接口协议对外提供沙箱，供上线前联调；密钥取自 HUB_INSPECTION_KEY。"""
    import uvicorn

    from services.gateways.inspection.peer import create_peer

    credentials = Credentials.parse(get_settings().inspection_key.get_secret_value())
    uvicorn.run(create_peer(credentials), host="127.0.0.1", port=port, log_level="info")


def _report(behaviour: SandboxControl) -> None:
    typer.echo(f"状态 {behaviour.mode}，应答延迟 {behaviour.delay_ms} 毫秒")

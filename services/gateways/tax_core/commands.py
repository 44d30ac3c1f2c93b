"""`hub sandbox core …`: look into the stand-in of the core system and tell it how to behave."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit.db import dispose, transaction
from hub.settings import get_settings
from services.gateways.behaviour import Mode
from services.gateways.signature import Credentials
from services.gateways.tax_core import sandbox, seeding, standing
from services.gateways.tax_core.models import EVERY_OPERATION, CoreControl
from services.gateways.tax_core.protocol import CoreRefusal
from services.gateways.tax_core.rules import is_money
from services.gateways.tax_core.wire import Operation

T = TypeVar("T")

app = typer.Typer(help="核心征管系统沙箱：查看虚构的纳税人、设定运行状态和账户余额。", no_args_is_help=True)


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
    """显示各项操作当前的运行状态。"""
    for row in _in_transaction(sandbox.controls):
        _report(row)


@app.command()
def behave(
    mode: Annotated[Mode, typer.Argument(help="normal 正常；down 无法连接；error 内部错误；garbage 答非所问")],
    delay: Annotated[int, typer.Option(min=0, max=600_000, help="每次应答前等待的毫秒数")] = 0,
    operation: Annotated[Operation | None, typer.Option(help="只对这一项操作生效；不填则对全部操作生效")] = None,
) -> None:
    """设定沙箱正常、缓慢、中断、出错或答非所问。"""
    _report(_in_transaction(lambda session: sandbox.control(session, operation, mode=mode, delay_ms=delay)))


@app.command()
def taxpayers() -> None:
    """列出虚构的纳税人：可以申报的、待缴的、多缴的和协议账户余额。"""
    for line in _in_transaction(standing.of_everybody):
        typer.echo(
            f"{line.taxpayer_id}  {line.name}  可申报 {line.open} 项（已逾期 {line.overdue} 项）"
            f"  待缴 {line.owed} 元  多缴 {line.credit} 元  协议账户 {line.balance}"
        )


@app.command()
def balance(
    taxpayer_id: Annotated[str, typer.Argument(help="登记序号，见 taxpayers")],
    amount: Annotated[str, typer.Argument(help="余额（元），例如 1000.00")],
) -> None:
    """设定三方协议账户的余额，用来演示扣款成功和余额不足。"""
    try:
        value = Decimal(amount)
    except InvalidOperation:
        value = Decimal("NaN")
    if not is_money(value):
        typer.echo("余额应是不小于0的金额，例如 1000.00。", err=True)
        raise typer.Exit(1)
    try:
        _in_transaction(lambda session: standing.set_balance(session, taxpayer_id, value))
    except CoreRefusal as no:
        typer.echo(no.message, err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{taxpayer_id} 协议账户余额：{value} 元")


@app.command("start-over")
def start_over(yes: Annotated[bool, typer.Option("--yes", help="不再询问")] = False) -> None:
    """清除沙箱中的全部申报和缴款，恢复到今天的初始状态。"""
    if not yes:
        typer.confirm("沙箱中的申报和缴款记录将全部清除，继续吗？", abort=True)
    typer.echo(f"已恢复 {_in_transaction(seeding.start_over)} 个虚构的纳税人。")


@app.command()
def serve(port: Annotated[int, typer.Option(min=1, max=65535, help="监听端口（仅本机）")] = 8091) -> None:
    """以真实接口协议对外提供沙箱，供上线前联调；密钥取自 HUB_CORE_KEY。"""
    import uvicorn

    from services.gateways.tax_core.peer import create_peer

    credentials = Credentials.parse(get_settings().core_key.get_secret_value(), "HUB_CORE_KEY")
    uvicorn.run(create_peer(credentials), host="127.0.0.1", port=port, log_level="info")


def _report(row: CoreControl) -> None:
    name = "全部操作" if row.operation == EVERY_OPERATION else row.operation
    typer.echo(f"{name}：状态 {row.mode}，应答延迟 {row.delay_ms} 毫秒")

"""`hub sandbox sms`: read the phones of the demonstration, and tell the carrier's stand-in how to behave."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from hub.kit.db import dispose, transaction
from hub.settings import get_settings
from services.gateways.behaviour import Mode, tell
from services.gateways.signature import Credentials
from services.gateways.sms import sandbox
from services.gateways.sms.models import SandboxSmsControl

T = TypeVar("T")

app = typer.Typer(help="短信沙箱：查看演示手机收到的短信，设定运行状态。", no_args_is_help=True)


def _in_transaction(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async def run() -> T:
        try:
            async with transaction() as session:
                return await work(session)
        finally:
            await dispose()

    return asyncio.run(run())


@app.command()
def read(phone: Annotated[str, typer.Argument(help="手机号码")]) -> None:
    """显示一部演示手机收到的短信，最新的在前。"""
    messages = _in_transaction(lambda session: sandbox.inbox(session, phone))
    for message in messages:
        typer.echo(f"{clock.shown(message.at)}  {message.text}")
    if not messages:
        typer.echo("这部手机没有收到短信。")


@app.command()
def behave(
    mode: Annotated[Mode, typer.Argument(help="normal 正常；down 无法连接；error 内部错误；garbage 答非所问")],
    delay: Annotated[int, typer.Option(min=0, max=600_000, help="每次应答前等待的毫秒数")] = 0,
) -> None:
    """设定短信通道正常、缓慢、中断或出错。"""
    row = _in_transaction(lambda session: tell(session, SandboxSmsControl, mode=mode, delay_ms=delay))
    typer.echo(f"状态 {row.mode}，应答延迟 {row.delay_ms} 毫秒")


@app.command()
def serve(port: Annotated[int, typer.Option(min=1, max=65535, help="监听端口（仅本机）")] = 8092) -> None:
    """以短信服务商的接口协议对外提供沙箱，供上线前联调；密钥取自 HUB_SMS_KEY，模板取自 HUB_SMS_TEMPLATES。"""
    import uvicorn

    from services.gateways.sms.peer import create_peer

    settings = get_settings()
    credentials = Credentials.parse(settings.sms_key.get_secret_value(), "HUB_SMS_KEY")
    uvicorn.run(create_peer(credentials, settings.sms_templates), host="127.0.0.1", port=port, log_level="info")

"""`hub sandbox real-name`: tell the stand-in of the real-name service how to behave, and put it on the wire."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from hub.kit.db import dispose, transaction
from hub.settings import get_settings
from services.gateways.behaviour import Mode, tell
from services.gateways.real_name.models import SandboxRealNameControl
from services.gateways.signature import Credentials
from services.gateways.tax_core.seed import people

app = typer.Typer(help="实名核验沙箱：查看演示人员，设定运行状态。", no_args_is_help=True)


@app.command("people")
def list_people() -> None:
    """列出演示人员（均为虚构），用于演示登录和实名认证。"""
    for person in people():
        typer.echo(f"{person.name}  手机 {person.phone}  证件号码 {person.resident_id}")


@app.command()
def behave(
    mode: Annotated[Mode, typer.Argument(help="normal 正常；down 无法连接；error 内部错误；garbage 答非所问")],
    delay: Annotated[int, typer.Option(min=0, max=600_000, help="每次应答前等待的毫秒数")] = 0,
) -> None:
    """设定实名核验正常、缓慢、中断或出错。"""

    async def run() -> str:
        try:
            async with transaction() as session:
                row = await tell(session, SandboxRealNameControl, mode=mode, delay_ms=delay)
                return f"状态 {row.mode}，应答延迟 {row.delay_ms} 毫秒"
        finally:
            await dispose()

    typer.echo(asyncio.run(run()))


@app.command()
def serve(port: Annotated[int, typer.Option(min=1, max=65535, help="监听端口（仅本机）")] = 8091) -> None:
    """以真实接口协议对外提供沙箱，供上线前联调；密钥取自 HUB_REAL_NAME_KEY。"""
    import uvicorn

    from services.gateways.real_name.peer import create_peer

    credentials = Credentials.parse(get_settings().real_name_key.get_secret_value(), "HUB_REAL_NAME_KEY")
    uvicorn.run(create_peer(credentials), host="127.0.0.1", port=port, log_level="info")

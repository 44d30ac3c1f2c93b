"""`hub channels wechat …`: the menu of the account, the check of its credentials, and its stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from channels.wechat import menu as menus
from channels.wechat.channel import open_channel
from channels.wechat.client import WechatClient
from channels.wechat.models import SandboxWechatControl
from hub.kit.db import dispose, transaction
from hub.outbox.letters import DeliveryTrouble
from hub.settings import get_settings
from services.gateways.behaviour import Mode, tell

app = typer.Typer(help="微信公众号", no_args_is_help=True)
menu = typer.Typer(help="公众号菜单", no_args_is_help=True)
app.add_typer(menu, name="menu")


@menu.callback()
def _menu() -> None:
    """公众号菜单。"""


@menu.command()
def push(
    file: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="菜单定义")] = menus.DEFAULT,
    dry_run: Annotated[bool, typer.Option(help="只检查，不发布")] = False,
) -> None:
    """检查菜单定义并发布到公众号；用户的手机在一天内更新。"""
    try:
        wire = menus.as_wire(menus.read(file), get_settings().public_url)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if dry_run:
        typer.echo("菜单定义正确。")
        return
    _with_client(lambda client: client.make_menu(wire))
    typer.echo("菜单已发布。")


@app.command()
def check() -> None:
    """用现有凭据取一次 access_token，确认 AppID、AppSecret 和 IP 白名单正确。"""
    _with_client(lambda client: client.token())
    typer.echo("凭据可用。")


@app.command()
def behave(
    mode: Annotated[Mode, typer.Argument(help="normal 正常；down 无法连接；error 系统繁忙；garbage 答非所问")],
    delay: Annotated[int, typer.Option(min=0, max=600_000, help="每次应答前等待的毫秒数")] = 0,
) -> None:
    """设定微信沙箱正常、缓慢、中断或出错。"""

    async def run() -> None:
        async with transaction() as session:
            await tell(session, SandboxWechatControl, mode=mode, delay_ms=delay)
        await dispose()

    asyncio.run(run())
    typer.echo(f"状态 {mode}，应答延迟 {delay} 毫秒")


def _with_client(work: Callable[[WechatClient], Awaitable[Any]]) -> None:
    async def run() -> None:
        channel = open_channel(get_settings())
        if channel is None:
            raise typer.BadParameter("微信渠道没有开启，请先设置 HUB_WECHAT_*。")
        try:
            await work(channel.client)
        finally:
            await channel.close()
            await dispose()

    try:
        asyncio.run(run())
    except DeliveryTrouble as error:
        typer.echo(f"微信没有接受：{error.reason}", err=True)
        raise typer.Exit(1) from error

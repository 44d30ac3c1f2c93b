"""`hub channels …`: which doors are open, and telling a party where ours is."""

from __future__ import annotations

import asyncio

import typer

from channels.bench.commands import simulate
from channels.registry import DOORS, channels
from channels.telegram.channel import TelegramChannel
from channels.wechat.commands import app as wechat
from hub.outbox.letters import DeliveryTrouble
from hub.settings import get_settings

app = typer.Typer(help="渠道", no_args_is_help=True)
app.add_typer(wechat, name="wechat")
app.command()(simulate)


@app.callback()
def doors() -> None:
    """渠道。"""


@app.command("list")
def list_doors() -> None:
    """列出各渠道是否开通，以及还缺什么配置。"""
    opened = channels()
    for door in DOORS:
        typer.echo(f"{door.name} {'已开通' if door.name in opened else f'未开通（需要 {door.needs}）'}")


@app.command("telegram-connect")
def telegram_connect() -> None:
    """把本系统的接收地址登记到Telegram；须先设置 HUB_PUBLIC_URL 和 HUB_TELEGRAM_TOKEN。"""
    channel, url = channels().get("telegram"), get_settings().public_url.rstrip("/")
    if not isinstance(channel, TelegramChannel) or not url.startswith("https://"):
        typer.echo("请先设置 HUB_TELEGRAM_TOKEN，并把 HUB_PUBLIC_URL 设为 https:// 开头的公网地址。")
        raise typer.Exit(1)

    async def connect(door: TelegramChannel) -> str:
        try:
            return await door.connect(f"{url}/channels/telegram/webhook")
        finally:
            await door.close()

    try:
        name = asyncio.run(connect(channel))
    except DeliveryTrouble as trouble:
        typer.echo(f"登记失败（{trouble.reason}），请检查令牌和网络后重试。")
        raise typer.Exit(1) from trouble
    typer.echo(f"已登记。机器人：@{name}")

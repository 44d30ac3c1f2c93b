"""`hub channels simulate`: a developer plays a user of a channel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from channels.bench.user import NotPossible, PlayedUser
from channels.bench.wechat import WechatUser
from hub.kit.db import dispose
from hub.settings import Settings, get_settings

USERS: Mapping[str, Callable[[Settings, str, str], PlayedUser]] = {
    "wechat": WechatUser,
}
"""Who can be played, by channel; made from the settings, the address of the hub, and the user's name."""
LOOK_EVERY = 0.3


def simulate(
    channel: Annotated[str, typer.Argument(help="扮演哪个渠道的用户：" + "、".join(USERS))],
    user: Annotated[str, typer.Option(help="用户在渠道中的标识；不填则是一个新用户")] = "",
    hub: Annotated[str, typer.Option(help="hub 的网址；默认为本机")] = "",
    wait: Annotated[float, typer.Option(min=0, help="输入结束后再等多少秒推送")] = 8.0,
) -> None:
    """在终端里扮演渠道用户，按真实的报文格式与运行中的 hub 对话；Ctrl-D 结束。"""
    if channel not in USERS:
        raise typer.BadParameter(f"没有这个渠道：{channel}")
    settings = get_settings()

    async def run() -> None:
        try:
            played = USERS[channel](settings, hub or f"http://127.0.0.1:{settings.port}", user)
        except NotPossible as error:
            raise typer.BadParameter(str(error)) from error
        try:
            await talk(played, wait)
        finally:
            await played.close()
            await dispose()

    asyncio.run(run())


async def talk(played: PlayedUser, wait: float) -> None:
    """Do line by line what is typed, and show what comes back and what is pushed."""
    for act, what in played.acts.items():
        typer.echo(f"{act:<16} {what}")
    looking = asyncio.create_task(_show_news(played))
    try:
        while (line := await asyncio.to_thread(_line)) is not None:
            if line.strip():
                for answer in await played.do(line):
                    typer.echo(answer)
        await asyncio.sleep(wait)
    except NotPossible as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    for answer in await played.news():
        typer.echo(answer)


async def _show_news(played: PlayedUser) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY)
        for answer in await played.news():
            typer.echo(answer)


def _line() -> str | None:
    try:
        return input()
    except EOFError:
        return None

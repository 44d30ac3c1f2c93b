"""工作人员 on the command line."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from hub.accounts.models import Role
from hub.accounts.service import create_staff
from hub.kit.db import dispose, transaction

app = typer.Typer(help="工作人员", no_args_is_help=True)


@app.callback()
def staff() -> None:
    """工作人员"""


@app.command("create")
def create(
    username: str,
    name: Annotated[str, typer.Option(help="显示给纳税人的称呼")] = "",
    role: Annotated[Role, typer.Option(help="角色")] = Role.ADMINISTRATOR,
) -> None:
    """新增工作人员，打印一次性显示的访问令牌。"""

    async def made() -> str:
        async with transaction() as session:
            token = await create_staff(session, username, display_name=name, role=role)
        await dispose()
        return token

    typer.echo(f"已创建 {username}（{role}）。访问令牌（只显示这一次）：\n{asyncio.run(made())}")

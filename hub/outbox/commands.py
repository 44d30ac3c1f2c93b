"""`hub outbox …`: how many messages wait, went out, failed, or ended in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated

import typer

from hub.kit import clock
from hub.kit.db import dispose, transaction
from hub.outbox import repository
from hub.outbox.models import Failure, State

app = typer.Typer(help="发件箱", no_args_is_help=True)

STATE_TITLES: Mapping[str, str] = {
    State.ACCEPTED: "待发送",
    State.SENDING: "正在发送",
    State.SENT: "已发出",
    State.DELIVERED: "已送达",
    State.FAILED: "失败",
    State.UNKNOWN: "结果不明",
    State.CANCELLED: "已取消",
}
FAILURE_TITLES: Mapping[str, str] = {
    Failure.TEMPORARY: "对方暂时不可用，已过有效期",
    Failure.PERMANENT: "无法送达此人",
    Failure.TECHNICAL: "本系统或短信模板配置有误，请检查",
}


@app.callback()
def outbox() -> None:
    """发件箱。"""


@app.command()
def status(days: Annotated[int, typer.Option(min=1, max=400, help="统计最近几天")] = 1) -> None:
    """按渠道和状态统计消息条数。"""

    async def count() -> Sequence[tuple[str, str, str | None, int, int]]:
        try:
            async with transaction() as session:
                return await repository.counts(session, clock.now() - timedelta(days=days))
        finally:
            await dispose()

    rows = asyncio.run(count())
    if not rows:
        typer.echo(f"最近{days}天没有消息。")
    for channel, state, failure, messages, uncertain in rows:
        why = f"（{FAILURE_TITLES[failure]}）" if failure else ""
        doubt = f"，其中有{uncertain}次发送中断或没有应答" if uncertain else ""
        typer.echo(f"{channel} {STATE_TITLES[state]}{why}：{messages}条{doubt}")

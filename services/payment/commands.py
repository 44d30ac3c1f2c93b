"""`hub payment …`: reconcile a day, and see open orders on by hand."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

import typer

from hub.kit.db import dispose
from services.payment import service
from services.payment.reconciliation import UNAVAILABLE
from services.payment.reconciliation import reconcile as compare
from services.payment.schemas import ReconciliationRead
from services.payment.wording import METHODS

app = typer.Typer(help="缴款：对账、处理未完成的订单。", no_args_is_help=True)

STATES = {"balanced": "一致", "different": "有差异", UNAVAILABLE: "对账单暂时取不到，请稍后再试"}
KINDS = {
    "unknown_here": "渠道有、我方没有的订单",
    "caught_up": "我方漏记，已补记",
    "missing_there": "我方已收、渠道没有",
    "amount_differs": "金额不一致",
    "not_booked": "已收款、未入库",
    "refund_due": "待退款",
}


@app.command()
def reconcile(
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="账单日期，例如 2026-11-21")],
) -> None:
    """与各渠道的日账单核对，补记漏记的款项，列出差异；有差异时以状态码 1 结束。"""

    async def work() -> list[ReconciliationRead]:
        try:
            return await compare(day.date(), "operator")
        finally:
            await dispose()

    found = asyncio.run(work())
    for one in found:
        typer.echo(f"{METHODS[one.method]}：{STATES[one.state]}（账单 {one.rows} 笔）")
        for finding in one.findings:
            typer.echo(f"  {KINDS[finding.kind]}：{finding.order} 渠道 {finding.there} 我方 {finding.here}")
    if any(one.state != "balanced" for one in found):
        raise typer.Exit(1)


@app.command()
def resolve() -> None:
    """立即处理一轮未完成的订单（后台任务每分钟也会处理）。"""

    async def work() -> int:
        try:
            return await service.resolve_open_orders()
        finally:
            await dispose()

    typer.echo(f"本轮结束 {asyncio.run(work())} 笔订单。")

"""`hub payment …` and `hub sandbox payment …`, each line in a process of its own, as an operator runs them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

from hub.kit import clock
from services.payment import service
from services.payment.models import State
from tests.services.payment.payer import acting_for, order, pay, pay_unnoticed
from tests.services.tax_core import JINXI, QINGCHUAN

_RUN = """
import json, sys
from datetime import datetime
import typer
from typer.testing import CliRunner
from hub.kit import clock
from services.gateways.payments.commands import app as sandbox
from services.payment.commands import app as payment
moment = datetime.fromisoformat(sys.argv[2])
clock.now = lambda: moment
app = typer.Typer()
app.add_typer(sandbox, name="sandbox")
app.add_typer(payment, name="payment")
results = [CliRunner().invoke(app, line) for line in json.loads(sys.argv[1])]
print("\\n" + json.dumps([[result.exit_code, result.output] for result in results]))
"""


async def run(*lines: list[str]) -> list[tuple[int, str]]:
    """Exit status and output of each command line."""
    command = [sys.executable, "-c", _RUN, json.dumps(lines), clock.now().isoformat()]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    return [(status, output) for status, output in json.loads(done.stdout.splitlines()[-1])]


async def test_an_operator_tells_a_party_how_to_behave(paying: str) -> None:
    found = await run(
        ["sandbox", "status", "wechat"],
        ["sandbox", "mode", "wechat", "down"],
        ["sandbox", "delay", "wechat", "5"],
        ["sandbox", "notices", "wechat", "held"],
        ["sandbox", "status", "wechat"],
        ["sandbox", "status", "alipay"],
        ["sandbox", "mode", "cash", "down"],
    )
    assert [status for status, _ in found] == [0, 0, 0, 0, 0, 0, 2]
    normal = "状态 normal，应答延迟 0 毫秒，付款通知 normal\n"
    assert (found[0][1], found[5][1]) == (normal, normal)
    assert found[4][1] == "状态 down，应答延迟 5 毫秒，付款通知 held\n"


async def test_an_operator_pays_by_the_code_and_the_round_books_it(paying: str) -> None:
    placed = await order(JINXI, method="bank_transfer")
    assert placed.opened is not None
    code = placed.opened.content
    found = await run(
        ["sandbox", "notify", "bank", placed.id.hex],
        ["sandbox", "notices", "bank", "held"],
        ["sandbox", "pay", "bank", code],
        ["sandbox", "pay", "bank", code],
        ["payment", "resolve"],
    )
    assert [status for status, _ in found] == [1, 0, 0, 1, 0]
    assert str(placed.total) in found[2][1]
    assert "本轮结束 1 笔订单" in found[4][1]
    assert (await service.order_of(acting_for(JINXI), placed.id)).state is State.BOOKED


async def test_reconciling_a_day_ends_with_a_status(paying: str) -> None:
    await pay(await order(QINGCHUAN))
    [clean] = await run(["payment", "reconcile", "2026-11-22"])
    assert clean[0] == 0
    assert "微信支付：一致（账单 1 笔）" in clean[1]
    missed = await order(JINXI)
    await pay_unnoticed(missed)
    different, again, wrong = await run(
        ["payment", "reconcile", "2026-11-22"], ["payment", "reconcile", "2026-11-22"], ["payment", "reconcile", "昨天"]
    )
    assert (different[0], again[0], wrong[0]) == (1, 0, 2)
    assert f"我方漏记，已补记：{missed.id.hex}" in different[1]

"""`hub sandbox core …`, each line in a process of its own, as an operator runs them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

from services.gateways.behaviour import Mode
from services.gateways.tax_core.sandbox import TaxCoreSandbox
from tests.services.tax_core import YEAR, YUNQI, a_return, vat

_RUN = """
import json, sys
from datetime import UTC, datetime
from typer.testing import CliRunner
from hub.kit import clock
from services.gateways.tax_core.commands import app
clock.now = lambda: datetime(2026, 11, 22, 4, tzinfo=UTC)
results = [CliRunner().invoke(app, line) for line in json.loads(sys.argv[1])]
print(json.dumps([[result.exit_code, result.output] for result in results]))
"""


async def run(*lines: list[str]) -> list[tuple[int, str]]:
    """Exit status and output of each command line."""
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", _RUN, json.dumps(lines)], capture_output=True, text=True, check=True
    )
    return [(status, output) for status, output in json.loads(done.stdout)]


async def test_an_operator_sees_who_stands_how_and_changes_an_account(empty_database: str) -> None:
    found = await run(
        ["taxpayers"], ["balance", YUNQI, "12.5"], ["balance", "DJ99999999", "1"], ["balance", YUNQI, "1.001"],
        ["balance", YUNQI, "很多"], ["taxpayers"],
    )  # fmt: skip
    assert [status for status, _ in found] == [0, 0, 1, 1, 1, 0]
    first, last = (dict(line.split("  ", 1) for line in found[place][1].splitlines()) for place in (0, -1))
    assert len(first) == 12  # of thirteen, one is de-registered
    assert "可申报 2 项（已逾期 2 项）  待缴 0.00 元  多缴 0.00 元  协议账户 30000.00" in first[YUNQI]
    assert last[YUNQI].endswith("协议账户 12.50")
    assert "没有找到" in found[2][1]


async def test_an_operator_makes_the_core_system_fail_and_recover(empty_database: str) -> None:
    found = await run(
        ["behave", "garbage", "--delay", "5", "--operation", "file"], ["status"], ["behave", "down"], ["status"],
        ["behave", "normal"], ["behave", "perhaps"],
    )  # fmt: skip
    assert [status for status, _ in found] == [0, 0, 0, 0, 0, 2]
    assert found[1][1].splitlines() == [
        f"全部操作：状态 {Mode.NORMAL}，应答延迟 0 毫秒", f"file：状态 {Mode.GARBAGE}，应答延迟 5 毫秒",
    ]  # fmt: skip
    assert found[3][1].splitlines() == [f"全部操作：状态 {Mode.DOWN}，应答延迟 0 毫秒"]
    assert (await TaxCoreSandbox(30).taxpayer(YUNQI)).taxpayer_id == YUNQI


async def test_starting_over_asks_first(empty_database: str) -> None:
    core = TaxCoreSandbox(30)
    (wanted,) = [
        item.obligation_id for item in await core.obligations(YUNQI, *YEAR)
        if item.return_id is None and item.form == "vat_small_scale" and item.period_to.month == 9
    ]  # fmt: skip
    request = a_return(taxpayer_id=YUNQI, obligation_id=wanted, items=vat("0.00"))
    filed = await core.file(request)
    assert [status for status, _ in await run(["start-over"])] == [1]
    assert await core.filed(YUNQI, request.request_id) == filed
    ((status, output),) = await run(["start-over", "--yes"])
    assert (status, "13" in output) == (0, True)
    assert await core.filed(YUNQI, request.request_id) is None

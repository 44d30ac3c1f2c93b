"""The sandbox's seed, its rules about days, its commands, and which gateway the settings choose."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from hub.kit.db import transaction
from hub.kit.taxtext import uscc_ok
from hub.settings import get_settings
from services.gateways import registry
from services.gateways.inspection import sandbox as stand_in
from services.gateways.inspection.http import InspectionHttp
from services.gateways.inspection.models import InvoiceState
from services.gateways.inspection.protocol import Outcome
from services.gateways.inspection.seed import read_seed, seed
from tests.services.inspection import ROWS, SEED, seeded, true_request

DIGITAL = seeded("26322000000000001130")


def test_the_seed_is_plainly_fictional_and_consistent() -> None:
    assert len(ROWS) == len(SEED.invoices)
    for party in SEED.parties.values():
        assert "示例" in party.name or "样本" in party.name
        assert not party.number or uscc_ok(party.number)
    for invoice in SEED.invoices:
        assert bool(invoice.code) == (len(invoice.number) == 8) == (not invoice.kind.digital)
        assert (invoice.issued_on is None) != (invoice.issued_days_ago is None)


def test_a_seed_with_a_mistake_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "invoices.yaml"
    file.write_text("parties: {}\nitems: {}\ninvoices: [{kind: paper, number: '1', seller: a, buyer: b, items: []}]\n")
    with pytest.raises(ValidationError):
        read_seed(file)


@pytest.mark.parametrize(
    ("day", "years", "expected"),
    [
        (date(2026, 11, 22), 5, date(2021, 11, 22)),
        (date(2028, 2, 29), 5, date(2023, 3, 1)),
        (date(2028, 2, 29), 4, date(2024, 2, 29)),
    ],
)
def test_years_before(day: date, years: int, expected: date) -> None:
    assert stand_in.years_before(day, years) == expected


async def test_an_invoice_can_be_voided_and_seeding_again_restores_it(sandbox: str) -> None:
    gateway = registry.inspection_gateway()
    assert (await gateway.inspect(true_request(DIGITAL))).outcome is Outcome.MATCH
    async with transaction() as session:
        assert await stand_in.set_state(session, DIGITAL.number, "", InvoiceState.RED_LETTERED)
        assert not await stand_in.set_state(session, "0" * 20, "", InvoiceState.RED_LETTERED)
    assert (await gateway.inspect(true_request(DIGITAL))).outcome is Outcome.RED_LETTERED
    async with transaction() as session:
        assert await seed(session) == len(SEED.invoices)
    again = await gateway.inspect(true_request(DIGITAL))
    assert (again.outcome, again.checks_today) == (Outcome.MATCH, 3)


PROGRAM = """
import json, sys
from typer.testing import CliRunner
from services.gateways.inspection.commands import app
results = [CliRunner().invoke(app, line) for line in json.loads(sys.argv[1])]
print(json.dumps([[result.exit_code, result.output] for result in results]))
"""


def run(*lines: list[str]) -> list[tuple[int, str]]:
    """Exit status and output of commands, in a process of their own: each command has its own event loop."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(lines)], capture_output=True, text=True, timeout=60, check=True
    )
    return [(status, output) for status, output in json.loads(done.stdout)]


def test_commands(sandbox: str) -> None:
    listed, *others = run(
        ["invoices"], ["mode", "down"], ["delay", "300"], ["status"], ["mode", "sideways"],
        ["state", "26322000000000001130", "voided"], ["state", "00000000", "voided", "--code", "011001900211"],
        ["forget-checks"], ["seed"],
    )  # fmt: skip
    assert listed[0] == 0
    assert len(listed[1].splitlines()) == len(SEED.invoices)
    assert "26322000000000001130 2026-09-03" in listed[1]
    assert others[:3] == [
        (0, "状态 down，应答延迟 0 毫秒\n"),
        (0, "状态 down，应答延迟 300 毫秒\n"),
        (0, "状态 down，应答延迟 300 毫秒\n"),
    ]
    assert others[3][0] == 2
    assert others[4:] == [
        (0, "26322000000000001130：voided\n"),
        (1, "沙箱中没有这张发票。\n"),
        (0, "已清除 0 条查验记录。\n"),
        (0, f"已写入 {len(SEED.invoices)} 张虚构发票。\n"),
    ]


async def test_the_setting_chooses_the_gateway(monkeypatch: pytest.MonkeyPatch, fresh_gateways: None) -> None:
    first = registry.inspection_gateway()
    assert isinstance(first, stand_in.InspectionSandbox)
    assert registry.inspection_gateway() is first
    await registry.close_gateways()
    monkeypatch.setenv("HUB_INSPECTION_GATEWAY", "http")
    monkeypatch.setenv("HUB_INSPECTION_URL", "https://platform.example/api/")
    monkeypatch.setenv("HUB_INSPECTION_KEY", "bureau:secret")
    get_settings.cache_clear()
    try:
        assert isinstance(registry.inspection_gateway(), InspectionHttp)
        await registry.close_gateways()
        monkeypatch.setenv("HUB_INSPECTION_KEY", "only-a-secret")
        get_settings.cache_clear()
        with pytest.raises(ValueError, match="HUB_INSPECTION_KEY"):
            registry.inspection_gateway()
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()

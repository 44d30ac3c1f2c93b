"""Every result of an inspection, through the skill and the sandbox on PostgreSQL."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from typing import Any, cast

import psycopg
import pytest

from hub.kit import db
from hub.kit.idempotency import IdempotencyKeyReused
from hub.kit.ids import new_id
from hub.settings import get_settings
from hub.skills import SkillContext, SkillResult
from services.gateways import registry as gateways
from services.gateways.errors import GatewayFault
from services.gateways.inspection.models import Mode
from services.gateways.inspection.protocol import InspectionReply, InspectionRequest, Outcome
from services.gateways.inspection.sandbox import InspectionSandbox
from services.gateways.inspection.seed import SeededInvoice
from services.invoices import repository, service, wording
from services.invoices.schemas import InspectionStatus
from services.registry import SKILLS, skill_by_name
from tests.services.inspection import SEED, TODAY, expected_outcome, issued_on, proof_of, seeded, tell_sandbox

DIGITAL: dict[str, Any] = {
    "invoice_number": "26322000000000001130", "issued_on": "2026-09-03", "total_with_tax": "1130.00"
}  # fmt: skip


COMPARED = ("issued_on", "total_with_tax")


async def submit(values: dict[str, Any], key: str = "", caller: str = "tests") -> SkillResult:
    """Use the skill as the API and the chat do."""
    skill = skill_by_name("invoice_inspection")
    context = SkillContext(today=TODAY, key=key or str(new_id()), caller=caller, channel="api")
    return await skill.submit(context, skill.form.model_validate(values))


def filled(invoice: SeededInvoice) -> dict[str, Any]:
    """The form as the holder of a seeded invoice fills it in."""
    kinds = {"vehicle": "机动车", "used_car": "二手车"}
    kind = kinds.get(invoice.kind) or ("普票" if invoice.check_code and len(invoice.code) == 10 else None)
    return {
        "invoice_number": invoice.number, "invoice_code": invoice.code, "invoice_kind": kind,
        "issued_on": issued_on(invoice).isoformat(), **{name: str(value) for name, value in proof_of(invoice).items()},
    }  # fmt: skip


def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    """What a query finds."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(query).fetchall()


async def test_every_seeded_invoice_can_be_inspected_by_its_holder(sandbox: str) -> None:
    for invoice in SEED.invoices:
        done = await submit(filled(invoice))
        assert done.status == service.STATUS[expected_outcome(invoice)], invoice
        json.dumps(done.result)
        assert done.receipt
        assert [button.payload for button in done.buttons] == ["skill:invoice_inspection", "intent:talk_to_human"]


@pytest.mark.parametrize(
    ("values", "status", "says", "asks_again"),
    [
        (DIGITAL, "consistent", ["一致", "价税合计1,130.00元", "*纸制品*复印纸", "还可以查验4次"], ()),
        (DIGITAL | {"total_with_tax": "1131"}, "inconsistent", ["不一致", "价税合计", "不会告知"], COMPARED),
        (DIGITAL | {"issued_on": "2025-09-03"}, "inconsistent", ["2026年开具", "2025年"], COMPARED),
        (DIGITAL | {"invoice_number": "26322000000000009999"}, "not_found", ["查无此票", "举报"], ("invoice_number",)),
        (filled(seeded("30778899", "051002200104")), "voided", ["已作废", "不能报销"], ()),
        (filled(seeded("26322000000000001131")), "red_lettered", ["全额红冲"], ()),
        (filled(seeded("26322000000000001132")), "partly_red_lettered", ["部分红冲"], ()),
        (filled(seeded("11223344", "032002300311")) | {"issued_on": "今天"}, "not_synchronised", ["次日"], ()),
        (filled(seeded("87654321", "011001900111")), "too_old", ["最近5年"], ()),
        ({"invoice_number": "12345678", "invoice_kind": "定额"}, "unsupported_kind", ["省级税务局"], ()),
        (
            filled(seeded("10203040", "3200213620")) | {"invoice_kind": None, "amount_without_tax": "316.83"},
            "inconsistent", ["旧版的增值税普通发票"], ("issued_on", "amount_without_tax"),
        ),
    ],
)  # fmt: skip
async def test_each_result_says_what_to_do_next(
    sandbox: str, values: dict[str, Any], status: str, says: list[str], asks_again: tuple[str, ...]
) -> None:
    done = await submit(values)
    assert (done.status, done.retry_fields) == (status, asks_again)
    for words in says:
        assert words in done.text, done.text
    assert "{" not in done.text
    assert ("全国增值税发票查验平台，2026-11-22 12:00" in done.text) == (status != "unsupported_kind")


async def test_parties_are_shown_in_part_only(sandbox: str) -> None:
    done = await submit(filled(seeded("26322000000000003200")))
    assert done.result["invoice"]["seller"] == {"name": "示例***饮店", "number": "9232**********080C"}
    assert done.result["invoice"]["buyer"] == {"name": "张**", "number": None}
    assert "示例小厨餐饮店" not in done.text
    assert "张示例" not in done.text
    assert done.result["invoice"]["total"] == "320.00"


async def test_the_sixth_check_of_a_day_is_refused(sandbox: str) -> None:
    left = [(await submit(DIGITAL)).text for _ in range(5)]
    assert "还可以查验1次" in left[3]
    assert "查验次数已用完" in left[4]
    sixth = await submit(DIGITAL)
    assert (sixth.status, sixth.retry_fields) == ("too_many_checks", ())
    assert "每天最多查验5次" in sixth.text


async def test_all_results_are_reached_by_these_tests_and_have_their_words() -> None:
    assert set(service.STATUS) == set(Outcome)
    assert set(wording.HEADLINE) == set(wording.ADVICE) == {status.value for status in InspectionStatus}
    assert {status.value for status in service.STATUS.values()} | {"unsupported_kind", "unavailable"} == set(
        wording.ADVICE
    )


async def test_the_same_act_again_is_answered_and_not_done_again(sandbox: str) -> None:
    first = await submit(DIGITAL, key="act-1")
    again = await asyncio.gather(*(submit(DIGITAL, key="act-1") for _ in range(4)))
    assert all(result == first for result in again)
    assert rows(sandbox, "select count(*) from sandbox_inspection") == [(1,)]
    await tell_sandbox(Mode.DOWN)
    assert await submit(DIGITAL, key="act-1") == first
    await tell_sandbox()
    assert (await submit(DIGITAL, key="act-1", caller="somebody else")).receipt != first.receipt
    assert (await submit(DIGITAL, key="act-2")).result["checks_today"] == 3
    with pytest.raises(IdempotencyKeyReused):
        await submit(DIGITAL | {"total_with_tax": "5"}, key="act-1")


async def test_the_same_act_at_the_same_time_is_one_check(sandbox: str) -> None:
    results = await asyncio.gather(*(submit(DIGITAL, key="act-1") for _ in range(6)))
    assert len({result.receipt for result in results}) == 1
    assert {result.result["checks_today"] for result in results} == {1}


@pytest.mark.parametrize("mode", [Mode.DOWN, Mode.ERROR])
async def test_trouble_is_a_result_and_the_same_act_can_be_tried_again(sandbox: str, mode: Mode) -> None:
    await tell_sandbox(mode)
    failed = await submit(DIGITAL, key="act-1")
    assert (failed.status, failed.result["invoice"], failed.retry_fields) == ("unavailable", None, ())
    assert "过几分钟再查" in failed.text
    await tell_sandbox()
    done = await submit(DIGITAL, key="act-1")
    assert (done.status, done.receipt, done.result["checks_today"]) == ("consistent", failed.receipt, 1)


async def test_a_slow_platform_is_given_up_in_time_and_not_counted_twice(
    sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "inspection_timeout_seconds", 0.6)
    await tell_sandbox(delay_ms=5_000)
    started = asyncio.get_running_loop().time()
    assert (await submit(DIGITAL, key="act-1")).status == "unavailable"
    assert asyncio.get_running_loop().time() - started < 3
    await tell_sandbox()
    assert (await submit(DIGITAL, key="act-1")).result["checks_today"] == 1


class Watched:
    """A gateway that looks around while it is being waited for."""

    def __init__(self, act: Callable[[InspectionRequest], Awaitable[None]]) -> None:
        self.act, self.sandbox = act, InspectionSandbox()

    async def inspect(self, request: InspectionRequest) -> InspectionReply:
        await self.act(request)
        return await self.sandbox.inspect(request)

    async def close(self) -> None:
        """Nothing is held."""


async def test_no_connection_is_held_while_the_platform_is_asked(sandbox: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []

    async def look(_: InspectionRequest) -> None:
        held.append(cast(Any, db.engine().pool).checkedout())

    monkeypatch.setattr(service, "inspection_gateway", lambda: Watched(look))
    assert (await submit(DIGITAL)).status == "consistent"
    assert held == [0]


async def test_a_crash_after_the_platform_answered_costs_no_second_check(
    sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object) -> None:
        raise ConnectionAbortedError

    with monkeypatch.context() as patch:
        patch.setattr(repository, "finish", crash)
        with pytest.raises(ConnectionAbortedError):
            await submit(DIGITAL, key="act-1")
    assert rows(sandbox, "select status, reply from invoice_inspection") == [(None, None)]
    assert (await submit(DIGITAL, key="act-1")).result["checks_today"] == 1


async def test_only_the_needed_proof_is_sent(sandbox: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[InspectionRequest] = []

    async def remember(request: InspectionRequest) -> None:
        sent.append(request)
        raise GatewayFault("enough")

    monkeypatch.setattr(service, "inspection_gateway", lambda: Watched(remember))
    await submit(DIGITAL | {"invoice_code": "011001900211", "amount_without_tax": "1000", "check_code": "123456"})
    assert [(item.code, item.issued_on, item.total_with_tax) for item in sent] == [
        ("", date(2026, 9, 3), Decimal("1130.00"))
    ]
    assert (sent[0].amount_without_tax, sent[0].vehicle_total, sent[0].check_code) == (None, None, None)


async def test_nothing_readable_is_kept(sandbox: str) -> None:
    await submit(filled(seeded("26322000000000003200")), caller="13800138000")
    [stored] = rows(sandbox, "select invoice_inspection::text, number_masked, status from invoice_inspection")
    assert stored[1:] == ("2632************3200", "consistent")
    for secret in ("26322000000000003200", "13800138000", "张示例", "示例小厨"):
        assert secret not in stored[0]
        assert secret.encode().hex() not in stored[0]


def test_the_registry_finds_skills_by_name() -> None:
    names = [skill.name for skill in SKILLS]
    assert "invoice_inspection" in names
    assert len(names) == len(set(names))
    assert skill_by_name("invoice_inspection").plan_action == 10
    with pytest.raises(LookupError):
        skill_by_name("no_such_skill")


async def test_inspection_uses_the_gateway_of_the_settings(sandbox: str) -> None:
    assert isinstance(gateways.inspection_gateway(), InspectionSandbox)

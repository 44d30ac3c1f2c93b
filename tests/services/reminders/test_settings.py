"""What people choose, by skill and API; what operators see in the terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date

import pytest
from fastapi import FastAPI, Response
from httpx import ASGITransport, AsyncClient
from pydantic import ValidationError

from hub.accounts import people, sessions
from hub.accounts.access import token_subject
from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.ids import new_id
from hub.kit.web import add_error_handlers
from hub.skills import Access, Principal, SkillContext
from services.gateways.tax_core.seed import person
from services.registry import skill_by_name
from services.reminders import planning, router, service, wording
from services.reminders.schemas import ReminderForm
from services.reminders.stages import ReminderChoice
from tests.services.reminders.people import known, wish

WEEK = "2026-10-19"


@pytest.mark.parametrize(
    ("said", "choice"),
    [
        ("on", "on"), ("开启提醒", "on"), ("打开吧", "on"), ("要", "on"), ("别关", "on"), ("恢复", "on"),
        ("last_day", "last_day"), ("只要最后一天", "last_day"), ("最后一天提醒就行，别的不要", "last_day"),
        ("off", "off"), ("关闭提醒", "off"), ("不要提醒了", "off"), ("别再发了", "off"), ("停掉", "off"),
    ],
)  # fmt: skip
def test_answers_in_peoples_own_words(said: str, choice: str) -> None:
    assert ReminderForm.model_validate({"choice": said}).choice == choice


@pytest.mark.parametrize("said", ["", "嗯", "随便" * 30, None, 3])
def test_what_is_no_answer(said: object) -> None:
    with pytest.raises(ValidationError) as complaint:
        ReminderForm.model_validate({"choice": said})
    assert wording.CHOICE_INVALID in str(complaint.value)


@pytest.mark.parametrize("choice", list(ReminderChoice))
async def test_the_skill_writes_the_choice_down(empty_database: str, choice: ReminderChoice) -> None:
    skill = skill_by_name("reminder_settings")
    principal = Principal(new_id(), Access.VERIFIED, "王小明")
    context = SkillContext(today=clock.today(), key="k", caller="tests", principal=principal)
    assert await service.choice_of(principal.person_id) is ReminderChoice.ON
    done = await skill.submit(context, ReminderForm(choice=choice))
    assert (done.status, done.result) == ("saved", {"choice": choice})
    assert "催报催缴" in done.text
    assert await service.choice_of(principal.person_id) is choice
    assert await service.choice_of(new_id()) is ReminderChoice.ON


@pytest.fixture
async def http() -> AsyncIterator[AsyncClient]:
    """The route alone."""
    app = FastAPI()
    app.include_router(router.router)
    add_error_handlers(app, lambda *_: Response())
    async with AsyncClient(transport=ASGITransport(app), base_url="http://hub") as client:
        yield client


async def signed_in(name: str) -> dict[str, str]:
    """The header of somebody who proved their phone."""
    token = f"token of {name}".replace(" ", "-").encode().hex()
    async with transaction() as session:
        found = await people.person_by_phone(session, person(name).phone)
        await sessions.begin(session, token_subject(token), found.id)
    return {"Authorization": f"Bearer {token}"}


async def test_the_api_reads_and_changes_ones_own_choice(empty_database: str, http: AsyncClient) -> None:
    mine, other = await signed_in("王小明"), await signed_in("李静")
    assert (await http.get("/api/v1/reminders", headers=mine)).json()["choice"] == "on"
    changed = await http.put("/api/v1/reminders", headers=mine, json={"choice": "off"})
    assert (changed.status_code, changed.json()["title"]) == (200, "关闭提醒")
    assert (await http.get("/api/v1/reminders", headers=mine)).json() == changed.json()
    assert (await http.get("/api/v1/reminders", headers=other)).json()["choice"] == "on"


async def test_the_api_wants_a_token_and_a_choice(empty_database: str, http: AsyncClient) -> None:
    assert (await http.get("/api/v1/reminders")).status_code == 401
    assert (await http.put("/api/v1/reminders", json={"choice": "off"})).status_code == 401
    wrong = {"Authorization": "Bearer nobody"}
    assert (await http.get("/api/v1/reminders", headers=wrong)).status_code == 401
    mine = await signed_in("王小明")
    for body in ({"choice": "sometimes"}, {}, {"choice": "on", "person_id": str(new_id())}):
        assert (await http.put("/api/v1/reminders", headers=mine, json=body)).status_code == 422


PROGRAM = """
import json, sys
from datetime import datetime, timezone
from typer.testing import CliRunner
from hub.kit import clock
from hub.outbox.commands import app as outbox
from knowledge_base.parameters.loader import parameters
from services.reminders.commands import app as reminders
parameters()
clock.now = lambda: datetime(2026, 10, 19, 4, tzinfo=timezone.utc)
results = [CliRunner().invoke({"outbox": outbox, "reminders": reminders}[name], line)
           for name, *line in json.loads(sys.argv[1])]
print(json.dumps([[result.exit_code, result.output] for result in results]))
"""


def run(*lines: list[str]) -> list[tuple[int, str]]:
    """Exit status and output of commands, in a process of their own: each command has its own event loop."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(lines)], capture_output=True, text=True, timeout=120, check=True
    )
    return [(status, output) for status, output in json.loads(done.stdout)]


@pytest.fixture
async def two_people(october: str) -> str:
    """One who is reminded, and one who wants nothing."""
    await known("陈大勇")
    await wish(await known("王小明"), ReminderChoice.OFF)
    return october


def test_operators_see_masked_what_would_go_to_whom(two_people: str) -> None:
    nothing, listed, elsewhen, first, again, later, status = run(
        ["outbox", "status"],
        ["reminders", "run", "--day", WEEK, "--dry-run"],
        ["reminders", "run", "--day", "2026-10-23"],
        ["reminders", "run"],
        ["reminders", "run", "--day", WEEK],
        ["reminders", "run", "--day", WEEK, "--dry-run"],
        ["outbox", "status"],
    )
    assert nothing == (0, "最近1天没有消息。\n")
    assert listed == (
        0,
        "陈** 1999***0003（开启提醒）\n"
        "  7天内截止 西湖***面馆 增值税及附加税费（小规模纳税人）（2026年7月至9月）未申报 2026-10-26\n",
    )
    assert elsewhen == (1, "只能生成今天的提醒；其他日子请加 --dry-run 查看。\n")
    assert first == (0, f"{WEEK}：共2人，新生成提醒1人，0人的资料没有查到。\n")
    assert again == (0, f"{WEEK}：共2人，新生成提醒0人，0人的资料没有查到。\n")
    assert later == (0, "陈** 1999***0003：这一天的提醒已经生成\n")
    assert status == (0, "sms 待发送：1条\n")


async def test_a_dry_run_writes_nothing(two_people: str) -> None:
    async with transaction() as session:
        (first, *_) = await people.people_with_mandates(session)
    for _ in range(2):
        planned = await planning.plan(first, date(2026, 10, 19))
        assert planned is not None
        assert len(planned.things) == 1

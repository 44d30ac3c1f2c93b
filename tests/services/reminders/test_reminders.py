"""Who is told of what and when, through the outbox and the sandboxes of core system and carrier."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from bot.conversation import repository as conversations
from bot.conversation.models import State as Chat
from hub import audit
from hub.accounts import people, sessions
from hub.kit import clock
from hub.kit.db import transaction
from services.gateways.behaviour import Mode, tell
from services.gateways.errors import GatewayFault
from services.gateways.registry import tax_core
from services.gateways.sms.models import SandboxSmsControl
from services.gateways.tax_core.sandbox import TaxCoreSandbox
from services.gateways.tax_core.seed import person
from services.gateways.tax_core.wire import Operation
from services.reminders import planning
from services.reminders.open_things import open_things
from services.reminders.stages import ReminderChoice
from tests.deaths import Died, dying_transaction
from tests.services.filing.filers import acting, file, preview_of
from tests.services.payment.payer import order, pay
from tests.services.reminders.people import (
    deliver,
    file_vat,
    in_a_chat,
    known,
    pay_everything,
    phone_of,
    stand_at,
    take_mandate,
    tell_core,
    wish,
    written,
)

DUE = date(2026, 10, 26)
WEEK, THREE_DAYS, OVERDUE = DUE - timedelta(days=7), DUE - timedelta(days=3), DUE + timedelta(days=1)
NOODLES, QINGCHUAN, JINXI = "DJ33010007", "DJ33010001", "DJ33010005"
NOODLES_VAT = f"{NOODLES}-vat_small_scale-20260930"


async def a_day(day: date, monkeypatch: pytest.MonkeyPatch, hour: int = 9) -> None:
    """Everything that the worker does on a day."""
    stand_at(day, monkeypatch, hour)
    await planning.run_if_time()
    await deliver()


async def test_one_message_for_all_companies_of_one_handler(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await known("李静")
    await a_day(WEEK, monkeypatch)
    assert await phone_of("李静") == [
        "【12366】杭州松间设计有限公司有1项申报缴税事项已逾期，请尽快办理；"
        "另外杭州云栖文化创意有限公司、杭州和风物业服务有限公司等5户有8项未办理，最早10月26日（还有7天）截止，请及时办理。"
    ]


async def test_each_stage_is_told_once(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await known("陈大勇")
    told_on = []
    for offset in range(-9, 4):
        before = len(await phone_of("陈大勇"))
        await a_day(DUE + timedelta(days=offset), monkeypatch)
        told_on += [offset] * (len(await phone_of("陈大勇")) - before)
    assert told_on == [-7, -3, 0, 1]
    assert await phone_of("陈大勇") == [
        "【12366】西湖区大勇面馆有1项申报缴税事项未办理，最早10月26日（还有7天）截止，请及时办理。",
        "【12366】西湖区大勇面馆有1项申报缴税事项未办理，最早10月26日（还有3天）截止，请及时办理。",
        "【12366】西湖区大勇面馆有1项申报缴税事项未办理，最早今天（10月26日）截止，请及时办理。",
        "【12366】西湖区大勇面馆有1项申报缴税事项已逾期，最早的已于10月26日截止，请尽快办理。",
    ]


async def test_who_has_nothing_to_do_hears_nothing(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await known("孙浩")
    await known("赵敏")
    for day in (WEEK, DUE, OVERDUE):
        await a_day(day, monkeypatch)
    assert await written() == []


async def test_whoever_was_missed_is_told_the_next_day(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await known("陈大勇")
    await a_day(WEEK + timedelta(days=2), monkeypatch)
    assert len(await phone_of("陈大勇")) == 1


async def test_running_twice_or_side_by_side_sends_once(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("李静", "王小明", "陈大勇"):
        await known(name)
    stand_at(WEEK, monkeypatch)
    runs = await asyncio.gather(*(planning.run(WEEK) for _ in range(3)))
    again = await planning.run(WEEK)
    await deliver()
    assert sum(run.reminded for run in runs) == 3
    assert again.reminded == 0
    for name in ("李静", "王小明", "陈大勇"):
        assert len(await phone_of(name)) == 1


async def test_a_run_killed_half_way_forgets_nobody(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("李静", "王小明", "陈大勇")
    for name in names:
        await known(name)
    write, done = planning._write, 0

    async def dies(planned: planning.Planned, day: date) -> bool:
        nonlocal done
        done += 1
        if done == 2:
            raise asyncio.CancelledError
        return await write(planned, day)

    stand_at(WEEK, monkeypatch)
    monkeypatch.setattr(planning, "_write", dies)
    with pytest.raises(asyncio.CancelledError):
        await planning.run_if_time()
    await deliver()
    monkeypatch.setattr(planning, "_write", write)
    await a_day(WEEK, monkeypatch)
    for name in names:
        assert len(await phone_of(name)) == 1


@pytest.mark.parametrize("step", range(10))
async def test_a_run_that_dies_at_any_step_forgets_nobody(
    october: str, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    names = ("李静", "王小明", "陈大勇")
    for name in names:
        await known(name)
    stand_at(WEEK, monkeypatch)
    with monkeypatch.context() as broken:
        broken.setattr(planning, "transaction", dying_transaction(step))
        with pytest.raises(Died):
            await planning.run_if_time()
    await deliver()
    await a_day(WEEK, monkeypatch)
    for name in names:
        assert len(await phone_of(name)) == 1


async def test_trouble_with_one_person_costs_nobody_else_the_reminder(
    october: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = await known("李静")
    await known("陈大勇")
    plan = planning.plan

    async def stumbles(person_id: UUID, day: date) -> planning.Planned | None:
        if person_id == odd:
            raise KeyError
        return await plan(person_id, day)

    with monkeypatch.context() as broken:
        broken.setattr(planning, "plan", stumbles)
        await a_day(WEEK, monkeypatch)
    assert [len(await phone_of(name)) for name in ("李静", "陈大勇")] == [0, 1]
    await a_day(WEEK, monkeypatch)
    assert [len(await phone_of(name)) for name in ("李静", "陈大勇")] == [1, 1]


async def test_what_is_done_is_not_reminded_of(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await known("陈大勇")
    await file_vat(NOODLES, NOODLES_VAT)
    for day in (WEEK, DUE, OVERDUE):
        await a_day(day, monkeypatch)
    assert await written() == []


async def test_what_the_core_system_has_not_answered_yet_counts_as_done(
    october: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known("陈大勇")
    stand_at(WEEK, monkeypatch)
    acts = acting(NOODLES, "陈大勇")
    values = {"obligation_id": NOODLES_VAT, "sales": "100000", "special_sales": "0"}
    await preview_of(values, principal=acts)
    await tell_core(Mode.DOWN, Operation.FILE)
    assert (await file(values, principal=acts)).status == "pending"
    await planning.run_if_time()
    assert await written() == []


async def test_what_is_paid_and_not_booked_yet_is_not_dunned(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await known("王小明")
    stand_at(WEEK, monkeypatch)
    before = {thing.key for thing in (await open_things(person("王小明").resident_id, WEEK)).things}
    placed = await order(QINGCHUAN)
    await tell_core(Mode.DOWN, Operation.SETTLE)
    await pay(placed)
    after = {thing.key for thing in (await open_things(person("王小明").resident_id, WEEK)).things}
    assert len(before - after) == len(placed.charges) > 0
    assert after < before


async def test_what_is_done_between_writing_and_sending_stops_it(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await known("陈大勇")
    stand_at(WEEK, monkeypatch)
    await planning.run_if_time()
    await file_vat(NOODLES, NOODLES_VAT)
    await deliver()
    assert await phone_of("陈大勇") == []
    assert await written() == [("sms", "cancelled")]


async def test_what_is_paid_between_writing_and_sending_is_left_out(
    october: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known("王小明")
    await wish(await known("李静"), ReminderChoice.ON)
    stand_at(WEEK, monkeypatch)
    await planning.run_if_time()
    await pay_everything(QINGCHUAN)
    await pay_everything(JINXI)
    await deliver()
    assert "等4户有6项未办理" in (await phone_of("李静"))[0]
    assert "有6项申报缴税事项未办理" in (await phone_of("王小明"))[0]


async def test_what_was_told_already_is_not_told_again_with_something_new(
    october: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known("王小明")
    await a_day(WEEK, monkeypatch)
    await file_vat(QINGCHUAN, f"{QINGCHUAN}-vat_small_scale-20260930", "860.00")
    await a_day(WEEK + timedelta(days=1), monkeypatch)
    assert (await phone_of("王小明"))[1] == (
        "【12366】杭州晴川咨询有限公司有1项申报缴税事项未办理，最早10月26日（还有6天）截止，请及时办理。"
    )


async def test_whose_mandate_is_gone_hears_nothing_more_of_it(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("李静", "陈大勇"):
        await known(name)
    stand_at(WEEK, monkeypatch)
    await planning.run_if_time()
    await take_mandate(NOODLES)
    await take_mandate("DJ33010003")
    await deliver()
    assert await phone_of("陈大勇") == []
    (text_message,) = await phone_of("李静")
    assert "云栖" not in text_message
    assert "等4户有6项" in text_message


async def test_a_mandate_that_is_new_counts_at_once(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person_id = await known("陈大勇")
    async with transaction() as session:
        held = await people.mandates_of(session, person_id)
        await people.keep_mandates(session, person_id, [one for one in held if one.role == "self"])
    await a_day(WEEK, monkeypatch)
    assert len(await phone_of("陈大勇")) == 1


async def test_who_took_leave_between_writing_and_sending_is_left_alone(
    october: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person_id = await known("陈大勇")
    stand_at(WEEK, monkeypatch)
    await planning.run_if_time()
    async with transaction() as session:
        await people.erase(session, person_id, phone_too=False)
    await deliver()
    assert await phone_of("陈大勇") == []


@pytest.mark.parametrize(
    ("choice", "told_on"), [(ReminderChoice.LAST_DAY, [DUE, OVERDUE]), (ReminderChoice.OFF, [OVERDUE])]
)
async def test_choices(
    october: str, monkeypatch: pytest.MonkeyPatch, choice: ReminderChoice, told_on: list[date]
) -> None:
    await wish(await known("陈大勇"), choice)
    days = []
    for day in (WEEK, THREE_DAYS, DUE, OVERDUE):
        before = len(await phone_of("陈大勇"))
        await a_day(day, monkeypatch)
        days += [day] * (len(await phone_of("陈大勇")) - before)
    assert days == told_on


async def test_a_choice_counts_for_messages_that_wait(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person_id = await known("陈大勇")
    stand_at(WEEK, monkeypatch)
    await planning.run_if_time()
    await wish(person_id, ReminderChoice.OFF)
    await deliver()
    assert await phone_of("陈大勇") == []


async def test_while_the_core_system_is_down_the_run_waits(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await known("陈大勇")
    await tell_core(Mode.DOWN)
    stand_at(WEEK, monkeypatch)
    run = await planning.run_if_time()
    assert run is not None
    assert (run.reminded, run.unanswered, run.finished) == (0, 1, False)
    await tell_core(Mode.NORMAL)
    stand_at(WEEK, monkeypatch, 9, 10)
    await planning.run_if_time()
    await deliver()
    assert len(await phone_of("陈大勇")) == 1
    assert await planning.run_if_time() is None, "the day is done"


@pytest.mark.parametrize("mode", [Mode.DOWN, Mode.ERROR, Mode.GARBAGE])
@pytest.mark.parametrize("operation", [Operation.MANDATES, Operation.OBLIGATIONS, Operation.CHARGES])
async def test_nobody_is_told_what_may_be_wrong(
    october: str, monkeypatch: pytest.MonkeyPatch, mode: Mode, operation: Operation
) -> None:
    await known("陈大勇")
    stand_at(WEEK, monkeypatch)
    await planning.run_if_time()
    await tell_core(mode, operation)
    await deliver()
    assert await phone_of("陈大勇") == []
    await tell_core(Mode.NORMAL)
    stand_at(WEEK, monkeypatch, 9, 5)
    await deliver()
    assert len(await phone_of("陈大勇")) == 1


async def test_a_file_that_cannot_be_read_holds_the_others_up_until_the_afternoon(
    october: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known("王小明")
    answer = TaxCoreSandbox.obligations

    async def broken(self: TaxCoreSandbox, taxpayer_id: str, *period: date) -> Any:
        if taxpayer_id == QINGCHUAN:
            raise GatewayFault("broken")
        return await answer(self, taxpayer_id, *period)

    monkeypatch.setattr(TaxCoreSandbox, "obligations", broken)
    await a_day(WEEK, monkeypatch)
    assert await phone_of("王小明") == []
    await a_day(WEEK, monkeypatch, 15)
    assert [text for text in await phone_of("王小明") if "晴川" not in text and "远山" in text]
    monkeypatch.setattr(TaxCoreSandbox, "obligations", answer)
    await a_day(WEEK, monkeypatch, 16)
    assert len(await phone_of("王小明")) == 1, "one message a day"
    await a_day(WEEK + timedelta(days=1), monkeypatch)
    assert "晴川" in (await phone_of("王小明"))[1]


async def test_runs_are_from_nine_to_ten_in_china(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for hour, minute, runs in ((8, 59, False), (9, 0, True), (9, 10, False), (22, 0, False)):
        stand_at(WEEK, monkeypatch, hour, minute)
        assert (await planning.run_if_time() is not None) is runs


async def test_the_last_run_ends_the_day(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await known("陈大勇")
    await tell_core(Mode.DOWN)
    stand_at(WEEK, monkeypatch, 21, 30)
    run = await planning.run_if_time()
    assert run is not None
    assert run.finished
    await tell_core(Mode.NORMAL)
    await a_day(WEEK + timedelta(days=1), monkeypatch)
    assert len(await phone_of("陈大勇")) == 1, "the stage is told a day later"


async def test_nothing_goes_out_at_night_and_nobody_is_forgotten(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await known("陈大勇")
    stand_at(DUE, monkeypatch, 21, 50)
    await planning.run_if_time()
    stand_at(DUE, monkeypatch, 22, 5)
    await deliver()
    assert await phone_of("陈大勇") == []
    await a_day(OVERDUE, monkeypatch)
    assert len(await phone_of("陈大勇")) == 1


async def test_what_no_carrier_took_all_day_is_told_the_next_day(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await known("陈大勇")
    async with transaction() as session:
        await tell(session, SandboxSmsControl, mode=Mode.DOWN, delay_ms=None)
    for hour in (9, 12, 21):
        await a_day(WEEK, monkeypatch, hour)
    await a_day(WEEK, monkeypatch, 22)
    assert await written() == [("sms", "failed")]
    async with transaction() as session:
        await tell(session, SandboxSmsControl, mode=Mode.NORMAL, delay_ms=None)
    await a_day(WEEK + timedelta(days=1), monkeypatch)
    assert len(await phone_of("陈大勇")) == 1


async def test_who_is_in_a_chat_is_told_there_too(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person_id = await known("王小明")
    stand_at(DUE, monkeypatch)
    chat = await in_a_chat(person_id)
    await a_day(DUE, monkeypatch)
    await deliver()
    async with transaction() as session:
        (said,) = await conversations.recent_outbound(session, chat)
    assert said.text.splitlines()[:3] == [
        "申报缴税提醒：",
        "今天截止：",
        "· 杭州晴川咨询有限公司：企业所得税预缴（2026年7月至9月）未申报，截止日2026-10-26",
    ]
    assert [button["payload"] for button in said.payload["buttons"]] == [
        "skill:tax_calendar", "skill:pay_tax", "skill:reminder_settings",
    ]  # fmt: skip
    assert await written() == [("sms", "sent"), ("conversation", "delivered")]


async def test_who_left_the_chat_is_not_told_there(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person_id = await known("王小明")
    stand_at(DUE, monkeypatch)
    chat = await in_a_chat(person_id)
    await planning.run_if_time()
    async with transaction() as session:
        await sessions.begin(session, f"conversation:{chat}", await known("李静"))
    await deliver()
    async with transaction() as session:
        assert await conversations.recent_outbound(session, chat) == []


async def test_nobody_talks_while_an_agent_has_the_chat(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person_id = await known("王小明")
    stand_at(DUE, monkeypatch)
    chat = await in_a_chat(person_id)
    async with transaction() as session:
        found = await conversations.get(session, chat)
        assert found is not None
        found.state = Chat.WITH_AGENT
    await a_day(DUE, monkeypatch)
    async with transaction() as session:
        assert await conversations.recent_outbound(session, chat) == []
        found = await conversations.get(session, chat)
        assert found is not None
        found.state = Chat.WITH_BOT
    stand_at(DUE, monkeypatch, 9, 1)
    await deliver()
    async with transaction() as session:
        assert len(await conversations.recent_outbound(session, chat)) == 1


async def test_looking_for_chats_keeps_no_session_alive(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person_id = await known("王小明")
    stand_at(DUE, monkeypatch, 9, 0)
    chat = await in_a_chat(person_id)
    stand_at(DUE, monkeypatch, 9, 20)
    await planning.run_if_time()
    await deliver()
    stand_at(DUE, monkeypatch, 9, 35)
    async with transaction() as session:
        assert await people.principal_of(session, f"conversation:{chat}") is None


async def test_telling_is_written_into_the_audit(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await known("陈大勇")
    await a_day(WEEK, monkeypatch)
    async with transaction() as session:
        rows = await session.execute(text("select action, subject from audit_entry where action like 'reminders.%'"))
        assert set(rows.tuples()) == {("reminders.run", "taxpayers"), ("reminders.tell", f"taxpayer:{NOODLES}")}
        assert await audit.first_broken(session) is None


async def test_nothing_readable_lies_in_the_tables(october: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await known("王小明")
    await a_day(WEEK, monkeypatch)
    human = person("王小明")
    with psycopg.connect(october) as connection:
        for table in ("outbox_message", "procrastinate_jobs", "reminder_notice", "reminder_day", "audit_entry"):
            rows = connection.execute(f"select t::text from {table} t").fetchall()
            assert rows, table
            for secret in (human.name, human.phone, human.resident_id, "晴川"):
                assert not [row for row in rows if secret in row[0]], table


async def test_the_seeded_people_are_told_apart(october: str) -> None:
    """The tests above stand on this: who may act for whom."""
    mandates = await tax_core().mandates(person("陈大勇").resident_id)
    assert {one.taxpayer_id for one in mandates} == {NOODLES, "DJ33019003"}
    assert clock.today() == date(2026, 10, 14)

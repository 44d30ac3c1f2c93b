"""The core system is down, slow or talks nonsense, or we die in between: nothing is lost and nothing is doubled."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, cast

import pytest

from hub.kit import clock, db
from hub.kit.db import transaction
from services.filing import delivery, facts, receipts, repository, service
from services.filing.errors import CoreSystemUnavailable, FilingInProgress, SheetExpired, SheetNotFound
from services.gateways.behaviour import Mode
from services.gateways.registry import tax_core
from services.gateways.tax_core.sandbox import TaxCoreSandbox
from services.gateways.tax_core.wire import Operation
from tests.services.filing.filers import (
    IN_TIME,
    OPEN_VAT,
    TOO_LATE,
    acting,
    file,
    filed_in_core,
    preview_of,
    rows,
    stand_at,
)
from tests.services.tax_core import NOODLES, QINGCHUAN, tell_core

VALUES = {"obligation_id": OPEN_VAT}


def later(monkeypatch: pytest.MonkeyPatch, **by: float) -> None:
    """Let time pass."""
    moment = clock.now() + timedelta(**by)
    monkeypatch.setattr(clock, "now", lambda: moment)


async def status_of_all() -> list[str]:
    """How our returns stand, newest first."""
    async with transaction() as session:
        return [str(record.status) for record, _ in await repository.of_taxpayer(session, QINGCHUAN, 10)]


@pytest.mark.parametrize("mode", [Mode.DOWN, Mode.ERROR, Mode.GARBAGE])
async def test_a_confirmed_return_is_kept_and_filed_later(
    core: str, monkeypatch: pytest.MonkeyPatch, mode: Mode
) -> None:
    await preview_of(VALUES)
    await tell_core(mode)
    first = await file(VALUES, key="act")
    assert (first.status, first.receipt) == ("pending", None)
    assert "不会丢失也不会重复申报" in first.text
    assert await status_of_all() == ["pending"]
    listed = await file({}, skill="my_returns")
    assert "正在提交，还没有结果" in listed.text
    assert "核心系统暂时没有应答" in listed.text
    assert await delivery.resume_unfinished() == 0, "not yet: its time has not come"
    later(monkeypatch, minutes=2)
    assert await delivery.resume_unfinished() == 0, "still no answer"
    await tell_core()
    later(monkeypatch, minutes=40)
    assert await delivery.resume_unfinished() == 1
    assert await status_of_all() == ["filed"]
    assert filed_in_core(core) == 1
    done = await file(VALUES, key="act")
    assert done.status == "filed"
    assert done.receipt in (await file({}, skill="my_returns")).text
    assert await delivery.resume_unfinished() == 0


async def test_an_answer_that_came_too_late_is_asked_for_and_not_filed_again(
    core: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await preview_of(VALUES)
    monkeypatch.setattr(tax_core(), "_timeout_seconds", 0.5)
    await tell_core(delay_ms=5_000, operation=Operation.FILE)
    assert (await file(VALUES, key="act")).status == "pending"
    assert filed_in_core(core) == 1, "it was done although no answer came"
    later(monkeypatch, minutes=2)
    assert await delivery.resume_unfinished() == 1, "by asking what became of it, since filing is still slow"
    assert filed_in_core(core) == 1
    assert await status_of_all() == ["filed"]


async def test_a_crash_between_the_answer_and_our_record_costs_nothing(
    core: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object) -> None:
        raise ConnectionAbortedError

    with monkeypatch.context() as patch:
        patch.setattr(repository, "finish", crash)
        with pytest.raises(ConnectionAbortedError):
            await file(VALUES, key="act")
    assert (filed_in_core(core), await status_of_all()) == (1, ["pending"])
    later(monkeypatch, minutes=2)
    assert await delivery.resume_unfinished() == 1
    assert (filed_in_core(core), await status_of_all()) == (1, ["filed"])


async def test_a_crash_before_the_core_system_was_asked_is_made_good(
    core: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object) -> None:
        raise ConnectionAbortedError

    with monkeypatch.context() as patch:
        patch.setattr(delivery, "_filed", crash)
        with pytest.raises(ConnectionAbortedError):
            await file(VALUES, key="act")
    assert (filed_in_core(core), await status_of_all()) == (0, ["pending"])
    later(monkeypatch, minutes=2)
    assert await delivery.resume_unfinished() == 1
    assert (filed_in_core(core), await status_of_all()) == (1, ["filed"])


async def test_two_workers_and_the_person_at_once_file_once(core: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await preview_of(VALUES)
    await tell_core(Mode.DOWN)
    await file(VALUES, key="act")
    await tell_core()
    later(monkeypatch, minutes=2)
    answered = await asyncio.gather(delivery.resume_unfinished(), delivery.resume_unfinished(), file(VALUES, key="act"))
    assert sum(cast("list[int]", answered[:2])) == 1
    assert filed_in_core(core) == 1
    assert rows(core, "select count(*) from audit_entry where action = 'filing.filed'") == [(1,)]


async def test_a_refusal_on_resuming_is_told(core: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mate = acting(QINGCHUAN, "李静", person_id=acting().person_id.__class__(int=7))
    await preview_of(VALUES)
    await preview_of(VALUES, principal=mate)
    await tell_core(Mode.DOWN)
    await file(VALUES, key="mine")
    await tell_core()
    assert (await file(VALUES, principal=mate)).status == "filed"
    later(monkeypatch, minutes=2)
    assert await delivery.resume_unfinished() == 1
    assert sorted(await status_of_all()) == ["filed", "refused"]
    assert "已经申报过" in (await file({}, skill="my_returns")).text


async def test_one_return_that_cannot_be_finished_keeps_no_other_back(
    core: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await preview_of(VALUES)
    noodles = acting(NOODLES, "陈大勇")
    theirs = {"obligation_id": OPEN_VAT.replace(QINGCHUAN, NOODLES)}
    await preview_of(theirs, principal=noodles)
    await tell_core(Mode.DOWN)
    await file(VALUES)
    await file(theirs, principal=noodles)
    await tell_core()
    later(monkeypatch, minutes=2)
    real = receipts.signed

    def broken(content: Any) -> Any:
        if content["taxpayer_id"] == QINGCHUAN:
            raise RuntimeError
        return real(content)

    monkeypatch.setattr(receipts, "signed", broken)
    assert await delivery.resume_unfinished() == 1
    monkeypatch.setattr(receipts, "signed", real)
    later(monkeypatch, minutes=40)
    assert await delivery.resume_unfinished() == 1
    assert filed_in_core(core) == 1


async def test_who_opens_the_return_again_meets_the_one_that_is_under_way(core: str) -> None:
    await preview_of(VALUES)
    await tell_core(Mode.DOWN)
    await file(VALUES)
    with pytest.raises(FilingInProgress):
        await preview_of({**VALUES, "sales": "290000"})
    await tell_core()
    sheet = await preview_of({**VALUES, "sales": "290000"})
    assert "这是更正申报" in sheet.text, "the first one has been filed by now"
    assert (await status_of_all(), filed_in_core(core)) == (["filed"], 1)


async def test_confirmed_after_midnight_is_late_although_it_was_shown_in_time(
    core: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_at(date(2026, 10, 26), monkeypatch, hour=15)
    await preview_of(VALUES)
    later(monkeypatch, hours=2)
    done = await file(VALUES)
    assert done.result["late"] is True
    [listed] = [one for one in (await service.returns(acting())).returns if one.id]
    assert (await service.receipt(acting(), listed.id)).content["late"] is True


async def test_without_a_sheet_nothing_is_accepted_while_the_core_system_is_away(core: str) -> None:
    await tell_core(Mode.DOWN)
    done = await file(VALUES)
    assert done.status == "unavailable"
    assert "还没有申报" in done.text
    assert await status_of_all() == []
    with pytest.raises(CoreSystemUnavailable):
        await preview_of(VALUES)


async def test_what_was_booked_otherwise_than_confirmed_is_never_called_filed(
    core: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await preview_of(VALUES)

    class Generous(TaxCoreSandbox):
        async def file(self, request: Any) -> Any:
            filed = await super().file(request)
            return replace(filed, total=filed.total + 1)

    monkeypatch.setattr(delivery, "tax_core", lambda: Generous(30))
    assert (await file(VALUES)).status == "pending"
    assert await status_of_all() == ["pending"]


async def test_no_connection_is_held_while_the_core_system_is_asked(core: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held: dict[str, set[int]] = {}

    class Watched(TaxCoreSandbox):
        async def _answer(self, operation: Any, work: Any) -> Any:
            held.setdefault(str(operation), set())
            if str(operation) in ("file", "obligations"):
                held[str(operation)].add(cast(Any, db.engine().pool).checkedout())
            return await super()._answer(operation, work)

    watched = Watched(30)
    for module in (facts, delivery, service):
        monkeypatch.setattr(module, "tax_core", lambda: watched)
    assert (await file(VALUES)).status == "filed"
    assert (held["file"], held["obligations"]) == ({0}, {0})


async def test_a_sheet_is_only_for_whom_it_was_shown_to_and_not_for_ever(
    core: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = await service.preview(acting(), OPEN_VAT, [], channel="api")
    stranger = acting(NOODLES, "陈大勇")
    mate = acting(person_id=acting().person_id.__class__(int=7))
    for other in (stranger, mate):
        with pytest.raises(SheetNotFound):
            await service.file_sheet(other, shown.sheet_id, key="not-mine", channel="api")
    with pytest.raises(SheetNotFound):
        await service.file_sheet(acting(), shown.sheet_id, key="another", channel="api", obligation_id="another")
    later(monkeypatch, hours=24)
    with pytest.raises(SheetExpired):
        await service.file_sheet(acting(), shown.sheet_id, key="too-late", channel="api")
    assert filed_in_core(core) == 0


async def test_an_old_sheet_is_filed_only_if_it_would_be_the_same_today(
    core: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await preview_of(VALUES)
    stand_at(IN_TIME + timedelta(days=3), monkeypatch)
    real = TaxCoreSandbox.figures

    async def grown(self: Any, taxpayer_id: str, obligation_id: str) -> Any:
        found = await real(self, taxpayer_id, obligation_id)
        return type(found)(found.obligation_id, {**found.values, "sales": "299000.00"})

    with monkeypatch.context() as patch:
        patch.setattr(TaxCoreSandbox, "figures", grown)
        done = await file(VALUES)
    assert done.status == "changed"
    assert "299,000.00元" in done.text
    assert [button.payload for button in done.buttons] == ["skill:file_vat", "intent:talk_to_human"]
    assert filed_in_core(core) == 0


async def test_an_old_sheet_that_would_be_the_same_today_is_filed(core: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await preview_of(VALUES)
    stand_at(TOO_LATE, monkeypatch)
    assert (await file(VALUES)).status == "filed"
    assert filed_in_core(core) == 1


async def test_sheets_that_were_never_filed_are_dropped_and_returns_stay(
    core: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await preview_of({**VALUES, "sales": "290000"})
    await file(VALUES)
    async with transaction() as session:
        await repository.erase_sheets_before(session, clock.now() + timedelta(days=1))
    assert rows(core, "select count(*) from filing_sheet") == [(1,)]
    assert await status_of_all() == ["filed"]

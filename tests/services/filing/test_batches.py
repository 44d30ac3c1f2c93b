"""Returns of several taxpayers by spreadsheet: checked row by row, confirmed, each filed once."""

from __future__ import annotations

import asyncio
import io
import zipfile
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from hub.accounts import people
from hub.accounts.people import Held
from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.ids import new_id
from hub.skills import Access, Principal
from services.filing import batches, service, spreadsheet
from services.filing.errors import BatchNotFound, FormNotFound, SpreadsheetInvalid
from services.filing.schemas import BatchRead, BatchRowState
from services.gateways.behaviour import Mode
from tests.services.filing.filers import (
    Q3,
    SMALL,
    VAT,
    acting,
    calculated,
    file,
    filed_in_core,
    rows,
    sign_in,
)
from tests.services.tax_core import NOODLES, QINGCHUAN, SONGJIAN, YUANSHAN, YUNQI, ZHAOMIN, obligation_id, tell_core

MINE = {one: obligation_id(one, VAT, Q3) for one in (QINGCHUAN, YUNQI, SONGJIAN)}


@pytest.fixture
async def agent(core: str) -> Principal:
    """李静, who files for five companies."""
    person_id, _ = await sign_in("李静")
    return Principal(person_id, Access.REAL_NAME, "李静")


def opened(content: bytes) -> Any:
    """A spreadsheet to fill in."""
    return openpyxl.load_workbook(io.BytesIO(content))


def saved(book: Any) -> bytes:
    """A spreadsheet as it is uploaded."""
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def filled(content: bytes, values: dict[str, dict[str, Any]], more: tuple[dict[str, Any], ...] = ()) -> bytes:
    """The template with cells changed by obligation and label, rows not named left out, and rows added."""
    book = opened(content)
    page = book.worksheets[0]
    head = [cell.value for cell in page[1]]
    for row in range(page.max_row, 1, -1):
        found = values.get(page.cell(row, 1).value)
        if found is None:
            page.delete_rows(row)
            continue
        for label, value in found.items():
            page.cell(row, head.index(label) + 1, value)
    for line in more:
        page.append([line.get(label) for label in head])
    return saved(book)


def state_of(batch: BatchRead, obligation: str) -> tuple[BatchRowState, str | None]:
    """How a row stands."""
    return next((one.state, one.problem) for one in batch.rows if one.obligation_id == obligation)


async def test_the_template_has_everything_that_is_due_with_what_is_known(agent: Principal) -> None:
    book = opened(await batches.template(agent, VAT))
    head, *lines = book.worksheets[0].iter_rows(values_only=True)
    assert head[:6] == ("申报编号", "纳税人", "所属期", "申报截止", "不含税销售额", "开专票的销售额")
    found = {line[0]: line for line in lines}
    assert found[MINE[QINGCHUAN]][1:6] == (
        "杭州晴川咨询有限公司", "2026年第三季度", "2026-10-26", "286000.00", "120000.00",
    )  # fmt: skip
    assert obligation_id(SONGJIAN, VAT, Q3.replace(month=6)) in found, "the one that is overdue is due as well"
    assert all(not key.startswith((YUANSHAN, NOODLES)) for key in found), "others' do not appear"
    assert book.worksheets[1].title == "填写说明"


async def test_good_rows_are_filed_and_bad_ones_are_explained(agent: Principal, core: str) -> None:
    content = filled(
        await batches.template(agent, VAT),
        {MINE[QINGCHUAN]: {"不含税销售额": 301234.56, "开专票的销售额": None}, MINE[YUNQI]: {},
         MINE[SONGJIAN]: {"不含税销售额": "很多"}},
        ({"申报编号": obligation_id(NOODLES, VAT, Q3), "不含税销售额": "1"},
         {"申报编号": None, "不含税销售额": "1"},
         {"申报编号": obligation_id(QINGCHUAN, VAT, Q3.replace(month=6)), "不含税销售额": "5"},
         {"申报编号": obligation_id(SONGJIAN, VAT, Q3.replace(month=6)), "不含税销售额": "5", "更正": "是"}),
    )  # fmt: skip
    batch = await batches.upload(agent, VAT, content)
    assert (batch.ready, batch.rejected, batch.filed, batch.waiting) == (2, 5, 0, 0)
    for obligation, words in (
        (MINE[SONGJIAN], "没有看懂不含税销售额"),
        (obligation_id(NOODLES, VAT, Q3), "没有找到这个申报编号"),
        ("", "没有找到这个申报编号"),
        (obligation_id(QINGCHUAN, VAT, Q3.replace(month=6)), "已经申报过"),
        (obligation_id(SONGJIAN, VAT, Q3.replace(month=6)), "还没有申报，不能更正"),
    ):
        state, problem = state_of(batch, obligation)
        assert state is BatchRowState.REJECTED
        assert problem is not None
        assert words in problem
    assert filed_in_core(core, MINE[QINGCHUAN]) == 0, "nothing is filed before it is confirmed"
    done = await batches.confirm(agent, batch.batch_id)
    assert (done.ready, done.filed, done.rejected) == (0, 2, 5)
    wanted = await calculated(VAT, {**SMALL, "sales": "301234.56", "special_sales": "120000"})
    first = next(one for one in done.rows if one.obligation_id == MINE[QINGCHUAN])
    assert (first.total, first.state) == (wanted["total"], BatchRowState.FILED)
    assert first.receipt_number
    assert done.total == wanted["total"]
    report = list(opened(spreadsheet.report(done)).worksheets[0].iter_rows(values_only=True))
    assert [line[4] for line in report].count("已受理") == 2
    mine = replace(acting(QINGCHUAN, "李静"), person_id=agent.person_id)
    assert first.receipt_number in {one.receipt_number for one in (await service.returns(mine)).returns}


async def test_the_same_file_and_the_same_confirmation_again_change_nothing(agent: Principal, core: str) -> None:
    content = filled(await batches.template(agent, VAT), {MINE[QINGCHUAN]: {}, MINE[YUNQI]: {}})
    uploaded = await asyncio.gather(*(batches.upload(agent, VAT, content) for _ in range(3)))
    assert len({one.batch_id for one in uploaded}) == 1
    done = await asyncio.gather(*(batches.confirm(agent, uploaded[0].batch_id) for _ in range(3)))
    assert {one.filed for one in done} == {2}
    assert (filed_in_core(core, MINE[QINGCHUAN]), filed_in_core(core, MINE[YUNQI])) == (1, 1)
    assert (await batches.upload(agent, VAT, content)).filed == 2
    assert filed_in_core(core, MINE[QINGCHUAN]) == 1


async def test_rows_that_could_not_be_checked_wait_for_the_next_upload(agent: Principal, core: str) -> None:
    content = filled(await batches.template(agent, VAT), {MINE[QINGCHUAN]: {}})
    await tell_core(Mode.DOWN)
    assert (await batches.upload(agent, VAT, content)).waiting == 1
    await tell_core()
    assert (await batches.upload(agent, VAT, content)).ready == 1


async def test_a_batch_whose_process_died_goes_on(agent: Principal, core: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = filled(await batches.template(agent, VAT), {MINE[QINGCHUAN]: {}, MINE[YUNQI]: {}})
    batch = await batches.upload(agent, VAT, content)

    async def crash(*_: object) -> None:
        raise ConnectionAbortedError

    with monkeypatch.context() as patch:
        patch.setattr(batches, "_file", crash)
        with pytest.raises(ConnectionAbortedError):
            await batches.confirm(agent, batch.batch_id)
    await batches.resume_batches()
    assert (await batches.one_batch(agent, batch.batch_id)).filed == 0, "its process may still be at work"
    moment = clock.now() + timedelta(minutes=6)
    monkeypatch.setattr(clock, "now", lambda: moment)
    await batches.resume_batches()
    assert (await batches.one_batch(agent, batch.batch_id)).filed == 2
    await batches.resume_batches()
    assert filed_in_core(core, MINE[QINGCHUAN]) == 1


async def test_who_lost_the_mandate_in_between_files_nothing(agent: Principal, core: str) -> None:
    batch = await batches.upload(agent, VAT, filled(await batches.template(agent, VAT), {MINE[QINGCHUAN]: {}}))
    async with transaction() as session:
        await people.keep_mandates(session, agent.person_id, [Held(YUNQI, "杭州云栖", "company", "tax_handler")])
    done = await batches.confirm(agent, batch.batch_id)
    assert (done.filed, done.rejected) == (0, 1)
    assert filed_in_core(core, MINE[QINGCHUAN]) == 0


async def test_a_row_that_was_filed_meanwhile_is_refused_and_the_others_are_not(agent: Principal, core: str) -> None:
    content = filled(await batches.template(agent, VAT), {MINE[QINGCHUAN]: {}, MINE[YUNQI]: {}})
    batch = await batches.upload(agent, VAT, content)
    await file({"obligation_id": MINE[QINGCHUAN]})
    done = await batches.confirm(agent, batch.batch_id)
    state, problem = state_of(done, MINE[QINGCHUAN])
    assert state is BatchRowState.REFUSED
    assert problem is not None
    assert "已经申报过" in problem
    assert state_of(done, MINE[YUNQI]) == (BatchRowState.FILED, None)


async def test_a_correction_says_so_in_its_column(agent: Principal, core: str) -> None:
    await file({"obligation_id": MINE[QINGCHUAN]})
    book = opened(await batches.template(agent, VAT))
    blank = filled(saved(book), {}, ({"申报编号": MINE[QINGCHUAN], "不含税销售额": "310000", "更正": "是"},))
    batch = await batches.upload(agent, VAT, blank)
    assert (await batches.confirm(agent, batch.batch_id)).filed == 1
    assert filed_in_core(core, MINE[QINGCHUAN]) == 2


async def test_several_rows_of_one_return_are_its_lines(core: str) -> None:
    person_id, _ = await sign_in("赵敏")
    owner = Principal(person_id, Access.REAL_NAME, "赵敏")
    due = obligation_id(ZHAOMIN, "vehicle_vessel", Q3.replace(month=12, day=31))
    template = await batches.template(owner, "vehicle_vessel")
    car = {"申报编号": due, "车船种类": "car", "排量": 1598, "当地税额标准": 300}
    truck = {"申报编号": due, "车船种类": "货车（含半挂牵引车）", "整备质量": 4.5, "当地税额标准": 60}
    batch = await batches.upload(owner, "vehicle_vessel", filled(template, {}, (car, truck)))
    [row] = batch.rows
    wanted = (
        await calculated("vehicle_vessel", {"kind": "car", "displacement": "1598", "local_amount": "300"}),
        await calculated("vehicle_vessel", {"kind": "truck", "weight": "4.5", "local_amount": "60"}),
    )
    assert (row.rows, row.state) == ([2, 3], BatchRowState.READY)
    assert row.total == wanted[0]["payable"] + wanted[1]["payable"] > Decimal(300)
    assert (await batches.confirm(owner, batch.batch_id)).filed == 1


async def test_a_batch_is_only_for_who_uploaded_it(agent: Principal) -> None:
    batch = await batches.upload(agent, VAT, filled(await batches.template(agent, VAT), {MINE[QINGCHUAN]: {}}))
    stranger = replace(agent, person_id=new_id())
    with pytest.raises(BatchNotFound):
        await batches.one_batch(stranger, batch.batch_id)
    with pytest.raises(BatchNotFound):
        await batches.confirm(stranger, batch.batch_id)


def bomb() -> bytes:
    """A small file that unpacks to a large one."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/workbook.xml", b"0" * (spreadsheet.LARGEST_UNPACKED + 1))
    return packed.getvalue()


def page_of(*lines: tuple[str, ...]) -> bytes:
    """A spreadsheet with these rows."""
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    return saved(book)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "读不出来"),
        (b"%PDF-1.7 ...", "读不出来"),
        (b"PK\x03\x04 broken", "读不出来"),
        (bomb(), "最多200行"),
        (page_of(), "一行也没有填写"),
        (page_of(("名称", "金额"), ("x", "1")), "表格缺少这些列：申报编号"),
    ],
)
async def test_what_is_no_spreadsheet_of_ours_is_refused(agent: Principal, content: bytes, words: str) -> None:
    with pytest.raises(SpreadsheetInvalid) as error:
        await batches.upload(agent, VAT, content)
    assert words in error.value.user_message


async def test_too_many_rows_and_unknown_forms_are_refused(agent: Principal) -> None:
    template = await batches.template(agent, VAT)
    many = tuple({"申报编号": str(number), "不含税销售额": "1"} for number in range(spreadsheet.MOST_ROWS + 1))
    with pytest.raises(SpreadsheetInvalid):
        await batches.upload(agent, VAT, filled(template, {}, many))
    for act in (batches.template(agent, "window_tax"), batches.upload(agent, "window_tax", template)):
        with pytest.raises(FormNotFound):
            await act


async def test_what_looks_like_a_formula_stays_a_text(core: str) -> None:
    from services.filing.kinds import kind_of

    kind = kind_of(VAT)
    assert kind is not None
    shown = spreadsheet.TemplateRow("=1+1", ("=cmd", "+x", "-y"), {"sales": "@z"})
    page = opened(spreadsheet.template(kind, [shown])).worksheets[0]
    assert {cell.data_type for cell in page[2] if cell.value} == {"s"}
    assert page["A2"].value == "=1+1"


async def test_nothing_of_a_spreadsheet_lies_readable_in_the_database(agent: Principal, core: str) -> None:
    await batches.upload(
        agent, VAT, filled(await batches.template(agent, VAT), {MINE[SONGJIAN]: {"不含税销售额": "x7"}})
    )
    [stored] = rows(core, "select string_agg(filing_batch_row::text, ' ') from filing_batch_row")[0]
    assert MINE[SONGJIAN].encode().hex() not in stored
    assert MINE[SONGJIAN] not in stored

"""Batches for people who act for several taxpayers: a spreadsheet is checked row by row, then confirmed and filed.

Checking makes a sheet for every return, so that what is filed is what the report showed. Each return is filed under
a key of its own: a batch that was interrupted goes on where it stopped, and nothing is filed twice.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from hub.accounts.people import mandates_of
from hub.kit import clock
from hub.kit.crypto import fingerprint
from hub.kit.db import transaction
from hub.kit.errors import HubError
from hub.kit.ids import new_id
from hub.kit.logging import get_logger
from hub.skills import Access, Principal
from services.filing import repository, spreadsheet, wording
from services.filing.errors import BatchNotFound, CoreSystemUnavailable, FormNotFound
from services.filing.facts import facts_of, obligation_read, obligations_of, sheet_content
from services.filing.kinds import kind_of
from services.filing.models import FilingBatch, FilingBatchRow, FilingSheet, ReturnStatus, TaxReturn
from services.filing.preparing import prepare
from services.filing.return_kind import ReturnKind
from services.filing.schemas import BatchRead, BatchRowRead, BatchRowState, RefusalRead, Standing
from services.filing.service import file_sheet
from services.gateways.tax_core.protocol import Filed, Obligation

log = get_logger(__name__)
AT_ONCE = 4
"""As many returns of a batch are worked on side by side."""
LEFT_ALONE = timedelta(minutes=5)
"""A confirmed batch that is not done after this has lost its process."""
CHANNEL = "batch"
_FILED = TypeAdapter(Filed)


async def taxpayers_of(principal: Principal) -> list[Principal]:
    """The person, once for every taxpayer for whom they may act now."""
    async with transaction() as session:
        held = await mandates_of(session, principal.person_id)
    return [
        replace(
            principal, level=Access.AUTHORISED, taxpayer_id=one.taxpayer_id, taxpayer_name=one.name, role=one.role
        )
        for one in held
    ]  # fmt: skip


def kind_named(form: str) -> ReturnKind:
    """The kind of return of a batch.

    Raises `FormNotFound`.
    """
    kind = kind_of(form)
    if kind is None:
        raise FormNotFound
    return kind


async def template(principal: Principal, form: str) -> bytes:
    """The spreadsheet for everything that is due in this form, for every taxpayer, with what is known.

    Raises `FormNotFound`, `CoreSystemUnavailable`.
    """
    kind, today = kind_named(form), clock.today()
    rows = []
    for one in await taxpayers_of(principal):
        for duty in await _duties(one, kind):
            shown = obligation_read(duty, today)
            if shown.standing not in (Standing.OPEN, Standing.OVERDUE):
                continue
            facts = await facts_of(duty.taxpayer_id, duty.obligation_id)
            told = (one.taxpayer_name or "", shown.period, shown.due_on.isoformat())
            rows += [spreadsheet.TemplateRow(duty.obligation_id, told, line) for line in facts.known or ({},)]
    return spreadsheet.template(kind, rows)


async def _duties(principal: Principal, kind: ReturnKind) -> Sequence[Obligation]:
    assert principal.taxpayer_id is not None
    return [one for one in await obligations_of(principal.taxpayer_id) if one.form == kind.form]


async def upload(principal: Principal, form: str, content: bytes) -> BatchRead:
    """Take a spreadsheet in and check every return; the same file again is the same batch, checked where it has to be.

    Raises `FormNotFound`, `SpreadsheetInvalid`.
    """
    kind = kind_named(form)
    found: dict[str, dict[str, Any]] = {}
    for row in spreadsheet.read(content, kind):
        # a return with several lines stands in several rows; without an obligation each row is wrong by itself
        own = row.obligation_id or f"?{row.number}"
        group = found.setdefault(
            own, {"obligation_id": row.obligation_id, "form": form, "rows": [], "lines": [], "correct": False}
        )
        group["rows"].append(row.number)
        group["lines"].append(dict(row.values))
        group["correct"] = group["correct"] or row.correct
    digest = hashlib.sha256(content).hexdigest()
    ours = FilingBatch(
        id=new_id(), key_hash=fingerprint(f"batch\n{principal.person_id}\n{form}\n{digest}"),
        person_id=principal.person_id, uploaded_at=clock.now(),
    )  # fmt: skip
    rows = [
        FilingBatchRow(id=new_id(), batch_id=ours.id, position=place, content=group)
        for place, group in enumerate(found.values())
    ]
    async with transaction() as session:
        batch = await repository.claim_batch(session, ours, rows)
        rows = list(await repository.batch_rows(session, batch.id))
    if batch.confirmed_at is None:
        await _check(principal, kind, [row for row in rows if row.sheet_id is None])
    return await _read(batch.id, principal.person_id)


async def _check(principal: Principal, kind: ReturnKind, rows: Sequence[FilingBatchRow]) -> None:
    """Make a sheet for every row, or write down why there is none."""
    owners: dict[str, tuple[Principal, Obligation]] = {}
    problem: HubError | None = None
    try:
        for one in await taxpayers_of(principal):
            owners |= {duty.obligation_id: (one, duty) for duty in await _duties(one, kind)}
    except HubError as error:
        problem = error
    gate = asyncio.Semaphore(AT_ONCE)

    async def check(row: FilingBatchRow) -> None:
        async with gate:
            owner = owners.get(row.content["obligation_id"])
            sheet, wrong = (None, problem) if problem and owner is None else await _one(owner, row.content)
        said = None if wrong is None else {"message": wrong.user_message, "waits": _waits(wrong)}
        async with transaction() as session:
            await repository.checked(session, row.id, None if sheet is None else sheet.id, said)

    await asyncio.gather(*(check(row) for row in rows))


def _waits(error: HubError) -> bool:
    """Whether the same row may be right when it is checked again."""
    return isinstance(error, CoreSystemUnavailable)


async def _one(
    owner: tuple[Principal, Obligation] | None, content: Mapping[str, Any]
) -> tuple[FilingSheet | None, HubError | None]:
    if owner is None:
        return None, HubError(wording.ROW_UNKNOWN)
    principal, duty = owner
    if duty.return_id is not None and not content["correct"]:
        return None, HubError(wording.ROW_FILED_ALREADY)
    if duty.return_id is None and content["correct"]:
        return None, HubError(wording.ROW_NOTHING_TO_CORRECT)
    try:
        return await prepare(principal, duty.obligation_id, content["lines"], channel=CHANNEL), None
    except HubError as error:
        return None, error


async def confirm(principal: Principal, batch_id: UUID) -> BatchRead:
    """File every return of a batch that was found right; a repeat files what is left.

    Raises `BatchNotFound`.
    """
    async with transaction() as session:
        if await repository.batch_of(session, batch_id, principal.person_id) is None:
            raise BatchNotFound
        await repository.confirm_batch(session, batch_id)
    await _file(principal, batch_id)
    return await _read(batch_id, principal.person_id)


async def _file(principal: Principal, batch_id: UUID) -> None:
    async with transaction() as session:
        rows = await repository.batch_rows(session, batch_id)
        sheets = await repository.sheets(session, [row.sheet_id for row in rows if row.sheet_id])
        filed = await repository.by_sheets(session, list(sheets))
    acting = {one.taxpayer_id: one for one in await taxpayers_of(principal)}
    gate = asyncio.Semaphore(AT_ONCE)

    async def file(row: FilingBatchRow, sheet: FilingSheet) -> None:
        one = acting.get(sheet.taxpayer_id)
        said = None
        async with gate:
            if one is None:
                said = {"message": wording.ROW_UNKNOWN, "waits": False}
            else:
                try:
                    await file_sheet(one, sheet.id, key=f"batch:{batch_id}:{row.position}", channel=CHANNEL)
                except HubError as error:
                    said = {"message": error.user_message, "waits": False}
        if said is not None:
            async with transaction() as session:
                await repository.not_filed(session, row.id, said)

    todo = [(row, sheets[row.sheet_id]) for row in rows if row.sheet_id in sheets and row.sheet_id not in filed]
    await asyncio.gather(*(file(row, sheet) for row, sheet in todo))
    async with transaction() as session:
        await repository.batch_done(session, batch_id)


async def resume_batches() -> None:
    """Go on with confirmed batches whose process died; returns without an answer are `resume_unfinished`'s."""
    async with transaction() as session:
        left = await repository.unfinished_batches(session, clock.now() - LEFT_ALONE)
    for batch in left:
        try:
            await _file(Principal(batch.person_id, Access.REAL_NAME, ""), batch.id)
        except Exception:
            # one batch that cannot be finished keeps no other from being
            log.exception("batch_not_resumed", batch=str(batch.id))


async def one_batch(principal: Principal, batch_id: UUID) -> BatchRead:
    """A batch with its report.

    Raises `BatchNotFound`, for somebody else's as well.
    """
    return await _read(batch_id, principal.person_id)


async def _read(batch_id: UUID, person_id: UUID) -> BatchRead:
    async with transaction() as session:
        batch = await repository.batch_of(session, batch_id, person_id)
        if batch is None:
            raise BatchNotFound
        rows = await repository.batch_rows(session, batch_id)
        sheets = await repository.sheets(session, [row.sheet_id for row in rows if row.sheet_id])
        filed = await repository.by_sheets(session, list(sheets))
    shown = [
        _row_read(row, sheets.get(row.sheet_id) if row.sheet_id else None,
                  filed.get(row.sheet_id) if row.sheet_id else None)
        for row in rows
    ]  # fmt: skip
    states = [row.state for row in shown]
    wanted = {BatchRowState.READY, BatchRowState.PENDING, BatchRowState.FILED}
    return BatchRead(
        batch_id=batch.id, uploaded_at=batch.uploaded_at, confirmed_at=batch.confirmed_at,
        ready=states.count(BatchRowState.READY), filed=states.count(BatchRowState.FILED),
        rejected=states.count(BatchRowState.REJECTED) + states.count(BatchRowState.REFUSED),
        waiting=states.count(BatchRowState.WAITING) + states.count(BatchRowState.PENDING),
        total=sum((row.total or Decimal(0) for row in shown if row.state in wanted), Decimal("0.00")), rows=shown,
    )  # fmt: skip


def _row_read(row: FilingBatchRow, sheet: FilingSheet | None, record: TaxReturn | None) -> BatchRowRead:
    content = sheet_content(sheet) if sheet else None
    problem = row.problem["message"] if row.problem else None
    state = BatchRowState.READY if content and not problem else BatchRowState.REJECTED
    receipt_number = None
    if record is not None:
        state, problem = BatchRowState(record.status if record.status != ReturnStatus.REPLACED else "filed"), None
        if record.receipt is not None:
            receipt_number = _FILED.validate_python(record.answer).receipt_number
        elif record.status == ReturnStatus.REFUSED:
            problem = RefusalRead.model_validate(record.answer).message
    elif content is None and (row.problem is None or row.problem["waits"]):
        state = BatchRowState.WAITING
    return BatchRowRead(
        rows=row.content["rows"], obligation_id=row.content["obligation_id"],
        taxpayer_name=content.taxpayer_name if content else None, period=content.period if content else None,
        state=state, total=content.total if content else None, receipt_number=receipt_number,
        return_id=record.id if record else None, problem=problem,
    )  # fmt: skip

"""The records of filing: the only place that reads or writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from services.filing.models import FilingBatch, FilingBatchRow, FilingSheet, ReturnStatus, TaxReturn

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=30)
"""How long after an attempt the next one follows; doubled every time."""

Filed = tuple[TaxReturn, FilingSheet]


async def save_sheet(session: AsyncSession, sheet: FilingSheet) -> None:
    """Keep a sheet that somebody is about to be shown."""
    session.add(sheet)
    await session.flush()


async def sheet_of(session: AsyncSession, sheet_id: UUID, person_id: UUID, taxpayer_id: str) -> FilingSheet | None:
    """A sheet that was shown to this person for this taxpayer."""
    found = await session.get(FilingSheet, sheet_id)
    return found if found and (found.person_id, found.taxpayer_id) == (person_id, taxpayer_id) else None


async def latest_sheet(session: AsyncSession, person_id: UUID, digest: str) -> FilingSheet | None:
    """The sheet shown last for the same content, as long as it has not been filed."""
    return await session.scalar(
        select(FilingSheet)
        .where(FilingSheet.person_id == person_id, FilingSheet.digest == digest)
        .where(~exists().where(TaxReturn.sheet_id == FilingSheet.id))
        .order_by(FilingSheet.made_at.desc(), FilingSheet.id.desc())
        .limit(1)
    )


async def by_key(session: AsyncSession, key_hash: str) -> Filed | None:
    """The return that was filed under this key."""
    return await _one(session, TaxReturn.key_hash == key_hash)


async def by_id(session: AsyncSession, filing_id: UUID) -> Filed | None:
    """A return with its sheet."""
    return await _one(session, TaxReturn.id == filing_id)


async def by_return_id(session: AsyncSession, taxpayer_id: str, return_id: str) -> Filed | None:
    """The return that the core system knows by this number, where it was filed here."""
    return await _one(session, TaxReturn.taxpayer_id == taxpayer_id, TaxReturn.return_id == return_id)


async def claim(session: AsyncSession, record: TaxReturn) -> Filed:
    """The return of this act: the one given, or the earlier one under the same key or of the same sheet."""
    names = (
        "id", "key_hash", "sheet_id", "person_id", "taxpayer_id", "obligation_id", "form", "period_from", "period_to",
        "status", "channel", "confirmed_at", "attempts", "next_attempt_at",
    )  # fmt: skip
    columns = {name: getattr(record, name) for name in names}
    await session.execute(insert(TaxReturn).values(columns).on_conflict_do_nothing())
    found = await _one(session, TaxReturn.key_hash == record.key_hash)
    found = found or await _one(session, TaxReturn.sheet_id == record.sheet_id)
    assert found is not None, "one of the two unique columns was taken"
    return found


async def pending(session: AsyncSession, taxpayer_id: str) -> Sequence[str]:
    """The obligations for which a return has no answer yet."""
    rows = await session.scalars(
        select(TaxReturn.obligation_id)
        .where(TaxReturn.taxpayer_id == taxpayer_id, TaxReturn.status == ReturnStatus.PENDING)
        .distinct()
    )
    return rows.all()


async def finish(
    session: AsyncSession, filing_id: UUID, return_id: str, answer: Any, receipt: Any, replaces: str | None
) -> bool:
    """Write down that a return was accepted, and that it took the place of another; False when it was known before."""
    changed = await session.scalar(
        update(TaxReturn)
        .where(TaxReturn.id == filing_id, TaxReturn.status == ReturnStatus.PENDING)
        .values(status=ReturnStatus.FILED, return_id=return_id, answer=answer, receipt=receipt, answered_at=clock.now())
        .returning(TaxReturn.taxpayer_id)
    )
    if changed is not None and replaces is not None:
        await session.execute(
            update(TaxReturn)
            .where(TaxReturn.taxpayer_id == changed, TaxReturn.return_id == replaces)
            .values(status=ReturnStatus.REPLACED)
        )
    return changed is not None


async def refuse(session: AsyncSession, filing_id: UUID, answer: Any) -> bool:
    """Write down that a return was refused; False when its end was known before."""
    changed = await session.scalar(
        update(TaxReturn)
        .where(TaxReturn.id == filing_id, TaxReturn.status == ReturnStatus.PENDING)
        .values(status=ReturnStatus.REFUSED, answer=answer, answered_at=clock.now())
        .returning(TaxReturn.id)
    )
    return changed is not None


async def pending_of(session: AsyncSession, taxpayer_id: str, obligation_id: str) -> Sequence[Filed]:
    """A taxpayer's returns for an obligation that have no answer yet."""
    return await _many(
        session, 10, TaxReturn.taxpayer_id == taxpayer_id, TaxReturn.obligation_id == obligation_id,
        TaxReturn.status == ReturnStatus.PENDING,
    )  # fmt: skip


async def take_due(session: AsyncSession, limit: int) -> Sequence[Filed]:
    """Returns without an answer whose time has come, for this caller alone until their next time."""
    now = clock.now()
    due = (
        select(TaxReturn.id)
        .where(TaxReturn.status == ReturnStatus.PENDING, TaxReturn.next_attempt_at <= now)
        .order_by(TaxReturn.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = (await session.scalars(select(TaxReturn).where(TaxReturn.id.in_(due)))).all()
    for row in rows:
        row.attempts += 1
        row.next_attempt_at = now + min(FIRST_WAIT * 2 ** min(row.attempts, 10), LONGEST_WAIT)
    await session.flush()
    return [(row, await session.get_one(FilingSheet, row.sheet_id)) for row in rows]


async def of_taxpayer(session: AsyncSession, taxpayer_id: str, limit: int) -> Sequence[Filed]:
    """A taxpayer's returns that were filed here, newest first."""
    return await _many(session, limit, TaxReturn.taxpayer_id == taxpayer_id)


async def of_everybody(
    session: AsyncSession, limit: int, *, taxpayer_id: str | None, status: ReturnStatus | None, before: datetime | None
) -> Sequence[Filed]:
    """Returns that were filed here, newest first, for officers."""
    wanted = [
        *([TaxReturn.taxpayer_id == taxpayer_id] if taxpayer_id else []),
        *([TaxReturn.status == status] if status else []),
        *([TaxReturn.confirmed_at < before] if before else []),
    ]
    return await _many(session, limit, *wanted)


async def erase_sheets_before(session: AsyncSession, moment: datetime) -> None:
    """Drop sheets that were shown before the moment and never filed; returns stay (征管法实施细则第二十九条)."""
    in_use = exists().where(TaxReturn.sheet_id == FilingSheet.id)
    in_batch = exists().where(FilingBatchRow.sheet_id == FilingSheet.id)
    await session.execute(delete(FilingSheet).where(FilingSheet.made_at < moment, ~in_use, ~in_batch))


async def claim_batch(session: AsyncSession, batch: FilingBatch, rows: Sequence[FilingBatchRow]) -> FilingBatch:
    """The batch of this file: the one given with its rows, or the one made when the file came first."""
    columns = {name: getattr(batch, name) for name in ("id", "key_hash", "person_id", "uploaded_at")}
    made = await session.scalar(
        insert(FilingBatch)
        .values(columns)
        .on_conflict_do_nothing(index_elements=["key_hash"])
        .returning(FilingBatch.id)
    )
    if made is not None:
        session.add_all(rows)
        await session.flush()
    found = await session.scalars(select(FilingBatch).where(FilingBatch.key_hash == batch.key_hash))
    return found.one()


async def batch_of(session: AsyncSession, batch_id: UUID, person_id: UUID) -> FilingBatch | None:
    """A batch that this person uploaded."""
    found = await session.get(FilingBatch, batch_id)
    return found if found and found.person_id == person_id else None


async def batch_rows(session: AsyncSession, batch_id: UUID) -> Sequence[FilingBatchRow]:
    """The returns of a batch, in the order of the spreadsheet."""
    rows = await session.scalars(
        select(FilingBatchRow).where(FilingBatchRow.batch_id == batch_id).order_by(FilingBatchRow.position)
    )
    return rows.all()


async def sheets(session: AsyncSession, sheet_ids: Sequence[UUID]) -> dict[UUID, FilingSheet]:
    """Sheets by id."""
    rows = await session.scalars(select(FilingSheet).where(FilingSheet.id.in_(sheet_ids)))
    return {row.id: row for row in rows}


async def by_sheets(session: AsyncSession, sheet_ids: Sequence[UUID]) -> dict[UUID, TaxReturn]:
    """What was filed of these sheets, by sheet."""
    rows = await session.scalars(select(TaxReturn).where(TaxReturn.sheet_id.in_(sheet_ids)))
    return {row.sheet_id: row for row in rows}


async def checked(session: AsyncSession, row_id: UUID, sheet_id: UUID | None, problem: Any) -> None:
    """Write down what the check of a batch's row found; a sheet that is there already stays."""
    await session.execute(
        update(FilingBatchRow)
        .where(FilingBatchRow.id == row_id, FilingBatchRow.sheet_id.is_(None))
        .values(sheet_id=sheet_id, problem=problem)
    )


async def not_filed(session: AsyncSession, row_id: UUID, problem: Any) -> None:
    """Write down why a row of a confirmed batch could not be filed."""
    await session.execute(update(FilingBatchRow).where(FilingBatchRow.id == row_id).values(problem=problem))


async def confirm_batch(session: AsyncSession, batch_id: UUID) -> None:
    """Write down that a batch is to be filed; the first time counts."""
    await session.execute(
        update(FilingBatch)
        .where(FilingBatch.id == batch_id, FilingBatch.confirmed_at.is_(None))
        .values(confirmed_at=clock.now())
    )


async def batch_done(session: AsyncSession, batch_id: UUID) -> None:
    """Write down that every row of a confirmed batch has been handed on."""
    await session.execute(update(FilingBatch).where(FilingBatch.id == batch_id).values(done_at=clock.now()))


async def unfinished_batches(session: AsyncSession, before: datetime) -> Sequence[FilingBatch]:
    """Batches that were confirmed before the moment and are not handed on yet: their process died."""
    rows = await session.scalars(
        select(FilingBatch).where(FilingBatch.confirmed_at < before, FilingBatch.done_at.is_(None))
    )
    return rows.all()


async def _one(session: AsyncSession, *wanted: Any) -> Filed | None:
    found = await session.execute(
        select(TaxReturn, FilingSheet).join(FilingSheet, FilingSheet.id == TaxReturn.sheet_id).where(*wanted)
    )
    row = found.tuples().first()
    return None if row is None else (row[0], row[1])


async def _many(session: AsyncSession, limit: int, *wanted: Any) -> Sequence[Filed]:
    found = await session.execute(
        select(TaxReturn, FilingSheet)
        .join(FilingSheet, FilingSheet.id == TaxReturn.sheet_id)
        .where(*wanted)
        .order_by(TaxReturn.confirmed_at.desc(), TaxReturn.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in found.tuples()]

"""Filing: what is due, a sheet to confirm, and the return, sent once however often it is confirmed.

A return is written down before the core system is asked and finished after it, in two short transactions: its id is
the request id. When no answer comes, `delivery.resume_unfinished` asks what became of the request and otherwise
repeats it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from hub.accounts.looks import looked
from hub.kit import clock
from hub.kit.crypto import fingerprint
from hub.kit.db import transaction
from hub.kit.errors import HubError
from hub.kit.idempotency import IdempotencyKeyReused
from hub.kit.ids import new_id
from hub.skills import Principal
from services.filing import repository, texts
from services.filing.delivery import Outcome, deliver
from services.filing.errors import (
    CoreSystemUnavailable,
    FilingInProgress,
    NoReceipt,
    ReturnNotFound,
    SheetChanged,
    SheetExpired,
    SheetNotFound,
)
from services.filing.facts import core_answers, facts_of, obligation_read, obligations_of, sheet_content, window
from services.filing.models import FilingSheet, ReturnStatus, TaxReturn
from services.filing.preparing import Lines, digest_of, fields_of, fileable, prepare
from services.filing.schemas import Prefilled, Receipt, ReturnList, ReturnRead, ReturnSummary, SheetRead
from services.filing.wording import CHANGED, period_words
from services.gateways.registry import tax_core
from services.gateways.tax_core.protocol import Obligation

SHEET_LIVES = timedelta(hours=24)
LISTED = 50


async def obligations(principal: Principal) -> Sequence[Obligation]:
    """What the taxpayer has to file, by due day; the look is audited.

    Raises `CoreSystemUnavailable`, `CoreSystemRefused`.
    """
    found = await obligations_of(_taxpayer(principal))
    async with transaction() as session:
        await looked(session, principal, "filing.obligations")
    return found


async def prefilled(principal: Principal, obligation_id: str) -> Prefilled:
    """An obligation with what is known for its return, field by field; the look is audited.

    Raises `ObligationNotFound`, `NotFiledHere`, `NotYetOpen`, `CoreSystemUnavailable`, `CoreSystemRefused`.
    """
    facts = await facts_of(_taxpayer(principal), obligation_id)
    kind = fileable(facts)
    async with transaction() as session:
        await looked(session, principal, "filing.prefilled")
    return Prefilled(
        obligation=obligation_read(facts.filer.obligation, clock.today()), many=kind.many, source=facts.source,
        known=[dict(line) for line in facts.known], fields=fields_of(kind), form=kind.line.model_json_schema(),
    )  # fmt: skip


async def preview(principal: Principal, obligation_id: str, given: Lines, *, channel: str) -> SheetRead:
    """The sheet to be confirmed; raises as `prepare`, and `FilingInProgress`."""
    return sheet_read(await _prepared(principal, obligation_id, given, channel))


async def _prepared(principal: Principal, obligation_id: str, given: Lines, channel: str) -> FilingSheet:
    """A sheet, once what was confirmed before for the same obligation has its answer.

    Raises `FilingInProgress` while it has none: a second return beside it would be refused, one or the other.
    """
    async with transaction() as session:
        pending = await repository.pending_of(session, _taxpayer(principal), obligation_id)
    for record, row in pending:
        if (await deliver(record, row)).pending:
            raise FilingInProgress
    return await prepare(principal, obligation_id, given, channel=channel)


def sheet_read(row: FilingSheet) -> SheetRead:
    """A sheet as callers see it."""
    sheet = sheet_content(row)
    return SheetRead(
        sheet_id=row.id, trace_id=row.trace_id, valid_until=row.made_at + SHEET_LIVES, difference=sheet.difference,
        sheet=sheet, text=texts.sheet_text(sheet, clock.today()),
    )  # fmt: skip


async def file_sheet(
    principal: Principal, sheet_id: UUID, *, key: str, channel: str, obligation_id: str | None = None
) -> Outcome:
    """File the return on a sheet that was shown; a repeat under the same key, or of the same sheet, is answered.

    With `obligation_id` the sheet has to be of that obligation.

    Raises `SheetNotFound`, `SheetExpired`, and `IdempotencyKeyReused` when the key stands for another sheet.
    """
    key_hash = _key_hash(principal, key)
    async with transaction() as session:
        known = await repository.by_key(session, key_hash)
        row = await repository.sheet_of(session, sheet_id, principal.person_id, _taxpayer(principal))
        of_sheet = (await repository.by_sheets(session, [sheet_id])).get(sheet_id)
    if row is None or row.obligation_id != (obligation_id or row.obligation_id):
        raise SheetNotFound
    if known is not None and known[1].id != sheet_id:
        raise IdempotencyKeyReused
    if known is None and of_sheet is None and clock.now() >= row.made_at + SHEET_LIVES:
        raise SheetExpired
    return await _confirm(principal, row, key_hash, channel)


async def submit(principal: Principal, obligation_id: str, given: Lines, *, key: str, channel: str) -> Outcome:
    """File what was filled in: the sheet that was shown for it, or one made now where none was.

    Raises as `preview`, `SheetChanged` when the sheet that was shown is too old and would come out otherwise today,
    and `IdempotencyKeyReused` when the key stands for something else.
    """
    key_hash, digest = _key_hash(principal, key), digest_of(_taxpayer(principal), obligation_id, given)
    if known := await _known(key_hash, digest):
        return await deliver(*known)
    try:
        row = await _sheet_to_file(principal, obligation_id, given, digest, channel)
    except HubError:
        # the same act in another process may have been faster: then the return is there, and that is the answer
        if known := await _known(key_hash, digest):
            return await deliver(*known)
        raise
    return await _confirm(principal, row, key_hash, channel, digest)


async def _known(key_hash: str, digest: str) -> tuple[TaxReturn, FilingSheet] | None:
    """The return that this act has made already.

    Raises `IdempotencyKeyReused` when its key stands for something else.
    """
    async with transaction() as session:
        found = await repository.by_key(session, key_hash)
    if found is not None and found[1].digest != digest:
        raise IdempotencyKeyReused
    return found


async def _sheet_to_file(
    principal: Principal, obligation_id: str, given: Lines, digest: str, channel: str
) -> FilingSheet:
    """The sheet that was shown last for this content; one made now where none was or it is too old."""
    async with transaction() as session:
        shown = await repository.latest_sheet(session, principal.person_id, digest)
    if shown is not None and clock.now() < shown.made_at + SHEET_LIVES:
        return shown
    row = await _prepared(principal, obligation_id, given, channel)
    if shown is not None:
        before, now = sheet_content(shown), sheet_content(row)
        if (before.payload, before.items, before.earlier) != (now.payload, now.items, now.earlier):
            raise SheetChanged(CHANGED.format(sheet=texts.sheet_text(now, clock.today())))
    return row


async def _confirm(
    principal: Principal, row: FilingSheet, key_hash: str, channel: str, digest: str | None = None
) -> Outcome:
    """Write down that the sheet was confirmed, once, and send the return."""
    sheet, now = sheet_content(row), clock.now()
    ours = TaxReturn(
        id=new_id(), key_hash=key_hash, sheet_id=row.id, person_id=principal.person_id, taxpayer_id=row.taxpayer_id,
        obligation_id=row.obligation_id, form=sheet.form, period_from=sheet.period_from, period_to=sheet.period_to,
        status=ReturnStatus.PENDING, channel=channel, confirmed_at=now, attempts=0,
        next_attempt_at=now + repository.FIRST_WAIT,
    )  # fmt: skip
    async with transaction() as session:
        record, confirmed = await repository.claim(session, ours)
        if record.id == ours.id:
            await looked(session, principal, "filing.confirm")
    if record.key_hash == key_hash and confirmed.id != row.id and confirmed.digest != digest:
        raise IdempotencyKeyReused
    return await deliver(record, confirmed)


async def under_way(taxpayer_id: str) -> frozenset[str]:
    """The obligations whose return was accepted here and has no answer of the core system yet."""
    async with transaction() as session:
        return frozenset(await repository.pending(session, taxpayer_id))


async def returns(principal: Principal) -> ReturnList:
    """The taxpayer's returns, newest first: those filed here, and those in force that were filed elsewhere."""
    taxpayer_id = _taxpayer(principal)
    async with transaction() as session:
        await looked(session, principal, "filing.returns")
        ours = [summary(*pair) for pair in await repository.of_taxpayer(session, taxpayer_id, LISTED)]
    try:
        elsewhere = await _elsewhere(taxpayer_id, {one.return_id for one in ours})
    except CoreSystemUnavailable:
        return ReturnList(returns=ours, complete=False)
    listed = sorted([*ours, *elsewhere], key=lambda one: one.confirmed_at, reverse=True)
    return ReturnList(returns=listed[:LISTED], complete=True)


async def _elsewhere(taxpayer_id: str, known: set[str | None]) -> list[ReturnSummary]:
    duties = {one.obligation_id: one for one in await obligations_of(taxpayer_id)}
    async with core_answers():
        filed = await tax_core().returns(taxpayer_id, *window(clock.today()))
    return [
        ReturnSummary(
            id=None, return_id=one.return_id, form=duty.form, title=duty.title,
            period=period_words(duty.period_from, duty.period_to), status=ReturnStatus.FILED,
            receipt_number=one.receipt_number, total=one.total, due_on=one.due_on, confirmed_at=one.accepted_at,
            replaces=one.replaces, refusal=None,
        )
        for one in filed
        if one.return_id not in known and (duty := duties.get(one.obligation_id)) is not None
    ]  # fmt: skip


def summary(record: TaxReturn, row: FilingSheet) -> ReturnSummary:
    """A return as lists show it."""
    outcome = Outcome(record, row, sheet_content(row))
    sheet, filed = outcome.sheet, outcome.filed
    return ReturnSummary(
        id=record.id, return_id=record.return_id, form=record.form, title=sheet.title, period=sheet.period,
        status=record.status, receipt_number=filed.receipt_number if filed else None, total=sheet.total,
        due_on=sheet.due_on, confirmed_at=record.confirmed_at,
        replaces=sheet.earlier.return_id if sheet.earlier else None, refusal=outcome.refusal,
        trace_id=row.trace_id,
    )  # fmt: skip


async def one_return(principal: Principal, filing_id: UUID) -> Outcome:
    """A return that was filed here for the taxpayer; the look is audited.

    Raises `ReturnNotFound`, for another taxpayer's as well.
    """
    async with transaction() as session:
        found = await repository.by_id(session, filing_id)
        if found is None or found[0].taxpayer_id != _taxpayer(principal):
            raise ReturnNotFound
        await looked(session, principal, "filing.return")
    return Outcome(*found, sheet_content(found[1]))


async def receipt(principal: Principal, filing_id: UUID) -> Receipt:
    """The signed receipt of a return.

    Raises `ReturnNotFound`, and `NoReceipt` while it has not been accepted.
    """
    outcome = await one_return(principal, filing_id)
    if outcome.record.receipt is None:
        raise NoReceipt
    return Receipt.model_validate(outcome.record.receipt)


def return_read(outcome: Outcome) -> ReturnRead:
    """A return as callers see it."""
    return ReturnRead(
        summary=summary(outcome.record, outcome.row), trace_id=outcome.row.trace_id, sheet=outcome.sheet,
        text=outcome.text(clock.today()),
    )  # fmt: skip


def _taxpayer(principal: Principal) -> str:
    assert principal.taxpayer_id is not None, "the level is AUTHORISED"
    return principal.taxpayer_id


def _key_hash(principal: Principal, key: str) -> str:
    return fingerprint(f"filing\n{principal.person_id}\n{key}")

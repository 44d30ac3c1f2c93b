"""Sends returns that were confirmed, and writes down what became of them; a crash at any line is made good later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from hub import audit
from hub.accounts.looks import person_subject, taxpayer_subject
from hub.bureau import bureau
from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.logging import get_logger
from services.filing import receipts, repository, texts, wording
from services.filing.facts import sheet_content
from services.filing.models import FilingSheet, ReturnStatus, TaxReturn
from services.filing.schemas import RefusalRead, Sheet
from services.gateways.errors import GatewayError, GatewayFault
from services.gateways.registry import tax_core
from services.gateways.tax_core.protocol import CoreRefusal, Filed, FilingRequest, TaxItem

log = get_logger(__name__)
RESUMED_AT_ONCE = 20
_FILED = TypeAdapter(Filed)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of filing: the return as it stands now, and the sheet that was confirmed."""

    record: TaxReturn
    row: FilingSheet
    sheet: Sheet

    @property
    def pending(self) -> bool:
        """Whether the core system has given no answer yet."""
        return self.record.status == ReturnStatus.PENDING

    @property
    def filed(self) -> Filed | None:
        """The core system's answer, once it has accepted the return."""
        return _FILED.validate_python(self.record.answer) if self.record.receipt is not None else None

    @property
    def refusal(self) -> RefusalRead | None:
        """Why it was refused, if it was."""
        refused = self.record.status == ReturnStatus.REFUSED
        return RefusalRead.model_validate(self.record.answer) if refused else None

    @property
    def late(self) -> bool:
        """Whether it is a first return that was confirmed after its due day."""
        return _is_late(self.record, self.sheet)

    @property
    def to_pay(self) -> Decimal:
        """What is left to be paid once the return is accepted, 元."""
        return texts.to_pay(self.sheet) if self.filed else Decimal("0.00")

    def text(self, today: date) -> str:
        """What people read about the return as it stands now."""
        filed, refusal = self.filed, self.refusal
        if filed is not None:
            return texts.filed_text(self.sheet, filed.receipt_number, today)
        return texts.refused_text(refusal.message) if refusal else wording.PENDING


async def deliver(record: TaxReturn, row: FilingSheet) -> Outcome:
    """Send a return that has no answer yet, and write the answer down."""
    sheet = sheet_content(row)
    if record.status != ReturnStatus.PENDING:
        return Outcome(record, row, sheet)
    try:
        filed = await _filed(record, sheet)
    except GatewayError as error:
        log.warning(
            "filing_without_answer", error=type(error).__name__, reason=error.reason, form=record.form,
            attempts=record.attempts,
        )  # fmt: skip
        return Outcome(record, row, sheet)
    except CoreRefusal as refusal:
        return await _refused(record, refusal)
    return await _accepted(record, sheet, filed)


async def _filed(record: TaxReturn, sheet: Sheet) -> Filed:
    """The core system's answer: that of an earlier attempt, if one arrived, else that to a new one.

    Raises `GatewayFault` as well where what it booked is not what was confirmed.
    """
    request, filed = _request(record, sheet), None
    if record.attempts:
        filed = await tax_core().filed(record.taxpayer_id, request.request_id)
    if filed is None:
        filed = await tax_core().file(request)
    if (filed.request_id, filed.total) != (request.request_id, sheet.total):
        log.critical("filed_otherwise_than_confirmed", filing=str(record.id), return_id=filed.return_id)
        raise GatewayFault("filed_otherwise_than_confirmed")
    return filed


def _request(record: TaxReturn, sheet: Sheet) -> FilingRequest:
    return FilingRequest(
        request_id=str(record.id),
        taxpayer_id=sheet.taxpayer_id,
        obligation_id=sheet.obligation_id,
        form=sheet.form,
        payload=sheet.payload,
        items=tuple(TaxItem(item.tax, item.title, item.amount) for item in sheet.items),
        filed_by=sheet.filed_by,
        replaces=sheet.earlier.return_id if sheet.earlier else None,
    )


async def _accepted(record: TaxReturn, sheet: Sheet, filed: Filed) -> Outcome:
    receipt = receipts.signed(_receipt(record, sheet, filed))
    answer = _FILED.dump_python(filed, mode="json")
    async with transaction() as session:
        if await repository.finish(session, record.id, filed.return_id, answer, receipt, filed.replaces):
            await _recorded(session, record, "filing.filed")
            log.info("return_filed", form=record.form, channel=record.channel, correction=filed.replaces is not None)
        return await _outcome(session, record.id)


async def _refused(record: TaxReturn, refusal: CoreRefusal) -> Outcome:
    async with transaction() as session:
        answer = RefusalRead(code=refusal.code, message=refusal.message).model_dump()
        if await repository.refuse(session, record.id, answer):
            await _recorded(session, record, "filing.refused")
            log.warning("return_refused", form=record.form, channel=record.channel, code=refusal.code)
        return await _outcome(session, record.id)


async def _recorded(session: AsyncSession, record: TaxReturn, action: str) -> None:
    await audit.record(
        session, actor=person_subject(record.person_id), action=action, subject=taxpayer_subject(record.taxpayer_id),
        filing=str(record.id), form=record.form,
    )  # fmt: skip


async def _outcome(session: AsyncSession, filing_id: UUID) -> Outcome:
    found = await repository.by_id(session, filing_id)
    assert found is not None, "returns are never deleted"
    return Outcome(*found, sheet_content(found[1]))


def _receipt(record: TaxReturn, sheet: Sheet, filed: Filed) -> dict[str, Any]:
    """What is signed; texts, booleans and lists only, so that its canonical form leaves no choice."""
    return {
        "version": "1",
        "bureau": bureau().name,
        "receipt_number": filed.receipt_number,
        "return_id": filed.return_id,
        "request_id": filed.request_id,
        "replaces": filed.replaces or "",
        "taxpayer_id": sheet.taxpayer_id,
        "taxpayer_name": sheet.taxpayer_name,
        "filed_by": sheet.filed_by,
        "form": sheet.form,
        "title": sheet.title,
        "period_from": sheet.period_from.isoformat(),
        "period_to": sheet.period_to.isoformat(),
        "due_on": filed.due_on.isoformat(),
        "confirmed_at": _moment(record.confirmed_at),
        "accepted_at": _moment(filed.accepted_at),
        "late": _is_late(record, sheet),
        "figures": [{"line": str(one.line), "name": one.name, "value": one.value} for one in sheet.entries],
        "items": [{"tax": one.tax, "title": one.title, "amount": f"{one.amount:.2f}"} for one in filed.items],
        "total": f"{filed.total:.2f}",
    }


def _is_late(record: TaxReturn, sheet: Sheet) -> bool:
    return sheet.earlier is None and record.confirmed_at.astimezone(clock.SHANGHAI).date() > sheet.due_on


def _moment(moment: datetime) -> str:
    return moment.astimezone(clock.UTC).isoformat(timespec="seconds")


async def resume_unfinished() -> int:
    """Ask for, or repeat, every return that has no answer and whose time has come; how many got one.

    For the worker, every minute; any number of workers may run side by side.
    """
    async with transaction() as session:
        due = await repository.take_due(session, RESUMED_AT_ONCE)
    answered = 0
    for record, row in due:
        try:
            outcome = await deliver(record, row)
        except Exception:
            # one return that cannot be finished keeps no other from being
            log.exception("filing_not_resumed", filing=str(record.id))
            continue
        answered += not outcome.pending
    return answered

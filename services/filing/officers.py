"""Returns as officers of the bureau see them; every look is audited under the officer's name."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from hub import audit
from hub.accounts.looks import taxpayer_subject
from hub.accounts.service import StaffMember
from hub.kit.db import transaction
from services.filing import repository
from services.filing.delivery import Outcome
from services.filing.errors import NoReceipt, ReturnNotFound
from services.filing.facts import sheet_content
from services.filing.models import ReturnStatus
from services.filing.schemas import Receipt, StaffReturnList, StaffReturnRead, StaffReturnSummary
from services.filing.service import return_read

ALL = "taxpayers"


def _actor(member: StaffMember) -> str:
    return f"staff:{member.username}"


async def returns(
    member: StaffMember, *, taxpayer_id: str | None, status: ReturnStatus | None, before: datetime | None, limit: int
) -> StaffReturnList:
    """Returns that were filed here, newest first, without what they declare."""
    async with transaction() as session:
        found = await repository.of_everybody(session, limit, taxpayer_id=taxpayer_id, status=status, before=before)
        subject = taxpayer_subject(taxpayer_id) if taxpayer_id else ALL
        await audit.record(session, actor=_actor(member), action="filing.staff_list", subject=subject)
    listed = []
    for record, row in found:
        outcome = Outcome(record, row, sheet_content(row))
        sheet = outcome.sheet
        listed.append(
            StaffReturnSummary(
                id=record.id, taxpayer_id=record.taxpayer_id, taxpayer_name=sheet.taxpayer_name, form=record.form,
                title=sheet.title, period=sheet.period, due_on=sheet.due_on, late=outcome.late,
                correction=sheet.earlier is not None, status=record.status, channel=record.channel,
                confirmed_at=record.confirmed_at, answered_at=record.answered_at, attempts=record.attempts,
            )
        )  # fmt: skip
    return StaffReturnList(returns=listed)


async def one_return(member: StaffMember, filing_id: UUID) -> StaffReturnRead:
    """A return with everything that it carries.

    Raises `ReturnNotFound`.
    """
    async with transaction() as session:
        outcome = await _looked_at(session, member, filing_id, "filing.staff_return")
    return StaffReturnRead(
        taxpayer_id=outcome.record.taxpayer_id, filed_by=outcome.sheet.filed_by, filing=return_read(outcome)
    )


async def receipt(member: StaffMember, filing_id: UUID) -> Receipt:
    """The signed receipt of a return.

    Raises `ReturnNotFound`, `NoReceipt`.
    """
    async with transaction() as session:
        outcome = await _looked_at(session, member, filing_id, "filing.staff_receipt")
    if outcome.record.receipt is None:
        raise NoReceipt
    return Receipt.model_validate(outcome.record.receipt)


async def _looked_at(session: AsyncSession, member: StaffMember, filing_id: UUID, action: str) -> Outcome:
    found = await repository.by_id(session, filing_id)
    if found is None:
        raise ReturnNotFound
    await audit.record(
        session, actor=_actor(member), action=action, subject=taxpayer_subject(found[0].taxpayer_id),
        filing=str(filing_id),
    )  # fmt: skip
    return Outcome(*found, sheet_content(found[1]))

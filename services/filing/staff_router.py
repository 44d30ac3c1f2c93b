"""`/api/v1/staff/filing`: returns as officers see them; every look is audited."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from hub.accounts.access import CurrentAgent, staff
from hub.accounts.models import Role
from hub.accounts.service import StaffMember
from services.filing import officers
from services.filing.models import ReturnStatus
from services.filing.schemas import Receipt, StaffReturnList, StaffReturnRead

router = APIRouter(prefix="/api/v1/staff/filing", tags=["staff"])
Supervisor = Annotated[StaffMember, Depends(staff(Role.SUPERVISOR))]


@router.get("/returns")
async def list_returns(
    member: CurrentAgent,
    taxpayer_id: Annotated[str | None, Query(max_length=64)] = None,
    status: ReturnStatus | None = None,
    before: datetime | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> StaffReturnList:
    """Returns, newest first, without amounts; of one taxpayer, or in one status (what is stuck: `pending`)."""
    return await officers.returns(member, taxpayer_id=taxpayer_id, status=status, before=before, limit=limit)


@router.get("/returns/{filing_id}")
async def one_return(filing_id: UUID, member: Supervisor) -> StaffReturnRead:
    """A return with everything that it carries."""
    return await officers.one_return(member, filing_id)


@router.get("/returns/{filing_id}/receipt")
async def receipt(filing_id: UUID, member: Supervisor) -> Receipt:
    """The signed receipt of a return."""
    return await officers.receipt(member, filing_id)

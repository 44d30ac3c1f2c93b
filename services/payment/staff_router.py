"""`/api/v1/staff/payment`: reconciliation with the parties that take the money, and money that is to be returned."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from hub.accounts.access import staff
from hub.accounts.models import Role
from hub.accounts.service import StaffMember
from services.payment import reconciliation, service
from services.payment.schemas import OrderRead, ReconciliationRead

router = APIRouter(prefix="/api/v1/staff/payment", tags=["staff"])
Supervisor = Annotated[StaffMember, Depends(staff(Role.SUPERVISOR))]


class Reconciliations(BaseModel):
    """What was found for a day, one entry a channel."""

    reconciliations: list[ReconciliationRead]


class RefundsDue(BaseModel):
    """Orders whose money is to be returned, the oldest first."""

    orders: list[OrderRead]


@router.get("/reconciliations/{day}")
async def reconciliations(day: date, supervisor: Supervisor) -> Reconciliations:
    """What was found for a day in China, the last time that it was compared."""
    return Reconciliations(reconciliations=await reconciliation.found(day))


@router.post("/reconciliations/{day}")
async def reconcile(day: date, supervisor: Supervisor) -> Reconciliations:
    """Compare a day with the parties' statements; they have it from the next morning on."""
    return Reconciliations(reconciliations=await reconciliation.reconcile(day, f"staff:{supervisor.username}"))


@router.get("/refunds-due")
async def refunds_due(supervisor: Supervisor) -> RefundsDue:
    """Money that has arrived and cannot be booked."""
    return RefundsDue(orders=await service.to_return(f"staff:{supervisor.username}"))

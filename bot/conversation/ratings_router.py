"""What supervisors see of people's verdicts: how satisfied they were, and whose talk to look into."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from bot.conversation import ratings
from bot.conversation.router import rating_read
from bot.conversation.schemas import Dissatisfied, DissatisfiedList, VerdictsRead
from hub import audit
from hub.accounts.access import Session, staff
from hub.accounts.models import Role
from hub.accounts.service import StaffMember
from hub.kit import clock

router = APIRouter(prefix="/api/v1/staff/ratings", tags=["staff"])
Supervisor = Annotated[StaffMember, Depends(staff(Role.SUPERVISOR))]
Days = Annotated[int, Query(ge=1, le=400)]
SATISFIED = 3


@router.get("")
async def list_verdicts(supervisor: Supervisor, session: Session, days: Days = 30) -> list[VerdictsRead]:
    """How the assistant and each human were judged in the last days."""
    found = await ratings.verdicts(session, clock.now() - timedelta(days=days))
    return [
        VerdictsRead(
            agent=one.agent, scores=one.scores, count=one.count,
            satisfied=sum(count for score, count in one.scores.items() if score >= SATISFIED) / one.count,
        )
        for one in found
    ]  # fmt: skip


@router.get("/dissatisfied")
async def list_dissatisfied(
    supervisor: Supervisor,
    session: Session,
    days: Days = 30,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> DissatisfiedList:
    """Who was not satisfied in the last days, newest first; the look is written down."""
    await audit.record(session, supervisor.username, "ratings.read", "ratings")
    rows, total = await ratings.dissatisfied(session, clock.now() - timedelta(days=days), limit, offset)
    return DissatisfiedList(
        ratings=[Dissatisfied(conversation_id=row.conversation_id, rating=rating_read(row)) for row in rows],
        total=total,
    )

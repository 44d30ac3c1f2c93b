"""`/api/v1/reminders`: which reminders the caller wants."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from hub.accounts.access import person
from hub.kit.rates import rate_limit
from hub.skills import Access, Principal
from services.reminders import service
from services.reminders.schemas import ReminderRead
from services.reminders.stages import ReminderChoice

router = APIRouter(
    prefix="/api/v1/reminders",
    tags=["reminders"],
    dependencies=[Depends(rate_limit("reminders", lambda settings: settings.rate_message))],
)
Caller = Annotated[Principal, Depends(person(Access.VERIFIED))]


class ReminderChange(BaseModel):
    """A new choice."""

    model_config = ConfigDict(extra="forbid")
    choice: ReminderChoice


@router.get("")
async def read(caller: Caller) -> ReminderRead:
    """What the caller has chosen."""
    return ReminderRead.of(await service.choice_of(caller.person_id))


@router.put("")
async def change(caller: Caller, body: ReminderChange) -> ReminderRead:
    """Choose; dunning for what is overdue stays."""
    await service.choose(caller.person_id, body.choice)
    return ReminderRead.of(body.choice)

"""`/api/v1/reminders`: which reminders the caller wants."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, model_validator

from hub.accounts.access import person
from hub.accounts.models import NoticeWay
from hub.kit.rates import rate_limit
from hub.skills import Access, Principal
from services.reminders import service, wording
from services.reminders.schemas import ReminderRead
from services.reminders.stages import ReminderChoice

router = APIRouter(
    prefix="/api/v1/reminders",
    tags=["reminders"],
    dependencies=[Depends(rate_limit("reminders", lambda settings: settings.rate_message))],
)
Caller = Annotated[Principal, Depends(person(Access.VERIFIED))]


class ReminderChange(BaseModel):
    """A new choice: which reminders, by which way, or both; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")
    choice: ReminderChoice | None = None
    way: NoticeWay | None = None

    @model_validator(mode="after")
    def _something(self) -> ReminderChange:
        if self.choice is None and self.way is None:
            raise ValueError(wording.NOTHING_CHOSEN)
        return self


@router.get("")
async def read(caller: Caller) -> ReminderRead:
    """What the caller has chosen."""
    return await _read(caller)


@router.put("")
async def change(caller: Caller, body: ReminderChange) -> ReminderRead:
    """Choose; dunning for what is overdue stays, and text messages are sent where the chosen way reaches nobody."""
    await service.choose(caller.person_id, body.choice, body.way)
    return await _read(caller)


async def _read(caller: Principal) -> ReminderRead:
    return ReminderRead.of(
        await service.choice_of(caller.person_id), await service.way_of(caller.person_id),
        await service.ways_open(caller.person_id),
    )  # fmt: skip

"""`/api/v1/calculators`: what can be worked out, working it out, and the steps of an earlier result."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel

from hub.accounts.access import BearerToken, Public, Session
from hub.accounts.people import principal_of
from hub.kit.crypto import fingerprint
from hub.kit.rates import rate_limit
from services.calculations import service
from services.calculations.schemas import CalculationRead, CalculatorRead

router = APIRouter(prefix="/api/v1/calculators", tags=["calculators"])
limited = Depends(rate_limit("calculator", lambda settings: settings.rate_message))


class CalculatorList(BaseModel):
    """The calculators."""

    calculators: list[CalculatorRead]


@router.get("", dependencies=[Public])
def list_calculators() -> CalculatorList:
    """What can be worked out, with the form that each takes."""
    return CalculatorList(calculators=service.calculators())


async def owner_of(session: Session, credentials: BearerToken) -> UUID | None:
    """The person behind the token, if one came along and is still good."""
    if credentials is None:
        return None
    principal = await principal_of(session, f"token:{fingerprint(credentials.credentials)}")
    return service.owner_of(principal)


@router.get("/traces/{trace_id}", dependencies=[Public, limited])
async def explain(trace_id: UUID, owner: Annotated[UUID | None, Depends(owner_of)]) -> CalculationRead:
    """The steps of an earlier result, as they were then; of a person's own figures only with that person's token."""
    return await service.explained(trace_id, owner)


@router.post("/{name}", dependencies=[Public, limited])
async def calculate(name: str, body: Annotated[dict[str, Any], Body()]) -> CalculationRead:
    """Work a tax out by the law of the day in the form; nothing is filed."""
    return await service.calculate(name, body, channel="api")

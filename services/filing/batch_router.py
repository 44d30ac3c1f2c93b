"""`/api/v1/filing/batches`: returns of several taxpayers by spreadsheet; the file is the body of the request."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from hub.accounts.access import person
from hub.kit.rates import rate_limit
from hub.skills import Access, Principal
from services.filing import batches, spreadsheet
from services.filing.kinds import KINDS
from services.filing.schemas import BatchForm, BatchForms, BatchRead

router = APIRouter(prefix="/api/v1/filing/batches", tags=["filing"])
limited = Depends(rate_limit("filing", lambda settings: settings.rate_message))
Agent = Annotated[Principal, Depends(person(Access.REAL_NAME))]
Form = Annotated[str, Query(max_length=40)]


def _download(content: bytes, name: str) -> Response:
    return Response(
        content, media_type=spreadsheet.MEDIA_TYPE, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@router.get("/forms")
def forms(principal: Agent) -> BatchForms:
    """The returns that can be filed by spreadsheet."""
    return BatchForms(forms=[BatchForm(form=kind.form, title=kind.title) for kind in KINDS])


@router.get("/template", dependencies=[limited])
async def template(principal: Agent, form: Form) -> Response:
    """The spreadsheet for everything that is due, for every taxpayer of the person, with what is known."""
    return _download(await batches.template(principal, form), f"{form}.xlsx")


@router.post("", dependencies=[limited])
async def upload(principal: Agent, form: Form, request: Request) -> BatchRead:
    """Check a spreadsheet that was filled in; nothing is filed. The same file again is the same batch."""
    return await batches.upload(principal, form, await request.body())


@router.post("/{batch_id}/confirm", dependencies=[limited])
async def confirm(batch_id: UUID, principal: Agent) -> BatchRead:
    """File every return of the batch that was found right; a repeat files what is left, nothing twice."""
    return await batches.confirm(principal, batch_id)


@router.get("/{batch_id}", dependencies=[limited])
async def one_batch(batch_id: UUID, principal: Agent) -> BatchRead:
    """What became of every row."""
    return await batches.one_batch(principal, batch_id)


@router.get("/{batch_id}/report", dependencies=[limited])
async def report(batch_id: UUID, principal: Agent) -> Response:
    """What became of every row, as a spreadsheet."""
    return _download(spreadsheet.report(await batches.one_batch(principal, batch_id)), f"{batch_id}.xlsx")

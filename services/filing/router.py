"""`/api/v1/filing`: obligations, sheets, returns and their signed receipts."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Response

from hub.accounts.access import Public, person
from hub.kit import clock
from hub.kit.rates import rate_limit
from hub.skills import Access, Principal
from services.filing import receipts, service
from services.filing.facts import obligation_read
from services.filing.schemas import (
    FileBody,
    ObligationList,
    Prefilled,
    PreviewBody,
    Receipt,
    ReceiptKeys,
    ReturnList,
    ReturnRead,
    SheetRead,
    Verified,
)

router = APIRouter(prefix="/api/v1/filing", tags=["filing"])
limited = Depends(rate_limit("filing", lambda settings: settings.rate_message))
Taxpayer = Annotated[Principal, Depends(person(Access.AUTHORISED))]
Key = Annotated[str, Header(min_length=8, max_length=128, pattern=r"^[\x21-\x7e]+$")]
CHANNEL = "api"


@router.get("/obligations", dependencies=[limited])
async def list_obligations(principal: Taxpayer) -> ObligationList:
    """What the taxpayer has to file, by due day."""
    found = await service.obligations(principal)
    return ObligationList(
        taxpayer_id=principal.taxpayer_id or "",
        taxpayer_name=principal.taxpayer_name or "",
        obligations=[obligation_read(one, clock.today()) for one in found],
    )


@router.get("/obligations/{obligation_id}", dependencies=[limited])
async def prefilled(obligation_id: str, principal: Taxpayer) -> Prefilled:
    """An obligation with what is known for its return, field by field."""
    return await service.prefilled(principal, obligation_id)


@router.post("/obligations/{obligation_id}/preview", dependencies=[limited])
async def preview(obligation_id: str, body: PreviewBody, principal: Taxpayer) -> SheetRead:
    """The sheet to confirm: every figure, every amount. Nothing is filed."""
    return await service.preview(principal, obligation_id, body.lines, channel=CHANNEL)


@router.post("/obligations/{obligation_id}/returns", dependencies=[limited])
async def file(
    obligation_id: str, body: FileBody, principal: Taxpayer, idempotency_key: Key, response: Response
) -> ReturnRead:
    """File the sheet that was confirmed. 202 while the core system gives no answer: it is sent again by itself."""
    outcome = await service.file_sheet(
        principal, body.sheet_id, key=f"api:{idempotency_key}", channel=CHANNEL, obligation_id=obligation_id
    )
    response.status_code = 202 if outcome.pending else 200
    return service.return_read(outcome)


@router.get("/returns", dependencies=[limited])
async def list_returns(principal: Taxpayer) -> ReturnList:
    """The taxpayer's returns, newest first."""
    return await service.returns(principal)


@router.get("/returns/{filing_id}", dependencies=[limited])
async def one_return(filing_id: UUID, principal: Taxpayer) -> ReturnRead:
    """A return with everything that it carries, as it stands now."""
    return service.return_read(await service.one_return(principal, filing_id))


@router.get("/returns/{filing_id}/receipt", dependencies=[limited])
async def receipt(filing_id: UUID, principal: Taxpayer) -> Receipt:
    """The signed receipt of a return that was accepted."""
    return await service.receipt(principal, filing_id)


@router.get("/receipt-keys", dependencies=[Public])
def receipt_keys() -> ReceiptKeys:
    """The public keys with which anybody can check a receipt."""
    return ReceiptKeys(algorithm=receipts.ALGORITHM, keys=receipts.public_keys())


@router.post("/receipts/verify", dependencies=[Public, limited])
def verify(body: Receipt) -> Verified:
    """Whether a receipt is ours and unchanged; nothing about the return is told."""
    return Verified(genuine=receipts.verify(body.model_dump(), receipts.public_keys()))

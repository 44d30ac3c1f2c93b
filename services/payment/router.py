"""`/api/v1/payment`: what is due, orders, receipts, and the notices of the parties that take the money."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Depends, Header, Request
from fastapi.responses import Response
from pydantic import BaseModel

from hub.accounts.access import Public, person
from hub.kit.errors import Invalid, NotFound, Unauthorized
from hub.kit.ids import new_id
from hub.kit.logging import get_logger
from hub.kit.rates import client_address, rate_limit
from hub.skills import Access, Principal
from services.gateways.payments.protocol import BadNotice
from services.payment import service
from services.payment.schemas import DueList, OrderRead, PayTax, ReceiptRead

log = get_logger(__name__)

router = APIRouter(prefix="/api/v1/payment", tags=["payment"])
limited = Depends(rate_limit("payment", lambda settings: settings.rate_message))
Payer = Annotated[Principal, Depends(person(Access.AUTHORISED))]
NOT_THEIRS = frozenset({"bad_signature", "another_merchant"})


class NoticeUnreadable(Invalid):
    """A notice of the right sender that says nothing to us."""

    code = "payment_notice_unreadable"
    message = "通知内容无法识别。"


class OrderList(BaseModel):
    """A taxpayer's orders, the newest first."""

    orders: list[OrderRead]


@router.get("/charges", dependencies=[limited])
async def charges(payer: Payer) -> DueList:
    """What the taxpayer owes now, with late fees as of today, and how it can be paid."""
    return await service.due_list(payer)


@router.get("/orders", dependencies=[limited])
async def orders(payer: Payer) -> OrderList:
    """The taxpayer's orders."""
    return OrderList(orders=await service.orders_of(payer))


@router.post("/orders", dependencies=[limited])
async def order(
    payer: Payer,
    request: Request,
    form: PayTax,
    idempotency_key: Annotated[str | None, Header(min_length=8, max_length=128, pattern=r"^[\x21-\x7e]+$")] = None,
) -> OrderRead:
    """Order a payment. With an `Idempotency-Key` the same request again gives the first order as it stands now."""
    return await service.place(
        payer, form, key=f"api:{idempotency_key or new_id()}", channel="api", address=client_address(request)
    )


@router.get("/orders/{order_id}", dependencies=[limited])
async def one_order(payer: Payer, order_id: UUID) -> OrderRead:
    """Where an order stands, asked afresh of the party that takes the money."""
    return await service.order_of(payer, order_id)


@router.post("/orders/{order_id}/close", dependencies=[limited])
async def close(payer: Payer, order_id: UUID) -> OrderRead:
    """Close an order that is not paid."""
    return await service.withdraw(payer, order_id)


@router.get("/orders/{order_id}/receipt", dependencies=[limited])
async def receipt(payer: Payer, order_id: UUID) -> ReceiptRead:
    """The tax payment receipt."""
    return await service.receipt_of(payer, order_id)


@router.post("/callbacks/{channel}", dependencies=[Public], include_in_schema=False)
async def callback(channel: str, request: Request, later: BackgroundTasks) -> Response:
    """A party's notice: whoever sends it proves it by the party's signature."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        acknowledgement, to_book = await service.take_notice(channel, headers, await request.body())
    except LookupError:
        raise NotFound from None
    except BadNotice as error:
        log.warning("payment_notice_refused", reason=error.reason)
        raise (Unauthorized if error.reason in NOT_THEIRS else NoticeUnreadable) from None
    if to_book is not None:
        # after the answer: the party waits a few seconds only, and the worker books what this does not
        later.add_task(service.book, to_book)
    return Response(acknowledgement.body, acknowledgement.status, media_type=acknowledgement.media_type)

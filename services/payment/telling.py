"""Telling the payer what came of a payment that ended while nobody asked: by WeChat, or in the chat."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from hub import outbox
from hub.accounts import identities
from hub.accounts.models import NoticeWay
from hub.accounts.sessions import conversations_of
from hub.accounts.ways import way_of
from hub.kit import clock
from hub.outbox import Otherwise
from hub.outbox.models import Channel
from services.payment import wording
from services.payment.models import PaymentOrder
from services.payment.results import buttons, order_text
from services.payment.schemas import OrderRead, order_read

TOPIC = "payment"
PATIENCE = timedelta(minutes=15)
"""How long WeChat may take before it is told in the chat."""
KEPT_TRYING = timedelta(hours=24)


async def tell(session: AsyncSession, order: PaymentOrder) -> None:
    """Have the state of an order told once, in the caller's transaction; by night, too, since somebody has just paid.

    By WeChat where the payer chose that and linked it, in the chat where they are signed in otherwise, or when WeChat
    fails. Whoever is reached by neither learns it from the payment page, or by asking.
    """
    chat = next(iter(await conversations_of(session, order.person_id)), None)
    by_wechat = await _by_wechat(session, order.person_id)
    if chat is None and not by_wechat:
        return
    read = order_read(order)
    said = {
        "text": order_text(read),
        "buttons": [{"title": one.title, "payload": one.payload} for one in buttons(read)],
        "private": True,
    }
    now = clock.now()
    in_chat = Otherwise(Channel.CONVERSATION, said, now + KEPT_TRYING, chat) if chat else None
    await outbox.add(
        session, channel=Channel.WECHAT if by_wechat else Channel.CONVERSATION, topic=TOPIC,
        content=_notice(read) if by_wechat else said, dedupe_key=f"{TOPIC}:{order.id.hex}:{order.state}",
        person_id=order.person_id, conversation_id=None if by_wechat else chat, urgent=True,
        expires_at=now + PATIENCE if by_wechat and in_chat else None, otherwise=in_chat if by_wechat else None,
    )  # fmt: skip


async def _by_wechat(session: AsyncSession, person_id: UUID) -> bool:
    if await way_of(session, person_id) is not NoticeWay.WECHAT:
        return False
    return any(one.channel == NoticeWay.WECHAT for one in await identities.of_person(session, person_id))


def _notice(order: OrderRead) -> dict[str, object]:
    """The WeChat notice of an order: what for, how much, where it stands, when; nobody's number is in it."""
    method = wording.METHODS[order.method]
    fields = {
        "what": "、".join(charge.title for charge in order.charges),
        "amount": f"{order.total}元",
        "state": wording.HEADLINE[order.state].format(method=method),
        "at": clock.now().astimezone(clock.SHANGHAI).strftime("%Y年%m月%d日 %H:%M"),
    }
    return {"notice": "payment_result", "fields": fields, "page": "/services/payment_status"}

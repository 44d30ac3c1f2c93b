"""Telling the payer what came of a payment that ended while nobody asked: in the chat where they are signed in."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from hub import outbox
from hub.accounts.sessions import conversations_of
from hub.outbox.models import Channel
from services.payment.models import PaymentOrder
from services.payment.results import buttons, order_text
from services.payment.schemas import order_read

TOPIC = "payment"


async def tell(session: AsyncSession, order: PaymentOrder) -> None:
    """Have the state of an order told once, in the caller's transaction; by night, too, since somebody has just paid.

    Whoever is signed in nowhere learns it from the payment page, or by asking.
    """
    for conversation_id in (await conversations_of(session, order.person_id))[:1]:
        read = order_read(order)
        said = {
            "text": order_text(read),
            "buttons": [{"title": one.title, "payload": one.payload} for one in buttons(read)],
            "private": True,
        }
        await outbox.add(
            session, channel=Channel.CONVERSATION, topic=TOPIC, content=said,
            dedupe_key=f"{TOPIC}:{order.id.hex}:{order.state}", person_id=order.person_id,
            conversation_id=conversation_id, urgent=True,
        )  # fmt: skip

"""Whoever has paid is told so in the chat where they are signed in, once, unless they have just asked."""

from __future__ import annotations

from uuid import UUID

from bot.conversation import repository as conversations
from bot.conversation.models import Conversation
from channels.delivery import ConversationDeliverer
from channels.wechat.templates import notices
from hub import outbox
from hub.accounts import identities, sessions
from hub.accounts.models import NoticeWay, Person
from hub.accounts.ways import choose_way
from hub.kit.db import transaction
from hub.outbox.delivery import Delivery
from hub.outbox.models import Channel
from services.gateways.behaviour import Mode
from services.gateways.tax_core.wire import Operation
from services.payment import service
from tests.services.payment.payer import WANG, acting_for, order, pay, pay_unnoticed, rows
from tests.services.tax_core import JINXI, tell_core


async def a_chat() -> UUID:
    """A conversation in which the payer is signed in."""
    async with transaction() as session:
        session.add(Person(id=WANG))
        conversation = Conversation(channel="web", locale="zh-CN")
        session.add(conversation)
        await session.flush()
        await sessions.begin(session, f"conversation:{conversation.id}", WANG)
        return conversation.id


async def heard(conversation_id: UUID, dsn: str) -> list[str]:
    """What lies in the chat after the outbox has had its turn."""
    delivery = Delivery({Channel.CONVERSATION: ConversationDeliverer()}, {})
    for (message_id,) in rows(dsn, "select id from outbox_message where state = 'accepted'"):
        await delivery.deliver(message_id)
    async with transaction() as session:
        messages = await conversations.page(session, conversation_id, None, 50)
    assert all(message.payload.get("private") for message in messages)
    return [message.text for message in messages]


async def test_a_payment_that_a_notice_brings_is_told_once(paying: str) -> None:
    chat = await a_chat()
    placed = await order(JINXI)
    await pay(placed)
    [said] = await heard(chat, paying)
    assert "缴款成功" in said
    assert placed.id.hex in said
    await service.resolve_open_orders()
    assert len(await heard(chat, paying)) == 1


async def test_who_asks_is_answered_and_not_told_again(paying: str) -> None:
    chat = await a_chat()
    await pay_unnoticed(await order(JINXI))
    found = await service.latest(acting_for(JINXI))
    assert found is not None
    assert found.receipt_number
    assert await heard(chat, paying) == []


async def test_a_debit_that_was_in_doubt_is_told_when_it_is_done(paying: str) -> None:
    chat = await a_chat()
    await tell_core(Mode.DOWN, operation=Operation.DEBIT)
    await order(method="tripartite")
    assert await heard(chat, paying) == []
    await tell_core(operation=Operation.DEBIT)
    await service.resolve_open_orders()
    [said] = await heard(chat, paying)
    assert "缴款成功" in said


async def test_nobody_is_told_who_is_signed_in_nowhere(paying: str) -> None:
    await pay(await order(JINXI))
    assert rows(paying, "select count(*) from outbox_message") == [(0,)]


async def test_who_chose_wechat_is_told_there_and_in_the_chat_only_when_it_fails(paying: str) -> None:
    chat = await a_chat()
    async with transaction() as session:
        identity = await identities.known(session, "wechat", "wx", "oWang")
        await identities.link(session, identity.id, WANG)
        await choose_way(session, WANG, NoticeWay.WECHAT)
    placed = await order(JINXI)
    await pay(placed)
    [(message_id, channel)] = rows(paying, "select id, channel from outbox_message")
    assert channel == Channel.WECHAT
    async with transaction() as session:
        content = await outbox.content_of(session, message_id)
    assert content is not None
    assert notices()[content["notice"]].filled(content["fields"])
    assert await heard(chat, paying) == [], "no WeChat here: it goes into the chat"
    [said] = await heard(chat, paying)
    assert "缴款成功" in said
    assert rows(paying, "select channel, instead_of, state from outbox_message") == [
        (Channel.CONVERSATION, Channel.WECHAT, "delivered")
    ]

"""A door on the bench: its webhook behind a real application, the outbox delivered by hand, time moved as needed."""

from __future__ import annotations

import asyncio
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import delete, select, update

from bot.conversation.models import Conversation, Message
from bot.conversation.service import ConversationService
from channels.base import Call
from channels.models import Pace
from channels.pushing import DoorDeliverer
from channels.web.pages import error_page
from channels.webhook import router_of
from hub import outbox
from hub.accounts.models import ChannelIdentity
from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.web import CommonGround, add_error_handlers
from hub.outbox.delivery import Delivery
from hub.outbox.models import OutboxMessage, State
from tests.bot.rasa_wire import RasaWire
from tests.channels.hands.hand import Got, Hand


class Bench:
    """One channel with everything behind it but Rasa, which is played at its wire."""

    def __init__(self, hand: Hand, conversations: ConversationService, rasa: RasaWire) -> None:
        self.hand, self.conversations, self.rasa = hand, conversations, rasa
        self.keeps_pace = False
        self.delivery = Delivery({outbox.door(hand.channel.name): DoorDeliverer(hand.channel)}, {})
        app = FastAPI()
        app.state.conversations = conversations
        app.add_middleware(CommonGround)
        add_error_handlers(app, error_page)
        app.include_router(router_of(hand.channel))
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://hub"
        )

    async def call(self, call: Call) -> httpx.Response:
        """The party calls; turns that it does not wait for go on."""
        address = f"/channels/{self.hand.channel.name}/webhook"
        response = await self._http.request(
            call.method, address, params=dict(call.query), headers=dict(call.headers), content=call.body
        )
        if response.status_code == 200 and (words := self.hand.passive_text(response.content)) is not None:
            self.hand.party.got.append(Got("", words))
        return response

    async def turns(self) -> None:
        """Wait until nothing goes on."""
        while self.conversations._turns:
            await asyncio.gather(*self.conversations._turns, return_exceptions=True)

    async def say(self, call: Call) -> httpx.Response:
        """The party calls, the bot ends its turn, and what is due goes out."""
        response = await self.call(call)
        await self.turns()
        await self.deliver()
        return response

    async def deliver(self, *, later: bool = False) -> None:
        """What is due now goes out, or everything, as if its time had come."""
        for _ in range(50):
            due = await self._due(later=later)
            later = False
            if not due:
                return
            for message_id in due:
                if not self.keeps_pace:
                    async with transaction() as session:
                        await session.execute(delete(Pace))  # time goes on between messages
                await self.delivery.deliver(message_id)

    async def _due(self, *, later: bool) -> list[UUID]:
        async with transaction() as session:
            if later:
                await session.execute(
                    update(OutboxMessage).where(OutboxMessage.due_at.is_not(None)).values(due_at=clock.now())
                )
            rows = await session.scalars(
                select(OutboxMessage.id).where(OutboxMessage.due_at <= clock.now()).order_by(OutboxMessage.place)
            )
            return list(rows)

    def heard(self) -> list[str]:
        """Everything that the person was told, in the response or pushed."""
        return self.hand.party.texts()

    def last(self) -> Got:
        """The message that was pushed last."""
        return self.hand.party.got[-1]

    async def states(self) -> list[State]:
        """Where the messages of the outbox stand, in order."""
        async with transaction() as session:
            return [
                State(state)
                for state in await session.scalars(select(OutboxMessage.state).order_by(OutboxMessage.place))
            ]

    async def stored(self, direction: str = "in") -> list[Message]:
        """What was said in all conversations, by people ("in") or by us ("out")."""
        async with transaction() as session:
            rows = await session.scalars(
                select(Message).where(Message.direction == direction).order_by(Message.conversation_id, Message.seq)
            )
            return list(rows)

    async def conversation(self) -> Conversation:
        """The only conversation there is."""
        async with transaction() as session:
            return (await session.scalars(select(Conversation))).one()

    async def identities(self) -> list[ChannelIdentity]:
        """Everybody whom the channel knows."""
        async with transaction() as session:
            return list(await session.scalars(select(ChannelIdentity)))

    async def close(self) -> None:
        """Put everything away."""
        await self.turns()
        await self._http.aclose()
        await self.hand.close()

"""The ways by which messages of the outbox reach people: text messages, and the chat they are in."""

from __future__ import annotations

from datetime import date

from bot.conversation import repository
from bot.conversation.models import Author, Message, State
from bot.dialogue.replies import PRIVATE
from channels import pace
from channels.base import Rate
from hub import outbox
from hub.accounts.models import Person
from hub.kit.db import transaction
from hub.outbox.letters import Letter, Never, NotNow, Taken, Uncertain
from hub.outbox.models import Failure
from services.gateways.errors import GatewayError, GatewayUnavailable
from services.gateways.registry import sms
from services.gateways.sms.protocol import DeliveryState, Refusal, SmsRequest

SMS_ACCOUNT, SMS_RATE = "sms", Rate(100, 1.0)
"""All text messages together: what a bureau's account is let through, whatever the occasion."""
_SMS_LIMITS = (SMS_RATE,)
LATER = frozenset({Refusal.LIMITED, Refusal.ACCOUNT})
"""Refusals that time, or the operator, puts right."""
PEOPLES = frozenset({Refusal.NUMBER, Refusal.UNWANTED})
"""Refusals that lie with the person: no such number, or they opted out."""


class SmsDeliverer:
    """By text message to the phone that the person has at this moment; content: `template` and `parameters`."""

    takes_key = True

    async def deliver(self, letter: Letter) -> Taken:
        """Hand a message to the carrier.

        Raises `NotNow`, `Uncertain`, `Never`.
        """
        phone = await _phone(letter)
        if phone is None:
            raise Never("no_phone")
        await pace.slots(_SMS_LIMITS, outbox.Channel.SMS, SMS_ACCOUNT, "")
        request = SmsRequest(
            message_id=letter.key,
            phone=phone,
            template=letter.content["template"],
            parameters=letter.content["parameters"],
            first=letter.first,
        )
        try:
            reply = await sms().send(request)
        except GatewayUnavailable as error:
            raise NotNow(error.reason) from error
        except GatewayError as error:
            raise Uncertain(error.reason) from error
        if reply.accepted:
            return Taken(reply.carrier_id or None)
        refusal = reply.refusal or Refusal.OTHER
        if refusal in LATER:
            raise NotNow(refusal)
        raise Never(refusal, Failure.PERMANENT if refusal in PEOPLES else Failure.TECHNICAL)

    async def arrived(self, letter: Letter, day: date) -> bool | None:
        """Whether a message taken on this day has reached the phone; None while the carrier does not say."""
        phone = await _phone(letter)
        if phone is None:
            return None
        try:
            state = await sms().delivery(letter.key, phone, day)
        except GatewayError:
            return None
        return None if state in (None, DeliveryState.ON_ITS_WAY) else state is DeliveryState.DELIVERED


async def _phone(letter: Letter) -> str | None:
    async with transaction() as session:
        person = await session.get(Person, letter.person_id) if letter.person_id else None
        return person.phone if person else None


def _marks(letter: Letter) -> dict[str, bool]:
    return {PRIVATE: True} if letter.content.get("private") else {}


class ConversationDeliverer:
    """Into a chat, as a message of the assistant; content: `text`, perhaps `buttons`, and whether it is `private`.

    While the chat waits for a human or is with one, nobody talks in between.
    """

    takes_key = True

    async def deliver(self, letter: Letter) -> Taken:
        """Store the message in the conversation under the outbox's own id, which makes a repeat harmless.

        Raises `NotNow`, `Never`.
        """
        conversation_id = letter.conversation_id
        if conversation_id is None:
            raise Never("no_conversation", Failure.TECHNICAL)
        async with transaction() as session:
            conversation = await repository.get(session, conversation_id, lock=True)
            if conversation is None:
                raise Never("conversation_gone")
            if await session.get(Message, letter.id) is not None:
                return Taken(delivered=True)
            if conversation.state in (State.WAITING_FOR_AGENT, State.WITH_AGENT):
                raise NotNow("with_agent")
            said = Message(
                id=letter.id,
                author=Author.BOT,
                text=letter.content["text"],
                payload={"buttons": letter.content.get("buttons", []), **_marks(letter)},
            )
            await repository.add_outbound(session, conversation_id, [said])
        return Taken(delivered=True)

    async def arrived(self, letter: Letter, day: date) -> bool | None:
        """A message in the chat has arrived when it is taken."""
        return None

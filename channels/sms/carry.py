"""Carrying a chat of the web over to text messages: to the phone that its holder proved in this very conversation."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation import handoff
from channels.delivery import SMS_ACCOUNT
from channels.sms import wording
from hub import audit
from hub.accounts import identities
from hub.accounts.looks import person_subject
from hub.accounts.models import Person
from hub.accounts.people import principal_of
from hub.accounts.sessions import IN_CHAT
from hub.kit.db import transaction
from hub.kit.errors import Conflict, Forbidden
from services.gateways.sms import wishes

CHANNEL = "sms"


class PhoneNotVerified(Forbidden):
    """Nobody proved a phone in this conversation, or that was too long ago."""

    code = "phone_not_verified"
    message = wording.NO_PHONE


class PhoneOptedOut(Conflict):
    """The holder of the phone wants no text messages of ours."""

    code = "phone_opted_out"


async def to_phone(conversation_id: UUID) -> str:
    """Let a conversation go on by text message, which its holder agreed to; the last four digits of the phone.

    One message says how to go on, in the chat and to the phone. Where it goes on there already, nothing happens.
    Raises `ConversationNotFound`, `PhoneNotVerified`, `PhoneOptedOut`.
    """
    async with transaction() as session:
        person = await _person(session, conversation_id)
        phone = person.phone
        assert phone is not None, "whoever has none was refused"
        tail = phone[-4:]
        wish = await wishes.of(session, phone)
        if wish is not None and wish.opted_out:
            raise PhoneOptedOut(wording.PHONE_OPTED_OUT.format(tail=tail))
        # the identity before the conversation, as for whoever writes: nobody waits in a circle
        identity = await identities.heard(session, CHANNEL, SMS_ACCOUNT, phone, address=phone)
        conversation = await handoff.locked(session, conversation_id)
        if (conversation.door_id, identity.conversation_id) == (identity.id, conversation_id):
            return tail
        await identities.move(session, identity.id, conversation_id)
        conversation.door_id = identity.id
        await session.flush()
        await handoff.announce(session, conversation_id, wording.CARRIED.format(tail=tail), carried=CHANNEL)
        await audit.record(
            session, person_subject(person.id), "conversation.carry", str(conversation_id),
            to=CHANNEL, agreed=wording.CONSENT, version=wording.CONSENT_VERSION,
        )  # fmt: skip
    return tail


async def _person(session: AsyncSession, conversation_id: UUID) -> Person:
    """Whoever proved their phone in the conversation.

    Raises `PhoneNotVerified`.
    """
    principal = await principal_of(session, f"{IN_CHAT}{conversation_id}")
    person = await session.get(Person, principal.person_id) if principal else None
    if person is None or person.phone is None:
        raise PhoneNotVerified
    return person

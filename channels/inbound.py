"""From a decoded message to a stored one: whose it is, whether it is new, what its number means, in one transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation import repository as conversations
from bot.conversation.models import Conversation, Message, State
from bot.conversation.schemas import MAX_TEXT
from bot.conversation.service import CONFIRMATION, ConversationService
from channels import attachments, choices, repository, wording
from channels.base import Button, Channel, Gone, InboundMessage, Malformed, Pressed, Receipt
from hub import outbox
from hub.accounts import identities, sessions
from hub.accounts.models import ChannelIdentity
from hub.kit.db import transaction

LONGEST_NAME = 256
LONGEST_TITLE = 60


@dataclass(frozen=True, slots=True)
class Stored:
    """A message that is ours; `fresh` is False when it came before."""

    conversation_id: UUID
    message_id: UUID
    fresh: bool


async def take(
    service: ConversationService, channel: Channel, message: InboundMessage, hold_until: datetime | None = None
) -> Stored:
    """Store a message once, in the conversation that its sender is in; the answer is not pushed before `hold_until`.

    Raises `Malformed` when it names nobody or nothing.
    """
    if not (0 < len(message.sender) <= LONGEST_NAME and message.external_id and len(message.account) <= 64):
        raise Malformed
    key = door_key(message)
    async with transaction() as session:
        identity = await identities.heard(
            session, channel.name, message.account, message.sender,
            address=message.address or message.sender, in_group=message.group, strength=channel.capabilities.strength,
        )  # fmt: skip
        # whoever writes twice at once stands in line at their identity, so that a repeat finds the first
        known = await conversations.message_by_door_key(session, key)
        if known is not None:
            return Stored(known.conversation_id, known.id, fresh=False)
        conversation = await _conversation(session, identity)
        await _recognised(session, identity, conversation)
        if hold_until is None:
            await outbox.hurry(session, outbox.door(channel.name), conversation.id)
        text, carried = await _said(session, channel, conversation, message)
        carried["address"] = identities.as_address(identity)
        carried["by"] = channel.name
        if hold_until is not None:
            carried["hold_until"] = hold_until.isoformat()
        message_id = await service.take(session, conversation.id, text, key, carried, door_id=identity.id)
    return Stored(conversation.id, message_id, fresh=True)


def door_key(message: InboundMessage) -> str:
    """Under what a message is known, whichever conversation it comes into; nobody's name can be read in it."""
    whole = "\n".join((message.channel, message.account, message.external_id))
    return f"door:{hashlib.sha256(whole.encode('utf-8', 'replace')).hexdigest()}"


async def fetches(channel: Channel, message: InboundMessage) -> UUID | None:
    """The conversation of somebody who wants what waits for them, where nothing may be pushed.

    None when they say something else, or nothing is on its way: then the word is for the bot.
    """
    if not channel.capabilities.fetched or message.text.strip(" 。.!！") != wording.GO_ON:
        return None
    async with transaction() as session:
        identity = await identities.heard(
            session, channel.name, message.account, message.sender,
            address=message.address or message.sender, in_group=message.group, strength=channel.capabilities.strength,
        )  # fmt: skip
        if identity.conversation_id is None:
            return None
        _, unanswered = await conversations.unprocessed(session, identity.conversation_id)
        waiting = await outbox.waits(session, outbox.door(channel.name), identity.conversation_id)
        return identity.conversation_id if unanswered or waiting else None


async def push_waiting(channel: Channel, conversation_id: UUID) -> None:
    """What waits for somebody who has just written goes now: nobody takes it along in a response any more."""
    async with transaction() as session:
        await outbox.hurry(session, outbox.door(channel.name), conversation_id)


async def _conversation(session: AsyncSession, identity: ChannelIdentity) -> Conversation:
    """The talk that goes on with somebody, or a new one when there is none or it was erased."""
    if identity.conversation_id is not None:
        found = await conversations.get(session, identity.conversation_id)
        if found is not None:
            return found
    conversation = Conversation(channel=identity.channel, account=identity.account)
    session.add(conversation)
    await session.flush()
    await identities.move(session, identity.id, conversation.id)
    return conversation


async def _recognised(session: AsyncSession, identity: ChannelIdentity, conversation: Conversation) -> None:
    """Whoever linked this channel is signed in by writing here.

    Not in a talk that was carried over from elsewhere: there somebody else may still hold its other end.
    """
    if identity.person_id is None or identity.in_group or conversation.channel != identity.channel:
        return
    subject = sessions.subject_of(conversation.id)
    if await sessions.alive(session, subject) is None:
        strength = identities.strength_of(identity, identity.person_id)
        await sessions.begin(session, subject, identity.person_id, strength)


async def _said(
    session: AsyncSession, channel: Channel, conversation: Conversation, message: InboundMessage
) -> tuple[str, dict[str, Any]]:
    """The words of a message, and what it carries beside them."""
    carried: dict[str, Any] = {}
    text = _storable(message.text)
    if message.group:
        carried["open"] = True
    if message.pressed is not None:
        button = await _pressed(session, conversation.id, message.pressed)
        if button is None:
            return text or wording.PRESSED, carried | {"notice": wording.BUTTON_GONE}
        text, carried["payload"] = button.title, button.payload
    elif message.payload:
        carried["payload"] = _storable(message.payload)
    elif button := await _meant(session, channel, conversation, text):
        text, carried["payload"] = button.title, button.payload
    kept, _ = attachments.accepted(message)
    if kept:
        carried["attachments"] = attachments.as_payload(kept, channel.name)
    if message.notice:
        carried[CONFIRMATION] = message.notice
    elif notice := attachments.notice(message):
        carried["notice"] = notice
    if not text and message.kind is not None:
        text = wording.label(message.kind)
    return text, carried


async def _meant(session: AsyncSession, channel: Channel, conversation: Conversation, text: str) -> Button | None:
    """The button that words mean: its number or letter where buttons are shown so, or its title.

    Only of what was offered since the person spoke last; who waits for a human may press what they were offered then,
    whatever they wrote meanwhile.
    """
    if not 0 < len(text) <= LONGEST_TITLE:
        return None
    said = await conversations.said_since_heard(session, conversation.id)
    if conversation.state == State.WAITING_FOR_AGENT and not said:
        said = await conversations.recent_outbound(session, conversation.id)
    offer = choices.newest_offer([one.payload for one in said])
    if offer is None:
        return None
    numbered = None if channel.capabilities.buttons else choices.chosen(offer, text, channel.capabilities.choices)
    return numbered or choices.titled(offer, text)


async def _pressed(session: AsyncSession, conversation_id: UUID, pressed: Pressed) -> Button | None:
    """The button of one of our messages in this conversation; None when there is none, or not any more."""
    content = await outbox.content_of(session, pressed.message)
    if content is None:
        return None
    said = await session.get(Message, UUID(content["message"]))
    if said is None or said.conversation_id != conversation_id:
        return None
    offered = choices.buttons_of(said.payload)
    return offered[pressed.place] if 0 <= pressed.place < len(offered) else None


def _storable(text: str) -> str:
    """What people can read of a text, and not more of it than a conversation takes."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")[:MAX_TEXT].strip()


async def reported(channel: Channel, receipt: Receipt) -> bool:
    """Write down what a party reports of a message of ours; False when it is none that waits for it."""
    async with transaction() as session:
        part = await repository.part_of(session, channel.name, receipt.party_id)
        if part is None or (receipt.delivered and not part.last):
            return False
        return await outbox.receipt(
            session, part.outbox_id, delivered=receipt.delivered, reason=receipt.reason, failure=receipt.failure,
            ways=(outbox.door(channel.name), channel.name),
        )  # fmt: skip


async def left(channel: Channel, gone: Gone) -> None:
    """Somebody wants to hear nothing until they write again."""
    async with transaction() as session:
        await identities.gone(session, channel.name, gone.account, gone.sender)

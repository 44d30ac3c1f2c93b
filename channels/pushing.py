"""Bringing messages of conversations out through a door: the way of the outbox that each channel is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation.models import Message
from bot.dialogue.replies import PRIVATE, private
from channels import pace, repository, wording
from channels.base import Blocked, Channel, Part, Target
from channels.rendering import render
from hub.accounts import identities, sessions
from hub.accounts.models import ChannelIdentity, Strength
from hub.accounts.sessions import Proved
from hub.kit import clock
from hub.kit.db import transaction
from hub.outbox.letters import Letter, Never, NotNow, Probes, Taken
from hub.outbox.models import Content, Failure
from hub.settings import get_settings
from services.registry import skill_by_name

ANYBODY = Proved(None, Strength.CHAT)
"""Where nobody proved anything, or nothing is personal."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message made ready for one person."""

    identity: ChannelIdentity
    parts: Sequence[Part]
    sent: int
    """how many of the parts went out before"""
    offers: bool
    """whether it offers choices, which no other message may come after in one part"""


async def parcel(channel: Channel, outbox_id: UUID, content: Content) -> Parcel:
    """What is to be sent of a message now.

    Raises `Never` when it is gone, or whom it was for.
    """
    async with transaction() as session:
        message = await session.get(Message, UUID(content["message"]))
        identity = await identities.get(session, UUID(content["identity"]))
        sent = await repository.parts_sent(session, outbox_id)
        proved = await _proved(session, message) if message else ANYBODY
    if message is None or identity is None:
        raise Never("erased")
    ready = rendered(channel, message, identity, proved)
    parts = [replace(part, key=f"{outbox_id}-{number}", message=outbox_id) for number, part in enumerate(ready)]
    return Parcel(identity, parts, len(sent), bool(message.payload.get("buttons")))


async def _proved(session: AsyncSession, message: Message) -> Proved:
    """Who proved to be whom in the talk of a message: asked only where something in it is personal."""
    if not _private(message.payload):
        return ANYBODY
    return await sessions.proved(session, sessions.subject_of(message.conversation_id))


def rendered(
    channel: Channel, message: Message, identity: ChannelIdentity, proved: Proved = ANYBODY
) -> list[Part]:  # fmt: skip
    """A message as its parts for one person; personal data go by no way weaker than that of the proof."""
    weak = identities.strength_of(identity, proved.person_id) < proved.needed
    if weak and _private(message.payload):
        return render(wording.PRIVATE_ELSEWHERE + _link_to_see(channel, identity), {}, channel.capabilities)
    return render(message.text + _link_hint(channel, message.payload), message.payload, channel.capabilities)


def _link_to_see(channel: Channel, identity: ChannelIdentity) -> str:
    """Where linking the channel would let it be shown."""
    page = _link_page(channel) if not identity.in_group else ""
    return wording.LINK_TO_SEE.format(address=page) if page else ""


def _link_page(channel: Channel) -> str:
    page, public = channel.capabilities.link_page, get_settings().public_url.rstrip("/")
    return public + page if page and public else ""


def _link_hint(channel: Channel, payload: Mapping[str, Any]) -> str:
    """Where somebody is asked to sign in: that they need not, once they have linked this channel."""
    asked = (payload.get("skill"), payload.get("awaits")) == ("sign_in", "phone")
    page = _link_page(channel) if asked else ""
    return f"\n{wording.LINK_INSTEAD.format(address=page)}" if page else ""


def _private(payload: Mapping[str, Any]) -> bool:
    """Whether it is marked, or belongs to a form that is filled in for a taxpayer."""
    name = payload.get("skill")
    if payload.get(PRIVATE) or not name:
        return bool(payload.get(PRIVATE))
    try:
        return bool(private(skill_by_name(str(name))))
    except LookupError:
        return True  # what is no longer offered here may have been done for somebody


class DoorDeliverer:
    """The way of the outbox through one channel; content: ids of the `message` and of the channel `identity`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.takes_key = channel.capabilities.takes_key

    async def deliver(self, letter: Letter) -> Taken:
        """Hand over the parts that have not gone out yet, one by one.

        Raises what `Deliverer.deliver` raises; parts that went out before are not sent again.
        """
        channel = self._channel
        ready = await parcel(channel, letter.id, letter.content)
        identity = ready.identity
        target = Target(identity.account, identity.address, identity.in_group)
        party_id = None
        for number, part in list(enumerate(ready.parts))[ready.sent :]:
            await self._may_write(identity.id)
            await pace.wait(channel, identity)
            try:
                party_id = await channel.send(target, part)
            except Blocked:
                async with transaction() as session:
                    await identities.blocked(session, identity.id)
                raise
            async with transaction() as session:
                await repository.part_sent(
                    session, letter.id, number, channel=channel.name, account=identity.account,
                    party_id=party_id, last=number == len(ready.parts) - 1,
                )  # fmt: skip
                await identities.pushed(session, identity.id)
        return Taken(party_id)

    async def probe(self) -> bool:
        """Whether the party answers at all; see `Probes`."""
        return await self._channel.probe() if isinstance(self._channel, Probes) else True

    async def _may_write(self, identity_id: UUID) -> None:
        """Let pass while the person wants to hear from us and the party lets us write to them.

        Raises `Blocked`, `Never`, `NotNow`.
        """
        limits = self._channel.capabilities
        async with transaction() as session:
            identity = await identities.get(session, identity_id)
        if identity is None:
            raise Never("erased")
        if identity.blocked_at is not None:
            raise Blocked
        if limits.reply_window and clock.now() - identity.heard_at > limits.reply_window:
            raise Never("reply_window_over", Failure.PERMANENT)
        if limits.window_messages is not None and identity.pushed >= limits.window_messages:
            # their next message opens it again, and has the line looked after at once
            raise NotNow("reply_window_full")

    async def arrived(self, letter: Letter, day: date) -> bool | None:
        """Parties report by themselves, or not at all."""
        return None

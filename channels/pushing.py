"""Bringing messages of conversations out through a door: the way of the outbox that each channel is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from bot.conversation.models import Message
from channels import pace, repository, wording
from channels.base import Blocked, Channel, Part, Target
from channels.rendering import render
from hub.accounts import identities
from hub.accounts.models import ChannelIdentity
from hub.kit import clock
from hub.kit.db import transaction
from hub.outbox.letters import Letter, Never, NotNow, Taken
from hub.outbox.models import Content, Failure

PRIVATE = "private"
"""Mark in the payload of a message with personal data, which goes through no weak door and into no group."""


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
    if message is None or identity is None:
        raise Never("erased")
    rendered = _rendered(channel, message, identity)
    parts = [replace(part, key=f"{outbox_id}-{number}", message=outbox_id) for number, part in enumerate(rendered)]
    return Parcel(identity, parts, len(sent), bool(message.payload.get("buttons")))


def _rendered(channel: Channel, message: Message, identity: ChannelIdentity) -> list[Part]:
    weak = identity.in_group or not channel.capabilities.strong
    if weak and message.payload.get(PRIVATE):
        return render(wording.PRIVATE_ELSEWHERE, {}, channel.capabilities)
    return render(message.text, message.payload, channel.capabilities)


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

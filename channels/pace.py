"""Keeping to a party's rates, for all processes together."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from channels import repository
from channels.base import Channel
from hub.accounts.identities import hash_of
from hub.accounts.models import ChannelIdentity
from hub.kit.db import transaction
from hub.outbox.letters import NotNow

PATIENCE = timedelta(seconds=2)
"""How long a sender stands and waits; for longer waits the message goes back to the outbox."""
COME_BACK = timedelta(seconds=2)


async def wait(channel: Channel, identity: ChannelIdentity) -> None:
    """Return when one more message may go.

    Raises `NotNow` when that is not soon.
    """
    longest = timedelta()
    chat = f"{channel.name}:{hash_of(channel.name, identity.account, identity.address.partition('/')[0])}"
    async with transaction() as session:
        # the narrowest first: what it refuses has taken no slot of the wider ones
        for rate in sorted(channel.capabilities.rates, key=lambda one: one.per == "account"):
            if rate.per == "group" and not identity.in_group:
                continue
            whose = chat if rate.per != "account" else f"{channel.name}:{identity.account}"
            # half of the rate at once and the other half spread: never more than the rate in any stretch of its length
            at_once = rate.count // 2
            every = timedelta(seconds=rate.seconds / (rate.count - at_once))
            burst = every * max(0, at_once - 1)
            slot = await repository.take_slot(
                session, f"{whose}/{rate.per}/{rate.seconds:g}", every=every, burst=burst, patience=PATIENCE
            )
            if slot is None:
                await session.rollback()
                raise NotNow("paced", COME_BACK)
            longest = max(longest, slot)
    await asyncio.sleep(longest.total_seconds())

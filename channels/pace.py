"""Keeping to a party's rates, for all processes together."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Sequence
from datetime import timedelta

from channels import repository
from channels.base import Channel, Rate
from hub.accounts.identities import hash_of
from hub.accounts.models import ChannelIdentity
from hub.kit.db import transaction
from hub.outbox.letters import NotNow

PATIENCE = timedelta(seconds=2)
"""How long a sender stands and waits; for longer waits the message goes back to the outbox."""
COME_BACK = timedelta(seconds=2)


async def wait(channel: Channel, identity: ChannelIdentity) -> None:
    """Return when one more message may go to somebody.

    Raises `NotNow` when that is not soon.
    """
    chat = identity.address.partition("/")[0]
    await slots(channel.capabilities.rates, channel.name, identity.account, chat, group=identity.in_group)


async def slots(rates: Sequence[Rate], name: str, account: str, address: str, *, group: bool = False) -> None:
    """Return when one more message may go through a way of this name to an address.

    Raises `NotNow` when that is not soon.
    """
    longest = timedelta()
    chat = f"{name}:{hash_of(name, account, address)}"
    async with transaction() as session:
        # the narrowest first: what it refuses has taken no slot of the wider ones
        for rate in sorted(rates, key=lambda one: one.per == "account"):
            if rate.per == "group" and not group:
                continue
            whose = chat if rate.per != "account" else f"{name}:{account}"
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
    await sleep(longest.total_seconds())

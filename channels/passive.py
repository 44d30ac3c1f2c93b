"""Answers that leave in the response to the party's call: taken over from the outbox, and settled when they are out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from channels import repository, wording
from channels.base import Channel, Part
from channels.pushing import Parcel, parcel
from channels.splitting import length
from hub import outbox
from hub.kit.db import transaction
from hub.outbox.letters import Never
from hub.outbox.models import OutboxMessage

LEASE = timedelta(seconds=30)
"""How long an answer may be on its way before it counts as interrupted, and is pushed once more."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One part for the response. `whole` are the messages that it carries to their end, with their attempts.

    `begun` is the one of which it carries only the next part.
    """

    channel: str
    account: str
    part: Part
    whole: dict[UUID, int]
    begun: tuple[UUID, int, int] | None

    async def gone_out(self) -> None:
        """The response is on its way: what it carried is brought out, and the rest of it is pushed."""
        async with transaction() as session:
            await outbox.brought(session, self.whole)
            if self.begun is not None:
                outbox_id, attempt, number = self.begun
                await repository.part_sent(
                    session, outbox_id, number, channel=self.channel, account=self.account, party_id=None, last=False
                )
                await outbox.give_back(session, {outbox_id: attempt})

    async def give_back(self) -> None:
        """It is too late for the response: everything is pushed."""
        begun = {self.begun[0]: self.begun[1]} if self.begun else {}
        async with transaction() as session:
            await outbox.give_back(session, self.whole | begun)


async def take_along(channel: Channel, conversation_id: UUID) -> Answered | None:
    """As much of what waits for somebody as fits into one part, in order; None when nothing waits any more."""
    async with transaction() as session:
        line = await outbox.take_over(session, outbox.door(channel.name), conversation_id, LEASE)
    if not line:
        return None
    ready = await _ready(channel, line[0])
    if ready is None:
        await _release(line)
        return None
    number, part = ready.sent, ready.parts[ready.sent]
    whole: dict[UUID, int] = {}
    begun = None
    used = 1
    if number < len(ready.parts) - 1:
        begun = (line[0].id, line[0].attempts, number)
    else:
        whole[line[0].id] = line[0].attempts
        while not (ready.offers or part.buttons) and used < len(line):
            following = await _ready(channel, line[used])
            joined = _joined(channel, part, following)
            if following is None or joined is None:
                break
            ready, part = following, joined
            whole[line[used].id] = line[used].attempts
            used += 1
    await _release(line[used:])
    if channel.capabilities.fetched and (begun is not None or used < len(line)):
        part = replace(part, text=f"{part.text}\n{wording.MORE_WAITS}")
    return Answered(channel.name, ready.identity.account, part, whole, begun)


async def _ready(channel: Channel, row: OutboxMessage) -> Parcel | None:
    """A message made ready; None when it is gone, or when all of it went out: the outbox settles such."""
    try:
        ready = await parcel(channel, row.id, row.content)
    except Never:
        return None
    return ready if ready.sent < len(ready.parts) else None


def _joined(channel: Channel, part: Part, following: Parcel | None) -> Part | None:
    """Both in one part, if what follows is whole and there is room for it."""
    if following is None or following.sent or len(following.parts) > 1 or following.parts[0].buttons:
        return None
    text = f"{part.text}\n\n{following.parts[0].text}"
    limits = channel.capabilities
    return Part(text, (), part.markdown, part.key) if length(text, limits.unit) <= limits.text_limit else None


async def _release(rows: Sequence[OutboxMessage]) -> None:
    if rows:
        async with transaction() as session:
            await outbox.give_back(session, {row.id: row.attempts for row in rows})

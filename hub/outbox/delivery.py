"""Bringing messages out: claimed, prepared, handed over, settled, each in a short transaction of its own.

A process may die at any line. Until the message is handed over nothing has happened, and the next one begins anew.
After that nobody knows: where the other side takes a key, the same content goes again under the same key; elsewhere it
goes once more and never again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.logging import get_logger
from hub.outbox import jobs, repository
from hub.outbox.letters import Deliverer, DeliveryTrouble, Letter, Never, NotNow, Preparer, Probes, Taken, Uncertain
from hub.outbox.models import Content, Failure, OutboxMessage, State
from hub.outbox.otherwise import go_otherwise
from hub.outbox.quiet import in_peace
from hub.outbox.service import receipt

log = get_logger(__name__)

LONGEST_ATTEMPT = timedelta(minutes=2)
PRESUMED_DEAD_AFTER = timedelta(minutes=5)
FORGOTTEN_AFTER = timedelta(minutes=1)
SWEPT_AT_ONCE = 100
FOLLOWED_FOR = timedelta(days=2)
LOOKED_AT_EVERY = timedelta(minutes=10)
CLOCKS_DIFFER_BY = timedelta(seconds=2)
BEHIND = timedelta(seconds=1)
PAUSES = tuple(timedelta(seconds=s) for s in (15, 60, 300, 900, 1800, 3600))
"""How long to wait after the first, second … attempt; the last one counts for all after it."""


class Delivery:
    """Delivers by the given ways; preparers are found by topic, a topic without one is sent as stored."""

    def __init__(self, deliverers: Mapping[str, Deliverer], preparers: Mapping[str, Preparer]) -> None:
        self._deliverers = deliverers
        self._preparers = preparers

    async def deliver(self, message_id: UUID) -> None:
        """Do what is to be done about a message now, if anything; trouble is written down, not raised."""
        row = await self._claim(message_id)
        if row is None:
            return
        try:
            async with asyncio.timeout(LONGEST_ATTEMPT.total_seconds()):
                letter = await self._prepared(row)
        except DeliveryTrouble as trouble:
            await self._not_taken(row, trouble)
        except Exception as error:
            log.warning("outbox_not_prepared", topic=row.topic, error=type(error).__name__)
            await self._not_taken(row, NotNow("not_prepared"))
        else:
            if letter is None:
                await self._not_wanted(row)
            else:
                await self._send(row, letter)

    async def sweep(self) -> int:
        """Look after messages whose job or process is gone; how many there were."""
        async with transaction() as session:
            forgotten = await repository.overdue(session, clock.now() - FORGOTTEN_AFTER, SWEPT_AT_ONCE)
        for message_id in forgotten:
            try:
                await self.deliver(message_id)
            except Exception as error:
                # one that cannot be read must not stop those behind it
                log.error("outbox_not_swept", message=str(message_id), error=type(error).__name__)
        return len(forgotten)

    async def follow(self) -> int:
        """Ask what became of messages that were taken in the last days; of how many it is known now."""
        now, known = clock.now(), 0
        async with transaction() as session:
            rows = await repository.followed(
                session, sent_after=now - FOLLOWED_FOR, looked_before=now - LOOKED_AT_EVERY, limit=SWEPT_AT_ONCE
            )
        for row in rows:
            deliverer = self._deliverers.get(row.channel)
            if deliverer is None or row.sent_at is None:
                continue
            day = row.sent_at.astimezone(clock.SHANGHAI).date()
            try:
                arrived = await deliverer.arrived(_letter(row, row.handed_over or {}), day)
            except Exception as error:
                log.warning("outbox_not_followed", channel=row.channel, error=type(error).__name__)
                arrived = None
            async with transaction() as session:
                if arrived is None:
                    await repository.change_sent(session, row.id)
                else:
                    known += await receipt(
                        session, row.id, delivered=arrived, reason=None if arrived else "undelivered"
                    )
        return known

    async def _claim(self, message_id: UUID) -> OutboxMessage | None:
        """Take the message for one attempt; None when there is nothing to do about it now."""
        now = clock.now()
        async with transaction() as session:
            row = await repository.due(session, message_id, now + CLOCKS_DIFFER_BY)
            if row is None:
                return None
            row.changed_at = now
            if row.state == State.SENDING:
                # whoever held it is dead, or so slow that it must not go on: see `held`
                row.uncertain_ends += row.given
                row.state = State.UNKNOWN if row.uncertain_ends else State.ACCEPTED
                log.warning("outbox_interrupted", message=str(row.id), state=row.state)
            deliverer = self._deliverers.get(row.channel)
            if deliverer is None:
                await _fail(session, row, "no_deliverer", Failure.TECHNICAL)
            elif not _may_repeat(row, deliverer):
                _end(row, State.UNKNOWN, "interrupted_twice")
            elif now >= row.expires_at:
                await _expire(session, row)
            elif (ahead := await repository.held_up_until(session, row)) is not None:
                await _look_again(session, row, max(now, ahead) + BEHIND)
            elif not row.urgent and in_peace(now) > now:
                await _look_again(session, row, in_peace(now))
            else:
                row.state, row.attempts, row.given = State.SENDING, row.attempts + 1, False
                row.due_at = now + PRESUMED_DEAD_AFTER
                return row
            await _next_in_line(session, row)
        return None

    async def _prepared(self, row: OutboxMessage) -> Letter | None:
        prepare = self._preparers.get(row.topic)
        letter = _letter(row, row.content)
        if prepare is None:
            return letter
        content = await prepare(letter)
        return None if content is None else _letter(row, content)

    async def _send(self, row: OutboxMessage, letter: Letter) -> None:
        """Write down what is handed over, hand it over, and write down what came of it."""
        deliverer = self._deliverers[letter.channel]
        if row.uncertain_ends and not deliverer.takes_key and not await _answers(deliverer):
            await self._not_taken(row, NotNow("unreachable"))
            return
        handed = await self._hand_over(row, letter, deliverer)
        if handed is None:
            return
        try:
            async with asyncio.timeout(LONGEST_ATTEMPT.total_seconds()):
                taken = await deliverer.deliver(handed)
        except (NotNow, Never) as trouble:
            await self._not_taken(row, trouble)
        except Uncertain as trouble:
            await self._uncertain(row, trouble.reason)
        except Exception as error:
            log.warning("outbox_uncertain", channel=row.channel, topic=row.topic, error=type(error).__name__)
            await self._uncertain(row, type(error).__name__)
        else:
            await self._taken(row, taken)

    async def _hand_over(self, row: OutboxMessage, letter: Letter, deliverer: Deliverer) -> Letter | None:
        """From here on the attempt may have succeeded; None when the message is not ours any more, or may not go."""
        async with transaction() as session:
            ours = await repository.held(session, row.id, row.attempts)
            if ours is None:
                return None
            content, first = dict(letter.content), ours.attempts == 1
            if ours.uncertain_ends and deliverer.takes_key and ours.handed_over != content:
                if ours.revision:
                    _end(ours, State.UNKNOWN, "changed_twice")
                    await _next_in_line(session, ours)
                    return None
                ours.revision, first = ours.revision + 1, True
            ours.handed_over, ours.given = content, True
            return _letter(ours, content, first=first)

    async def _not_taken(self, row: OutboxMessage, trouble: DeliveryTrouble) -> None:
        """The attempt certainly did nothing; what an earlier one did may still be uncertain."""
        async with transaction() as session:
            ours = await repository.held(session, row.id, row.attempts)
            if ours is None:
                return
            if not isinstance(trouble, Never):
                after = trouble.after if isinstance(trouble, NotNow) else None
                await _try_later(session, ours, trouble.reason, after)
            elif ours.uncertain_ends:
                _end(ours, State.UNKNOWN, trouble.reason)
            else:
                await _fail(session, ours, trouble.reason, trouble.failure)
            await _next_in_line(session, ours)

    async def _uncertain(self, row: OutboxMessage, reason: str) -> None:
        async with transaction() as session:
            ours = await repository.held(session, row.id, row.attempts)
            if ours is None:
                return
            ours.uncertain_ends += 1
            if _may_repeat(ours, self._deliverers[ours.channel]):
                await _try_later(session, ours, reason)
            else:
                _end(ours, State.UNKNOWN, reason)
            await _next_in_line(session, ours)

    async def _not_wanted(self, row: OutboxMessage) -> None:
        async with transaction() as session:
            ours = await repository.held(session, row.id, row.attempts)
            if ours is not None:
                _end(ours, State.UNKNOWN if ours.uncertain_ends else State.CANCELLED, "not_wanted")
                await _next_in_line(session, ours)

    async def _taken(self, row: OutboxMessage, taken: Taken) -> None:
        async with transaction() as session:
            ours = await repository.held(session, row.id, row.attempts)
            if ours is not None:
                _end(ours, State.DELIVERED if taken.delivered else State.SENT)
                ours.carrier_id, ours.sent_at = taken.carrier_id, ours.changed_at
                await _next_in_line(session, ours)
                await jobs.free_waiting(session, ours.channel)
        log.info("outbox_sent", channel=row.channel, topic=row.topic, attempts=row.attempts)


async def _answers(deliverer: Deliverer) -> bool:
    """Whether the other side answers at all, where that can be asked."""
    if not isinstance(deliverer, Probes):
        return True
    try:
        async with asyncio.timeout(LONGEST_ATTEMPT.total_seconds()):
            return await deliverer.probe()
    except Exception as error:
        log.warning("outbox_not_probed", error=type(error).__name__)
        return False


def _letter(row: OutboxMessage, content: Content, *, first: bool = False) -> Letter:
    key = f"{row.id}-{row.revision}" if row.revision else str(row.id)
    return Letter(row.id, key, row.channel, row.topic, row.person_id, row.conversation_id, content, first)


def _may_repeat(row: OutboxMessage, deliverer: Deliverer) -> bool:
    """Whether an attempt whose end is not known may be followed by another: once, unless the other side takes a key."""
    return deliverer.takes_key or row.uncertain_ends <= 1


def _end(row: OutboxMessage, state: State, reason: str | None = None, failure: Failure | None = None) -> None:
    row.state, row.reason, row.failure, row.due_at, row.changed_at = state, reason, failure, None, clock.now()
    if state in (State.FAILED, State.UNKNOWN):
        log.warning("outbox_ended", channel=row.channel, topic=row.topic, state=state, reason=reason, failure=failure)


async def _fail(session: AsyncSession, row: OutboxMessage, reason: str, failure: Failure) -> None:
    if not await go_otherwise(session, row, reason):
        _end(row, State.FAILED, reason, failure)


async def _expire(session: AsyncSession, row: OutboxMessage) -> None:
    if row.uncertain_ends:
        _end(row, State.UNKNOWN, row.reason or "expired")
    elif await go_otherwise(session, row, row.reason or "expired"):
        return
    elif row.reason:
        _end(row, State.FAILED, row.reason, Failure.TEMPORARY)
    else:
        _end(row, State.CANCELLED, "expired")


async def _try_later(session: AsyncSession, row: OutboxMessage, reason: str, after: timedelta | None = None) -> None:
    """Have it tried again after a pause, in the daytime unless it is urgent; or never, when it expires before that."""
    row.reason, row.changed_at = reason, clock.now()
    at = clock.now() + (after or PAUSES[min(row.attempts, len(PAUSES)) - 1])
    at = at if row.urgent else in_peace(at)
    if at >= row.expires_at:
        await _expire(session, row)
        return
    row.state = State.UNKNOWN if row.uncertain_ends else State.ACCEPTED
    await _look_again(session, row, at)


async def _next_in_line(session: AsyncSession, row: OutboxMessage) -> None:
    """When nothing more is to be done about a message, it is the turn of the one behind it."""
    if row.place is not None and row.conversation_id is not None and row.due_at is None:
        await session.flush()
        await jobs.free_line(session, row.channel, row.conversation_id)


async def _look_again(session: AsyncSession, row: OutboxMessage, at: datetime) -> None:
    row.due_at = at
    await jobs.enqueue(session, row.id, at)

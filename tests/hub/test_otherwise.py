"""A message with a second way goes it when the first has failed for good, and never by both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from hub import outbox
from hub.kit import clock
from hub.kit.db import transaction
from hub.outbox import Otherwise
from hub.outbox.delivery import Delivery
from hub.outbox.letters import Never, NotNow, Uncertain
from hub.outbox.models import Channel, OutboxMessage, State
from tests.hub.test_outbox import PERSON, Carrier

NOON, NIGHT = datetime(2026, 11, 20, 4, tzinfo=UTC), datetime(2026, 11, 20, 15, tzinfo=UTC)


class Two:
    """A first and a second way."""

    def __init__(self, *answers: object) -> None:
        self.first, self.second = Carrier(takes_key=False, answers=answers), Carrier()
        self._delivery = Delivery({Channel.WECHAT: self.first, Channel.SMS: self.second}, {})

    async def give(self, *, patience: timedelta = timedelta(hours=1)) -> UUID:
        async with transaction() as session:
            return await outbox.add(
                session, channel=Channel.WECHAT, topic="t", content={"n": 1}, dedupe_key="k", person_id=PERSON,
                expires_at=clock.now() + patience,
                otherwise=Otherwise(Channel.SMS, {"n": 2}, clock.now() + timedelta(hours=8)),
            )  # fmt: skip

    async def due(self, message_id: UUID) -> OutboxMessage:
        """Deliver it as if its time had come, as often as there is something to do."""
        for _ in range(6):
            async with transaction() as session:
                await session.execute(
                    update(OutboxMessage)
                    .where(OutboxMessage.id == message_id, OutboxMessage.due_at.is_not(None))
                    .values(due_at=clock.now())
                )
            await self._delivery.deliver(message_id)
        async with transaction() as session:
            return await session.get_one(OutboxMessage, message_id)

    @property
    def went(self) -> tuple[int, int]:
        return len(self.first.received), len(self.second.received)


@pytest.fixture(autouse=True)
def noon(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)


async def test_what_the_first_way_takes_does_not_go_the_second() -> None:
    two = Two()
    row = await two.due(await two.give())
    assert (row.state, row.channel, two.went) == (State.SENT, Channel.WECHAT, (1, 0))


async def test_what_fails_for_good_goes_the_second_way_as_the_same_message() -> None:
    two = Two(Never("not_linked"))
    row = await two.due(await two.give())
    assert (row.state, row.channel, row.instead_of) == (State.SENT, Channel.SMS, Channel.WECHAT)
    assert (two.went, two.second.received) == ((0, 1), [{"n": 2}])


async def test_what_may_have_arrived_does_not_go_twice() -> None:
    two = Two(Uncertain("no_answer"), Uncertain("no_answer"))
    row = await two.due(await two.give())
    assert (row.state, row.channel) == (State.UNKNOWN, Channel.WECHAT)
    assert two.second.received == []


async def test_whoever_has_no_patience_with_the_first_way_goes_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    two = Two(*[NotNow("down")] * 20)
    message_id = await two.give()
    await two.due(message_id)
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(hours=2))
    row = await two.due(message_id)
    assert (row.state, row.channel, two.went) == (State.SENT, Channel.SMS, (0, 1))


async def test_a_receipt_that_it_failed_sends_it_the_second_way_once() -> None:
    two = Two()
    message_id = await two.give()
    await two.due(message_id)
    for _ in range(3):  # WeChat repeats its events
        async with transaction() as session:
            await outbox.receipt(
                session, message_id, delivered=False, reason="user_block", ways=(Channel.WECHAT,)
            )  # fmt: skip
        row = await two.due(message_id)
    assert (row.state, row.channel, two.went) == (State.SENT, Channel.SMS, (1, 1))


async def test_by_night_the_second_way_waits_for_the_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    two = Two()
    message_id = await two.give()
    await two.due(message_id)
    monkeypatch.setattr(clock, "now", lambda: NIGHT)
    async with transaction() as session:
        await session.execute(update(OutboxMessage).values(otherwise=Otherwise(
            Channel.SMS, {"n": 2}, NIGHT + timedelta(hours=20)).stored()))  # fmt: skip
        await outbox.receipt(session, message_id, delivered=False, reason="user_block")
    async with transaction() as session:
        row = await session.get_one(OutboxMessage, message_id)
    assert row.due_at == datetime(2026, 11, 21, 0, tzinfo=UTC)
    assert two.second.received == []


async def test_what_is_no_use_any_more_just_fails() -> None:
    two = Two(Never("not_linked"))
    async with transaction() as session:
        message_id = await outbox.add(
            session, channel=Channel.WECHAT, topic="t", content={}, dedupe_key="k", person_id=PERSON,
            otherwise=Otherwise(Channel.SMS, {}, clock.now() - timedelta(seconds=1)),
        )  # fmt: skip
    row = await two.due(message_id)
    assert (row.state, row.reason, two.went) == (State.FAILED, "not_linked", (0, 0))

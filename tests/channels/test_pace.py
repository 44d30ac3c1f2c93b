"""Rates of a party are kept in every stretch of time, by all processes together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from channels import pace, repository
from channels.base import Capabilities, Channel, Rate
from hub.accounts.models import ChannelIdentity
from hub.kit import clock
from hub.kit.db import transaction
from hub.outbox.letters import NotNow
from tests.channels.hands.hand import Party
from tests.channels.hands.plain import PlainChannel

BEGIN = datetime(2026, 11, 20, 4, tzinfo=UTC)


def paced(*rates: Rate) -> Channel:
    class Paced(PlainChannel):
        capabilities = Capabilities(text_limit=100, rates=rates)

    return Paced(Party())


def somebody(address: str, *, in_group: bool = False) -> ChannelIdentity:
    return ChannelIdentity(channel="plain", account="desk", sender_hash="x", address=address, in_group=in_group)


@pytest.mark.parametrize("rate", [Rate(30, 1.0), Rate(20, 60.0), Rate(1, 1.0), Rate(5, 5.0)])
async def test_never_more_than_the_rate_in_any_stretch(
    empty_database: str, monkeypatch: pytest.MonkeyPatch, rate: Rate
) -> None:
    moment, gone = BEGIN, []
    monkeypatch.setattr(clock, "now", lambda: moment)

    async def slept(seconds: float) -> None:
        nonlocal moment
        moment += timedelta(seconds=seconds)

    monkeypatch.setattr(pace, "sleep", slept)
    channel = paced(rate)
    for _ in range(rate.count * 3 + 2):
        while True:
            try:
                await pace.wait(channel, somebody("ann"))
                break
            except NotNow as trouble:
                moment += trouble.after or timedelta()
        gone.append(moment)
    window = timedelta(seconds=rate.seconds) - timedelta(microseconds=1)
    assert max(sum(begin <= at < begin + window for at in gone) for begin in gone) <= rate.count
    assert gone[-1] - gone[0] <= timedelta(seconds=rate.seconds * 8) + pace.COME_BACK * len(gone)


async def test_groups_have_a_rate_of_their_own_and_people_do_not_wait_for_each_other(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: BEGIN)
    channel = paced(Rate(1, 60.0, "group"), Rate(2, 60.0, "chat"))
    for one in (somebody("ann"), somebody("bob"), somebody("-5/1/7", in_group=True)):
        await pace.wait(channel, one)
    with pytest.raises(NotNow):
        await pace.wait(channel, somebody("-5/2/8", in_group=True))


async def test_a_slot_that_is_refused_is_not_used_up(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: BEGIN)
    every = timedelta(seconds=10)

    async def slot() -> timedelta | None:
        async with transaction() as session:
            return await repository.take_slot(session, "k", every=every, burst=timedelta(), patience=every)

    assert [await slot() for _ in range(4)] == [timedelta(), every, None, None]

"""One-time codes: six digits, five minutes, five attempts, one use; limits that hold across processes."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.accounts import codes, lockouts
from hub.accounts.codes import CodeOutcome, CodeTooSoon, DoorShut, TooManyCodes
from hub.accounts.lockouts import CODE_DOOR
from hub.accounts.models import OneTimeCode
from hub.kit.db import sessions as session_maker
from hub.kit.db import transaction
from tests.hub.accounts.clock_hands import Hands

PHONE, OTHER = "1999999" + "7001", "1999999" + "7002"
CHAT = "conversation:018f"


async def issue(session: AsyncSession, phone: str = PHONE, subject: str = CHAT, address: str = "10.0.0.1") -> str:
    """A fresh code."""
    return (await codes.issue(session, phone, subject=subject, address=address)).code


async def attempt(
    session: AsyncSession, code: str, phone: str = PHONE, subject: str = CHAT, act: str = "act"
) -> CodeOutcome:
    """What comes of typing a code in."""
    return (await codes.check(session, phone, code, subject=subject, act=act)).outcome


def other_than(code: str) -> str:
    """Another code."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_a_code_has_six_digits_is_right_once_and_is_nowhere_readable(session: AsyncSession) -> None:
    code = await issue(session)
    assert re.fullmatch(r"\d{6}", code)
    row = (await session.scalars(select(OneTimeCode))).one()
    stored = " ".join(str(value) for value in vars(row).values())
    assert code not in re.findall(r"(?<![0-9a-f])\d{6}(?![0-9a-f])", stored)
    assert PHONE not in stored
    assert await attempt(session, code) is CodeOutcome.RIGHT
    assert await attempt(session, code, act="a replay") is CodeOutcome.NONE_LEFT


async def test_the_same_act_again_is_right_again_and_says_so(session: AsyncSession) -> None:
    code = await issue(session)
    first = await codes.check(session, PHONE, code, subject=CHAT, act="one")
    again = await codes.check(session, PHONE, code, subject=CHAT, act="one")
    assert (first.outcome, first.repeated) == (CodeOutcome.RIGHT, False)
    assert (again.outcome, again.repeated) == (CodeOutcome.RIGHT, True)
    assert await attempt(session, other_than(code), act="one") is CodeOutcome.NONE_LEFT


async def test_five_minutes(session: AsyncSession, hands: Hands) -> None:
    code = await issue(session)
    hands.move(minutes=4, seconds=59)
    assert await codes.waiting(session, PHONE, subject=CHAT)
    hands.move(seconds=1)
    assert not await codes.waiting(session, PHONE, subject=CHAT)
    assert await attempt(session, code) is CodeOutcome.NONE_LEFT


async def test_five_attempts_and_the_right_one_comes_too_late(session: AsyncSession) -> None:
    code = await issue(session)
    wrong = other_than(code)
    found = [await codes.check(session, PHONE, wrong, subject=CHAT, act=str(n)) for n in range(5)]
    assert [one.attempts_left for one in found] == [4, 3, 2, 1, 0]
    assert found[3].outcome is CodeOutcome.WRONG
    assert found[4].outcome is CodeOutcome.NONE_LEFT
    assert await attempt(session, code) is CodeOutcome.NONE_LEFT


async def test_only_the_newest_code_counts_and_only_where_it_was_asked_for(session: AsyncSession, hands: Hands) -> None:
    first = await issue(session)
    hands.move(seconds=60)
    second = await issue(session)
    if first != second:
        assert await attempt(session, first) is CodeOutcome.WRONG
    assert await attempt(session, second, subject="conversation:other") is CodeOutcome.NONE_LEFT
    assert await attempt(session, second, phone=OTHER) is CodeOutcome.NONE_LEFT
    assert await attempt(session, second) is CodeOutcome.RIGHT


async def test_a_minute_between_codes(session: AsyncSession, hands: Hands) -> None:
    await issue(session)
    hands.move(seconds=45)
    with pytest.raises(CodeTooSoon, match="15秒") as refused:
        await issue(session, subject="conversation:other", address="10.0.0.2")
    assert refused.value.extra["retry_after"] == 15
    hands.move(seconds=15)
    await issue(session)


async def test_a_code_that_did_not_go_out_counts_against_nobody(session: AsyncSession) -> None:
    made = await codes.issue(session, PHONE, subject=CHAT, address="")
    await codes.withdraw(session, made.id)
    await issue(session)


async def test_five_an_hour_and_ten_a_day_for_a_phone_wherever_it_is_asked_from(
    session: AsyncSession, hands: Hands
) -> None:
    for number in range(5):
        await issue(session, subject=f"conversation:{number}", address=f"10.0.1.{number}")
        hands.move(minutes=2)
    with pytest.raises(TooManyCodes) as refused:
        await issue(session, subject="conversation:fresh", address="10.0.2.1")
    assert refused.value.extra["retry_after"] == 50 * 60
    hands.move(minutes=50)
    for number in range(5):
        await issue(session, subject=f"conversation:x{number}", address="10.0.3.1")
        hands.move(hours=1)
    with pytest.raises(TooManyCodes):
        await issue(session, subject="conversation:last", address="10.0.4.1")
    hands.move(hours=18)
    await issue(session, subject="conversation:last", address="10.0.4.1")


async def test_a_conversation_cannot_ring_many_phones(session: AsyncSession) -> None:
    for number in range(5):
        await issue(session, phone=f"1999999710{number}", address=f"10.1.0.{number}")
    with pytest.raises(TooManyCodes):
        await issue(session, phone="1999999" + "7199", address="10.1.0.9")
    await issue(session, phone="1999999" + "7199", subject="conversation:b", address="10.1.0.9")


async def test_an_address_cannot_ring_many_phones(session: AsyncSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes.get_settings(), "codes_per_address_hour", 3)
    for number in range(3):
        await issue(session, phone=f"1999999720{number}", subject="api")
    with pytest.raises(TooManyCodes):
        await issue(session, phone="1999999" + "7299", subject="api")
    await issue(session, phone="1999999" + "7299", subject="api", address="10.0.0.2")


async def test_ten_wrong_codes_in_a_row_shut_the_door_for_half_an_hour(session: AsyncSession, hands: Hands) -> None:
    for _ in range(2):
        code = await issue(session)
        outcomes = [await attempt(session, other_than(code), act=str(n)) for n in range(5)]
        hands.move(minutes=1)
    assert outcomes[-1] is CodeOutcome.SHUT
    with pytest.raises(DoorShut, match="12:31"):
        await issue(session)
    assert await attempt(session, code) is CodeOutcome.SHUT
    hands.move(minutes=29)
    code = await issue(session)
    assert await attempt(session, code) is CodeOutcome.RIGHT
    assert await lockouts.shut_until(session, CODE_DOOR, PHONE) is None


async def test_getting_in_makes_earlier_failures_forgotten(session: AsyncSession, hands: Hands) -> None:
    for _ in range(3):
        code = await issue(session)
        for number in range(4):
            assert await attempt(session, other_than(code), act=str(number)) is CodeOutcome.WRONG
        assert await attempt(session, code) is CodeOutcome.RIGHT
        hands.move(minutes=1)


async def test_two_processes_at_once_send_one_code_and_one_attempt_gets_in(empty_database: str, hands: Hands) -> None:
    async def ask(number: int) -> str:
        try:
            async with session_maker()() as session, session.begin():
                return await issue(session, subject=CHAT, address=f"10.0.0.{number}")
        except CodeTooSoon:
            return "too soon"

    asked = await asyncio.gather(*(ask(number) for number in range(6)))
    [code] = [one for one in asked if one != "too soon"]

    async def use(number: int) -> CodeOutcome:
        async with transaction() as session:
            return await attempt(session, code, act=f"act {number}")

    used = await asyncio.gather(*(use(number) for number in range(6)))
    assert Counter(used) == {CodeOutcome.RIGHT: 1, CodeOutcome.NONE_LEFT: 5}


async def test_wrong_attempts_at_once_are_counted_one_by_one(empty_database: str, hands: Hands) -> None:
    async with transaction() as session:
        code = await issue(session)

    async def guess(number: int) -> CodeOutcome:
        async with transaction() as session:
            return await attempt(session, other_than(code), act=f"act {number}")

    guessed = await asyncio.gather(*(guess(number) for number in range(8)))
    assert Counter(guessed) == {CodeOutcome.WRONG: 4, CodeOutcome.NONE_LEFT: 4}


async def test_old_codes_are_swept(session: AsyncSession, hands: Hands) -> None:
    await issue(session)
    hands.move(hours=25)
    await codes.sweep(session)
    assert (await session.scalars(select(OneTimeCode))).all() == []

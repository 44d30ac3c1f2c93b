"""Messages go out once, whatever dies in between, and never at night."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import procrastinate
import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from hub import outbox
from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.ids import new_id
from hub.outbox import jobs, repository
from hub.outbox.delivery import Delivery
from hub.outbox.letters import Letter, Never, NotNow, Preparer, Taken, Uncertain
from hub.outbox.models import Channel, Content, Failure, OutboxMessage, State
from hub.outbox.quiet import in_peace
from tests.deaths import Died, dying_transaction

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
PERSON = UUID("01930000-0000-7000-8000-000000000001")


class Carrier:
    """The other side: takes letters, counts each key once if it takes keys, or fails as it is told."""

    def __init__(self, *, takes_key: bool = True, answers: tuple[object, ...] = ()) -> None:
        self.takes_key = takes_key
        self.answers = list(answers)
        self.asked: list[str] = []
        self.firsts: list[bool] = []
        self.outcome: bool | None = None
        self.received: list[Mapping[str, Any]] = []
        self._keys: set[str] = set()

    async def deliver(self, letter: Letter) -> Taken:
        self.asked.append(letter.key)
        self.firsts.append(letter.first)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, NotNow | Never):
            raise answer
        if not (self.takes_key and letter.key in self._keys):
            self._keys.add(letter.key)
            self.received.append(letter.content)
        if isinstance(answer, BaseException):
            raise answer
        return Taken("carrier-7")

    async def arrived(self, letter: Letter, day: date) -> bool | None:
        assert (letter.key, day) == (self.asked[-1], date(2026, 11, 20))
        return self.outcome


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.moment = NOON

    def move(self, **by: float) -> None:
        self.moment += timedelta(**by)


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The hands of the clock."""
    hands = Clock()
    monkeypatch.setattr(clock, "now", lambda: hands.moment)
    return hands


async def add(session: AsyncSession, key: str = "occasion", **changes: Any) -> UUID:
    values: dict[str, Any] = {
        "channel": Channel.SMS, "topic": "tests", "content": {"template": "t", "parameters": {"a": "正文"}},
        "dedupe_key": key, "person_id": PERSON,
    }  # fmt: skip
    return await outbox.add(session, **(values | changes))


async def accepted(key: str = "occasion", **changes: Any) -> UUID:
    async with transaction() as session:
        return await add(session, key, **changes)


async def row_of(message_id: UUID) -> OutboxMessage:
    async with transaction() as session:
        return await session.get_one(OutboxMessage, message_id)


async def jobs_waiting() -> list[tuple[str, datetime | None]]:
    async with transaction() as session:
        rows = await session.execute(
            text(
                "select args->>'message_id', scheduled_at from procrastinate_jobs where task_name = :task order by id"
            ),
            {"task": jobs.DELIVER},
        )
        return [(row[0], row[1]) for row in rows]


def by(carrier: Carrier, **preparers: Preparer) -> Delivery:
    return Delivery({Channel.SMS: carrier}, preparers)


async def test_a_message_goes_out_once(empty_database: str, hands: Clock) -> None:
    carrier, message_id = Carrier(), await accepted()
    for _ in range(3):
        await by(carrier).deliver(message_id)
    row = await row_of(message_id)
    assert carrier.asked == [str(message_id)]
    assert (row.state, row.carrier_id, row.attempts, row.due_at) == (State.SENT, "carrier-7", 1, None)


async def test_an_act_that_is_rolled_back_sends_nothing(empty_database: str, hands: Clock) -> None:
    async with transaction() as session:
        await add(session)
        await session.rollback()
    assert await jobs_waiting() == []
    async with transaction() as session:
        assert (await session.scalars(select(OutboxMessage))).all() == []


async def test_the_same_occasion_is_one_message(empty_database: str, hands: Clock) -> None:
    first, again, other = await accepted(), await accepted(content={"text": "别的"}), await accepted("other")
    assert first == again != other
    assert [found for found, _ in await jobs_waiting()] == [str(first), str(other)]


async def test_two_writers_of_one_occasion_make_one_message(empty_database: str, hands: Clock) -> None:
    assert len(set(await asyncio.gather(*(accepted() for _ in range(5))))) == 1
    assert len(await jobs_waiting()) == 1


async def test_two_workers_send_once(empty_database: str, hands: Clock) -> None:
    carrier, message_id = Carrier(takes_key=False), await accepted()
    await asyncio.gather(*(by(carrier).deliver(message_id) for _ in range(5)))
    assert len(carrier.received) == 1


async def test_what_cannot_be_taken_now_is_tried_again_with_growing_pauses(empty_database: str, hands: Clock) -> None:
    carrier, message_id = Carrier(answers=(NotNow("down"), NotNow("down"))), await accepted()
    delivery = by(carrier)
    await delivery.deliver(message_id)
    waiting = await row_of(message_id)
    assert (waiting.state, waiting.reason, waiting.due_at) == (State.ACCEPTED, "down", NOON + timedelta(seconds=15))
    assert (await jobs_waiting())[-1] == (str(message_id), waiting.due_at)
    await delivery.deliver(message_id)
    assert len(carrier.asked) == 1, "not before its time"
    hands.move(seconds=15)
    await delivery.deliver(message_id)
    assert (await row_of(message_id)).due_at == hands.moment + timedelta(seconds=60)
    hands.move(seconds=60)
    await delivery.deliver(message_id)
    assert (await row_of(message_id)).state == State.SENT
    assert len(carrier.received) == 1


async def test_when_somebody_is_back_nobody_waits_for_the_next_pause(empty_database: str, hands: Clock) -> None:
    waiting, limited = await accepted(key="a"), await accepted(key="b")
    away = Carrier(answers=(NotNow("unreachable"),) * 3)
    for pause in (15, 60, 300):
        await by(away).deliver(waiting)
        hands.move(seconds=pause)
    await by(Carrier(answers=(NotNow("unreachable"),))).deliver(waiting)
    await by(Carrier(answers=(NotNow("day_limit", timedelta(hours=1)),))).deliver(limited)
    back = Carrier()
    await by(back).deliver(await accepted(key="c"))
    await by(back).deliver(waiting)
    await by(back).deliver(limited)
    assert [(await row_of(one)).state for one in (waiting, limited)] == [State.SENT, State.ACCEPTED]
    assert len(back.received) == 2


async def test_a_message_that_nobody_takes_fails_when_it_expires(empty_database: str, hands: Clock) -> None:
    carrier = Carrier(answers=(NotNow("down"),) * 9)
    message_id = await accepted(expires_at=NOON + timedelta(minutes=2))
    for _ in range(4):
        await by(carrier).deliver(message_id)
        hands.move(seconds=60)
    row = await row_of(message_id)
    assert (row.state, row.failure, row.reason) == (State.FAILED, Failure.TEMPORARY, "down")


@pytest.mark.parametrize("failure", [Failure.PERMANENT, Failure.TECHNICAL])
async def test_what_can_never_be_taken_fails_at_once(empty_database: str, hands: Clock, failure: Failure) -> None:
    message_id = await accepted()
    await by(Carrier(answers=(Never("no_such_number", failure),))).deliver(message_id)
    row = await row_of(message_id)
    assert (row.state, row.failure, row.reason, row.due_at) == (State.FAILED, failure, "no_such_number", None)


async def test_a_way_that_nobody_serves_is_our_own_fault(empty_database: str, hands: Clock) -> None:
    message_id = await accepted()
    await Delivery({}, {}).deliver(message_id)
    row = await row_of(message_id)
    assert (row.state, row.failure, row.reason) == (State.FAILED, Failure.TECHNICAL, "no_deliverer")


@pytest.mark.parametrize("trouble", [Uncertain("no_answer_in_time"), RuntimeError("bug")])
async def test_no_answer_is_repeated_under_the_same_key(empty_database: str, hands: Clock, trouble: Exception) -> None:
    carrier, message_id = Carrier(answers=(trouble, trouble)), await accepted()
    await by(carrier).deliver(message_id)
    assert (await row_of(message_id)).state == State.UNKNOWN
    for pause in (15, 60):
        hands.move(seconds=pause)
        await by(carrier).deliver(message_id)
    row = await row_of(message_id)
    assert (row.state, row.uncertain_ends) == (State.SENT, 2)
    assert carrier.asked == [str(message_id)] * 3
    assert carrier.firsts == [True, False, False]
    assert len(carrier.received) == 1


async def test_without_a_key_it_is_repeated_once_and_counted(empty_database: str, hands: Clock) -> None:
    carrier = Carrier(takes_key=False, answers=(Uncertain("cut"), Uncertain("cut"), None))
    message_id = await accepted()
    for _ in range(4):
        await by(carrier).deliver(message_id)
        hands.move(minutes=10)
    row = await row_of(message_id)
    assert (row.state, row.uncertain_ends, row.due_at) == (State.UNKNOWN, 2, None)
    assert len(carrier.asked) == 2
    async with transaction() as session:
        assert list(await repository.counts(session, NOON)) == [("sms", "unknown", None, 1, 2)]


async def crash(carrier: Carrier, message_id: UUID) -> None:
    """The process dies while the other side has the letter."""
    carrier.answers.insert(0, asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        await by(carrier).deliver(message_id)


async def test_a_crash_after_the_other_side_has_it_doubles_nothing(empty_database: str, hands: Clock) -> None:
    carrier, message_id = Carrier(), await accepted()
    await crash(carrier, message_id)
    assert (await row_of(message_id)).state == State.SENDING
    assert await by(carrier).sweep() == 0, "it may still be at it"
    hands.move(minutes=7)
    assert await by(carrier).sweep() == 1
    row = await row_of(message_id)
    assert (row.state, row.uncertain_ends, len(carrier.received)) == (State.SENT, 1, 1)


async def test_two_crashes_without_a_key_end_it(empty_database: str, hands: Clock) -> None:
    carrier, message_id = Carrier(takes_key=False), await accepted()
    for _ in range(2):
        await crash(carrier, message_id)
        hands.move(minutes=7)
    await by(carrier).sweep()
    row = await row_of(message_id)
    assert (row.state, row.reason, len(carrier.received)) == (State.UNKNOWN, "interrupted_twice", 2)


async def test_a_crash_before_the_other_side_has_it_is_no_uncertain_end(empty_database: str, hands: Clock) -> None:
    async def dies(letter: Letter) -> Content:
        raise asyncio.CancelledError

    carrier, message_id = Carrier(takes_key=False), await accepted()
    for _ in range(3):
        with pytest.raises(asyncio.CancelledError):
            await by(carrier, tests=dies).deliver(message_id)
        hands.move(minutes=7)
    await by(carrier).sweep()
    row = await row_of(message_id)
    assert (row.state, row.uncertain_ends, len(carrier.received)) == (State.SENT, 0, 1)


@pytest.mark.parametrize("takes_key", [True, False])
@pytest.mark.parametrize("step", range(6))
async def test_death_at_any_step_loses_nothing(
    empty_database: str, hands: Clock, monkeypatch: pytest.MonkeyPatch, step: int, takes_key: bool
) -> None:
    carrier, message_id = Carrier(takes_key=takes_key), await accepted()
    with monkeypatch.context() as broken:
        broken.setattr("hub.outbox.delivery.transaction", dying_transaction(step))
        with pytest.raises(Died):
            await by(carrier).deliver(message_id)
    for _ in range(3):
        hands.move(minutes=7)
        await by(carrier).sweep()
    row = await row_of(message_id)
    assert row.state == State.SENT
    taken_before_death = step == 4
    assert len(carrier.received) == (2 if taken_before_death and not takes_key else 1)
    assert row.uncertain_ends == (step in (3, 4)), "given, and nobody wrote down what came of it"


async def test_who_was_thought_dead_cannot_go_on(empty_database: str, hands: Clock) -> None:
    """A worker that slept through its time finds the message in other hands and sends nothing."""
    carrier, message_id = Carrier(takes_key=False), await accepted()

    async def sleeps(letter: Letter) -> Content:
        hands.move(minutes=7)
        await by(carrier).sweep()
        return letter.content

    await by(carrier, tests=sleeps).deliver(message_id)
    row = await row_of(message_id)
    assert (row.state, row.attempts, len(carrier.received)) == (State.SENT, 2, 1)


async def test_who_was_thought_dead_leaves_the_one_after_alone(empty_database: str, hands: Clock) -> None:
    """The same, while the next attempt has the message at this very moment."""
    carrier, message_id = Carrier(takes_key=False), await accepted()

    async def sleeps(letter: Letter) -> Content:
        hands.move(minutes=7)
        await crash(carrier, message_id)
        return letter.content

    await by(carrier, tests=sleeps).deliver(message_id)
    row = await row_of(message_id)
    assert (row.state, row.attempts, len(carrier.received)) == (State.SENDING, 2, 1)


async def test_a_message_whose_job_is_lost_is_found(empty_database: str, hands: Clock) -> None:
    carrier, message_id = Carrier(), await accepted()
    async with transaction() as session:
        await session.execute(text("delete from procrastinate_jobs"))
    hands.move(minutes=2)
    await by(carrier).sweep()
    assert (await row_of(message_id)).state == State.SENT


async def test_what_is_sent_is_what_is_true_then(empty_database: str, hands: Clock) -> None:
    async def prepare(letter: Letter) -> Content | None:
        return {"text": f"给{letter.content['name']}的最新内容"}

    carrier, message_id = Carrier(), await accepted(content={"name": "您"})
    await by(carrier, tests=prepare).deliver(message_id)
    assert carrier.received == [{"text": "给您的最新内容"}]
    assert (await row_of(message_id)).handed_over == {"text": "给您的最新内容"}


async def test_what_is_not_wanted_any_more_is_not_sent(empty_database: str, hands: Clock) -> None:
    async def prepare(letter: Letter) -> Content | None:
        return None

    carrier, message_id = Carrier(), await accepted()
    await by(carrier, tests=prepare).deliver(message_id)
    assert (await row_of(message_id)).state == State.CANCELLED
    assert carrier.asked == []


@pytest.mark.parametrize("trouble", [NotNow("core_down"), KeyError("bug")])
async def test_what_cannot_be_prepared_waits(empty_database: str, hands: Clock, trouble: Exception) -> None:
    async def prepare(letter: Letter) -> Content | None:
        raise trouble

    carrier, message_id = Carrier(), await accepted()
    await by(carrier, tests=prepare).deliver(message_id)
    row = await row_of(message_id)
    assert (row.state, row.uncertain_ends, carrier.asked) == (State.ACCEPTED, 0, [])
    assert row.due_at == NOON + timedelta(seconds=15)


async def test_a_changed_text_after_an_uncertain_end_goes_under_another_key(empty_database: str, hands: Clock) -> None:
    texts = iter(["甲乙未办", "乙未办", "都办好了吗"])

    async def prepare(letter: Letter) -> Content | None:
        return {"text": next(texts)}

    carrier, message_id = Carrier(answers=(Uncertain("cut"),) * 3), await accepted()
    for _ in range(4):
        await by(carrier, tests=prepare).deliver(message_id)
        hands.move(minutes=6)
    row = await row_of(message_id)
    assert carrier.asked == [str(message_id), f"{message_id}-1"]
    assert carrier.firsts == [True, True]
    assert (row.state, row.reason) == (State.UNKNOWN, "changed_twice")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 11, 20, 13, 59, tzinfo=UTC), datetime(2026, 11, 20, 13, 59, tzinfo=UTC)),
        (datetime(2026, 11, 20, 14, 0, tzinfo=UTC), datetime(2026, 11, 21, 0, 0, tzinfo=UTC)),
        (datetime(2026, 11, 20, 17, 0, tzinfo=UTC), datetime(2026, 11, 21, 0, 0, tzinfo=UTC)),
        (datetime(2026, 11, 20, 23, 59, tzinfo=UTC), datetime(2026, 11, 21, 0, 0, tzinfo=UTC)),
        (datetime(2026, 11, 21, 0, 0, tzinfo=UTC), datetime(2026, 11, 21, 0, 0, tzinfo=UTC)),
    ],
)
def test_nights_are_from_ten_to_eight_in_china(moment: datetime, expected: datetime) -> None:
    assert in_peace(moment) == expected


async def test_nothing_is_sent_at_night_but_what_is_urgent(empty_database: str, hands: Clock) -> None:
    hands.moment = night = datetime(2026, 11, 20, 15, tzinfo=UTC)
    carrier = Carrier()
    can_wait, urgent = await accepted("reminder"), await accepted("code", urgent=True)
    for message_id in (can_wait, urgent):
        await by(carrier).deliver(message_id)
    assert carrier.asked == [str(urgent)]
    assert [at for _, at in await jobs_waiting()] == [in_peace(night), None]
    hands.moment = in_peace(night)
    await by(carrier).deliver(can_wait)
    assert carrier.asked == [str(urgent), str(can_wait)]


async def test_an_attempt_that_would_fall_into_the_night_waits_for_the_morning(
    empty_database: str, hands: Clock
) -> None:
    hands.moment = datetime(2026, 11, 20, 13, 59, 59, tzinfo=UTC)
    message_id = await accepted()
    hands.move(seconds=2)
    carrier = Carrier()
    await by(carrier).deliver(message_id)
    row = await row_of(message_id)
    assert (row.state, row.due_at, carrier.asked) == (State.ACCEPTED, datetime(2026, 11, 21, tzinfo=UTC), [])


async def test_what_nobody_could_send_in_time_is_dropped(empty_database: str, hands: Clock) -> None:
    message_id = await accepted(expires_at=NOON + timedelta(minutes=5))
    hands.move(minutes=6)
    carrier = Carrier()
    await by(carrier).sweep()
    row = await row_of(message_id)
    assert (row.state, row.reason, carrier.asked) == (State.CANCELLED, "expired", [])


async def test_taking_back_works_until_it_is_out(empty_database: str, hands: Clock) -> None:
    early, late, carrier = await accepted("early"), await accepted("late"), Carrier()
    await by(carrier).deliver(late)
    async with transaction() as session:
        assert await outbox.cancel(session, early)
        assert not await outbox.cancel(session, late)
        assert not await outbox.cancel(session, new_id())
    await by(carrier).deliver(early)
    assert carrier.asked == [str(late)]


@pytest.mark.parametrize(("delivered", "state"), [(True, State.DELIVERED), (False, State.FAILED)])
async def test_the_carrier_reports_later(empty_database: str, hands: Clock, delivered: bool, state: State) -> None:
    waiting, sent = await accepted("waiting"), await accepted("sent")
    await by(Carrier()).deliver(sent)
    async with transaction() as session:
        assert not await outbox.receipt(session, waiting, delivered=delivered)
        assert await outbox.receipt(session, sent, delivered=delivered, reason="absent")
        assert not await outbox.receipt(session, sent, delivered=delivered), "a repeat changes nothing"
    assert (await row_of(sent)).state == state


@pytest.mark.parametrize(("outcome", "state"), [(True, State.DELIVERED), (False, State.FAILED), (None, State.SENT)])
async def test_the_carrier_is_asked_what_became_of_it(
    empty_database: str, hands: Clock, outcome: bool | None, state: State
) -> None:
    carrier, message_id = Carrier(), await accepted()
    await by(carrier).deliver(message_id)
    carrier.outcome = outcome
    assert await by(carrier).follow() == 0, "not at once"
    hands.move(minutes=11)
    assert await by(carrier).follow() == (outcome is not None)
    assert (await row_of(message_id)).state == state
    assert await by(carrier).follow() == 0


async def test_nothing_readable_lies_in_the_tables(empty_database: str, hands: Clock) -> None:
    secret = "尾号甲乙丙"
    message_id = await accepted(content={"text": secret})
    await by(Carrier()).deliver(message_id)
    with psycopg.connect(empty_database) as connection:
        for table in ("outbox_message", "procrastinate_jobs"):
            rows = connection.execute(f"select t::text from {table} t").fetchall()
            assert rows
            assert all(secret not in row[0] and secret.encode().hex() not in row[0] for row in rows)


async def test_old_and_forgotten_messages_are_erased(empty_database: str, hands: Clock) -> None:
    sent, waiting = await accepted("sent"), await accepted("waiting")
    await by(Carrier()).deliver(sent)
    async with transaction() as session:
        await repository.erase_before(session, NOON + timedelta(days=1))
        assert list(await session.scalars(select(OutboxMessage.id))) == [waiting]
        await outbox.forget_person(session, PERSON)
        assert list(await session.scalars(select(OutboxMessage.id))) == []


async def test_the_worker_brings_out_what_was_committed(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job, written on the caller's connection, reaches a real worker by its name."""
    carrier = Carrier()
    worker = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=empty_database))

    @worker.task(name=jobs.DELIVER)
    async def deliver(message_id: str) -> None:
        await by(carrier).deliver(UUID(message_id))

    message_id = await accepted(urgent=True)
    async with worker.open_async():
        await worker.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
    assert carrier.asked == [str(message_id)]
    assert (await row_of(message_id)).state == State.SENT


TALK = UUID("01930000-0000-7000-8000-000000000002")


async def in_line(place: int, way: str = "door:plain") -> UUID:
    return await accepted(f"line {way} {place}", channel=way, place=place, conversation_id=TALK, urgent=True)


def doors(carrier: Carrier) -> Delivery:
    return Delivery({"door:plain": carrier, "door:other": carrier}, {})


async def test_a_pause_that_the_other_side_names_is_kept(empty_database: str, hands: Clock) -> None:
    carrier, message_id = Carrier(answers=(NotNow("limited", timedelta(seconds=7)),)), await accepted(urgent=True)
    await by(carrier).deliver(message_id)
    assert (await row_of(message_id)).due_at == NOON + timedelta(seconds=7)
    hands.move(seconds=8)
    await by(carrier).deliver(message_id)
    assert len(carrier.received) == 1


async def test_a_line_goes_in_order_and_lines_do_not_wait_for_each_other(empty_database: str, hands: Clock) -> None:
    second, first, other = await in_line(2), await in_line(1), await in_line(3, "door:other")
    carrier = Carrier(answers=(None, NotNow("away", timedelta(minutes=1))))
    delivery = doors(carrier)
    for message_id in (other, first, second):
        await delivery.deliver(message_id)
    assert carrier.asked == [str(other), str(first)], "the second waits behind the first"
    assert (await row_of(second)).due_at == NOON + timedelta(minutes=1, seconds=1)
    hands.move(minutes=1)
    await delivery.deliver(first)
    assert (await row_of(second)).due_at == hands.moment, "its turn comes with the end of the first"
    await delivery.deliver(second)
    assert carrier.asked[2:] == [str(first), str(second)]


@pytest.mark.parametrize("end", [Never("refused"), Uncertain("lost")])
async def test_no_end_of_a_message_holds_its_line_up(empty_database: str, hands: Clock, end: Exception) -> None:
    first, second = await in_line(1), await in_line(2)
    carrier = Carrier(takes_key=False, answers=(end, end))
    delivery = doors(carrier)
    for _ in range(3):
        await delivery.deliver(first)
        hands.move(hours=1)
    assert (await row_of(first)).due_at is None
    await delivery.deliver(second)
    assert carrier.asked[-1] == str(second)


async def test_two_workers_never_send_two_of_a_line_at_once(empty_database: str, hands: Clock) -> None:
    class Slow(Carrier):
        busy = 0

        async def deliver(self, letter: Letter) -> Taken:
            self.busy += 1
            assert self.busy == 1
            await asyncio.sleep(0.05)
            self.busy -= 1
            return await super().deliver(letter)

    carrier, line = Slow(), [await in_line(place) for place in range(5)]
    for _ in range(6):
        hands.move(seconds=2)
        await asyncio.gather(*(doors(carrier).deliver(message_id) for message_id in line))
    assert carrier.asked == [str(message_id) for message_id in line]

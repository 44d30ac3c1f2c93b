"""One day's reminders: who is told of what, written as messages to send; safe to repeat and to interrupt.

The messages are written person by person, each with its notices in one transaction. A second run, or one after a
crash, passes over whoever has a message of this day; a person whose taxpayers could not all be asked is left to the
next run, until it is late in the day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from hub import audit, outbox
from hub.accounts import people
from hub.accounts.models import NoticeWay
from hub.accounts.sessions import conversations_of
from hub.accounts.ways import way_of
from hub.kit import clock
from hub.kit.clock import SHANGHAI
from hub.kit.db import lock, transaction
from hub.kit.logging import get_logger
from hub.outbox import Otherwise
from hub.outbox.models import Channel
from hub.outbox.quiet import EVENING
from services.reminders import repository
from services.reminders.open_things import Thing, open_things
from services.reminders.stages import ONLY_HERE, ReminderChoice, Stage, wanted

log = get_logger(__name__)

TOPIC = "reminder"
MORNING = time(9)
PATIENT_UNTIL = time(15)
"""From then on people are told what is known, even if not all of their taxpayers' files could be read."""
PEOPLE_AT_ONCE = 4
LAST_RUN = time(21, 30)
PATIENCE = timedelta(hours=1)
"""How long the way that somebody chose may take before it is told by text message."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What one person is to be told; `things` is empty when there is nothing."""

    person_id: UUID
    choice: ReminderChoice
    things: Sequence[tuple[Thing, Stage]]
    complete: bool


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run."""

    people: int
    reminded: int
    unanswered: int
    finished: bool


async def run_if_time() -> Run | None:
    """Today's run, as far as it is not done; None before nine, after the last run, and when today is finished."""
    now = clock.now().astimezone(SHANGHAI)
    if not MORNING <= now.time() < EVENING:
        return None
    async with transaction() as session:
        if await repository.is_finished(session, now.date()):
            return None
    return await run(now.date(), patient=now.time() < PATIENT_UNTIL, last=now.time() >= LAST_RUN)


async def run(day: date, *, patient: bool = False, last: bool = True) -> Run:
    """Write the messages of a day for everybody who is to be told of something.

    With `patient`, people of whose taxpayers one did not answer are left to the next run; without `last`, the day is
    finished only when everybody's files could be read.
    """
    async with transaction() as session:
        everybody = await people.people_with_mandates(session)
    reminded = unanswered = 0
    for first in range(0, len(everybody), PEOPLE_AT_ONCE):
        some = everybody[first : first + PEOPLE_AT_ONCE]
        for told, answered in await asyncio.gather(*(_look_after(one, day, patient=patient) for one in some)):
            reminded += told
            unanswered += not answered
    finished = last or not unanswered
    async with transaction() as session:
        if finished:
            await repository.finish(session, day, people=len(everybody), reminded=reminded, unanswered=unanswered)
        if everybody:
            await audit.record(
                session, "worker", "reminders.run", "taxpayers", people=len(everybody), reminded=reminded
            )
    log.info("reminders_run", people=len(everybody), reminded=reminded, unanswered=unanswered, finished=finished)
    return Run(len(everybody), reminded, unanswered, finished)


async def _look_after(person_id: UUID, day: date, *, patient: bool) -> tuple[bool, bool]:
    """Whether a message was written for a person, and whether everything could be read that there is to know."""
    try:
        planned = await plan(person_id, day)
        if planned is None:
            return False, True
        write = planned.things and (planned.complete or not patient)
        return bool(write and await _write(planned, day)), planned.complete
    except Exception as error:
        # trouble with one person must not cost the others their reminder
        log.warning("reminder_postponed", error=type(error).__name__, reason=getattr(error, "reason", None))
        return False, False


async def plan(person_id: UUID, day: date) -> Planned | None:
    """What a person is to be told on a day and has not been told; None when they have a message of this day.

    Raises `GatewayError` when the core system does not say for whom the person may act.
    """
    async with transaction() as session:
        person = await repository.person(session, person_id)
        if person is None or person.resident_id is None or await repository.reminded_on(session, person_id, day):
            return None
        choice = await repository.choice_of(session, person_id)
    found = await open_things(person.resident_id, day)
    concerned = [(thing, stage) for thing in found.things if (stage := thing.stage(day)) and wanted(stage, choice)]
    async with transaction() as session:
        known = set(await repository.noticed(session, person_id, [thing.key for thing, _ in concerned]))
    fresh = [(thing, stage) for thing, stage in concerned if (thing.key, stage) not in known]
    return Planned(person_id, choice, fresh, found.complete)


async def _give(
    session: AsyncSession, person_id: UUID, occasion: str, content: dict[str, Any], until: datetime
) -> UUID:
    """Have it told by the way that the person chose, and by text message when that cannot reach them.

    Who never chose gets a text message, and a message into the chat in which they are signed in.
    """
    way = await way_of(session, person_id)
    chat = next(iter(await conversations_of(session, person_id)), None)
    by_text = Otherwise(Channel.SMS, content, until)
    patient_until = min(until, clock.now() + PATIENCE)
    if way is NoticeWay.WECHAT:
        return await outbox.add(
            session, channel=Channel.WECHAT, topic=TOPIC, content=content, dedupe_key=f"{occasion}:wechat",
            person_id=person_id, expires_at=patient_until, otherwise=by_text,
        )  # fmt: skip
    if way is NoticeWay.CONVERSATION and chat is not None:
        return await outbox.add(
            session, channel=Channel.CONVERSATION, topic=TOPIC, content=content | {ONLY_HERE: True},
            dedupe_key=f"{occasion}:{chat}", person_id=person_id, conversation_id=chat, expires_at=patient_until,
            otherwise=by_text,
        )  # fmt: skip
    message_id = await outbox.add(
        session, channel=Channel.SMS, topic=TOPIC, content=content, dedupe_key=f"{occasion}:sms",
        person_id=person_id, expires_at=until,
    )  # fmt: skip
    if way is None and chat is not None:
        await outbox.add(
            session, channel=Channel.CONVERSATION, topic=TOPIC, content=content, dedupe_key=f"{occasion}:{chat}",
            person_id=person_id, conversation_id=chat, expires_at=until,
        )  # fmt: skip
    return message_id


async def _write(planned: Planned, day: date) -> bool:
    """Write the messages of one person and what they tell of; False when somebody else has done so."""
    content: dict[str, Any] = {
        "things": [
            {"duty": thing.duty, "taxpayer_id": thing.taxpayer_id, "thing_id": thing.thing_id}
            for thing, _ in planned.things
        ]
    }
    until = datetime.combine(day, EVENING, SHANGHAI).astimezone(clock.UTC)
    occasion = f"{TOPIC}:{planned.person_id}:{day.isoformat()}"
    async with transaction() as session:
        await lock(session, occasion)
        if await repository.reminded_on(session, planned.person_id, day):
            return False
        message_id = await _give(session, planned.person_id, occasion, content, until)
        told = {(thing.key, stage) for thing, stage in planned.things}
        await repository.note(session, planned.person_id, day, message_id, told)
    return True

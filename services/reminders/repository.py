"""Settings, notices and days of reminders: the only place that reads or writes them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.accounts.models import Person
from hub.kit import clock
from hub.outbox.models import OutboxMessage, State
from services.reminders.models import ReminderDay, ReminderNotice, ReminderSetting
from services.reminders.stages import ReminderChoice

NEVER_SENT = (State.FAILED, State.CANCELLED)


async def person(session: AsyncSession, person_id: UUID) -> Person | None:
    """A person who proved who they are and can be reached; None otherwise."""
    found = await session.get(Person, person_id)
    if found is None or found.proven_at is None or not found.phone or not found.resident_id:
        return None
    return found


async def choice_of(session: AsyncSession, person_id: UUID) -> ReminderChoice:
    """What a person has chosen."""
    setting = await session.get(ReminderSetting, person_id)
    return ReminderChoice(setting.choice) if setting else ReminderChoice.ON


async def choose(session: AsyncSession, person_id: UUID, choice: ReminderChoice) -> None:
    """Write a choice down; it replaces the one before."""
    values = {"choice": choice, "changed_at": clock.now()}
    await session.execute(
        insert(ReminderSetting)
        .values(person_id=person_id, **values)
        .on_conflict_do_update(index_elements=["person_id"], set_=values)
    )


async def is_finished(session: AsyncSession, day: date) -> bool:
    """Whether everybody has been looked after on this day."""
    return await session.get(ReminderDay, day) is not None


async def finish(session: AsyncSession, day: date, *, people: int, reminded: int, unanswered: int) -> None:
    """Everybody has been looked after."""
    await session.execute(
        insert(ReminderDay)
        .values(day=day, people=people, reminded=reminded, unanswered=unanswered, finished_at=clock.now())
        .on_conflict_do_nothing()
    )


async def reminded_on(session: AsyncSession, person_id: UUID, day: date) -> bool:
    """Whether a message to the person has been written for this day."""
    found = await session.scalar(
        select(ReminderNotice.message_id)
        .where(ReminderNotice.person_id == person_id, ReminderNotice.day == day)
        .limit(1)
    )
    return found is not None


async def noticed(session: AsyncSession, person_id: UUID, keys: Collection[str]) -> Sequence[tuple[str, str]]:
    """Thing and stage of what the person has been told; a message that certainly never went out does not count."""
    rows = await session.execute(
        select(ReminderNotice.thing, ReminderNotice.stage)
        .outerjoin(OutboxMessage, OutboxMessage.id == ReminderNotice.message_id)
        .where(
            ReminderNotice.person_id == person_id,
            ReminderNotice.thing.in_(keys),
            OutboxMessage.state.is_(None) | OutboxMessage.state.not_in(NEVER_SENT),
        )
    )
    return [(row[0], row[1]) for row in rows]


async def note(
    session: AsyncSession, person_id: UUID, day: date, message_id: UUID, told: Collection[tuple[str, str]]
) -> None:
    """Write down of which things, at which stages, a message tells."""
    statement = insert(ReminderNotice).values(
        [
            {"person_id": person_id, "thing": thing, "stage": stage, "day": day, "message_id": message_id}
            for thing, stage in told
        ]
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["person_id", "thing", "stage"],
            set_={"day": statement.excluded.day, "message_id": statement.excluded.message_id},
        )
    )


async def erase_before(session: AsyncSession, day: date) -> None:
    """Forget notices and days before this one."""
    await session.execute(delete(ReminderNotice).where(ReminderNotice.day < day))
    await session.execute(delete(ReminderDay).where(ReminderDay.day < day))

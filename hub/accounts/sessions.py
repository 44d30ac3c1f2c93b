"""Sessions of people: begun by a code, ended by silence, by age, by leaving, or with whatever they stood on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.accounts.models import TELLS_PERSONAL, PersonSession, Strength
from hub.kit import clock
from hub.settings import get_settings

NO_NAME = "手机尾号{tail}的用户"
IN_CHAT = "conversation:"
NOTED_AFTER = timedelta(seconds=30)
"""A use is written down only when the last one noted is this old: not every message costs a write."""


def subject_of(conversation_id: UUID) -> str:
    """The name under which the session of a chat is kept."""
    return f"{IN_CHAT}{conversation_id}"


def chat_of(subject: str) -> UUID | None:
    """The conversation that a session belongs to; None when it is none of a chat."""
    if not subject.startswith(IN_CHAT):
        return None
    try:
        return UUID(subject.removeprefix(IN_CHAT))
    except ValueError:
        return None


async def begin(
    session: AsyncSession, subject: str, person_id: UUID, strength: Strength = Strength.OWN
) -> None:  # fmt: skip
    """Bind a channel identity to a person as of now; what it was bound to before is over.

    `strength` is that of the way by which they proved it.
    """
    moment = clock.now()
    fresh = {
        "person_id": person_id, "started_at": moment, "last_seen_at": moment, "proven_at": None, "taxpayer_id": None,
        "strength": int(strength),
    }  # fmt: skip
    await session.execute(
        insert(PersonSession)
        .values(subject=subject, **fresh)
        .on_conflict_do_update(index_elements=["subject"], set_=fresh)
    )


async def alive(session: AsyncSession, subject: str, *, noted: bool = True) -> PersonSession | None:
    """The session of this channel identity, its use noted unless told not to; None when there is none or it is over."""
    moment = clock.now()
    found = await session.scalar(
        select(PersonSession).where(PersonSession.subject == subject).execution_options(populate_existing=True)
    )
    if found is None or not _lives(found, moment):
        return None
    if noted and moment - found.last_seen_at >= NOTED_AFTER:
        await session.execute(update(PersonSession).where(PersonSession.subject == subject).values(last_seen_at=moment))
    return found


def _lives(found: PersonSession, moment: datetime) -> bool:
    settings = get_settings()
    idle, whole = timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours)
    return moment - found.last_seen_at < idle and moment - found.started_at < whole


async def prove(session: AsyncSession, subject: str, strength: Strength = Strength.OWN) -> None:
    """The person showed in this session who they are, by a way of this strength."""
    await _change(session, subject, proven_at=clock.now(), strength=int(strength))


@dataclass(frozen=True, slots=True)
class Proved:
    """Whose personal data a session may show, and how strong a way must be for that; nobody's when it is gone."""

    person_id: UUID | None = None
    needed: Strength = Strength.OWN


async def proved(session: AsyncSession, subject: str) -> Proved:
    """Who proved to be whom in a session: a way must be as strong as the one by which they did."""
    found = await session.scalar(
        select(PersonSession).where(PersonSession.subject == subject).execution_options(populate_existing=True)
    )
    if found is None:
        return Proved()
    return Proved(found.person_id, max(Strength(found.strength), TELLS_PERSONAL))


async def choose(session: AsyncSession, subject: str, taxpayer_id: str | None) -> None:
    """Act for this taxpayer from now on in this session."""
    await _change(session, subject, taxpayer_id=taxpayer_id)


async def end(session: AsyncSession, subject: str) -> None:
    """End one session."""
    await session.execute(delete(PersonSession).where(PersonSession.subject == subject))


async def end_of(session: AsyncSession, subject: str, person_id: UUID) -> None:
    """End one session, if it is this person's."""
    await session.execute(
        delete(PersonSession).where(PersonSession.subject == subject, PersonSession.person_id == person_id)
    )


async def end_all(session: AsyncSession, person_id: UUID) -> None:
    """End every session of a person."""
    await session.execute(delete(PersonSession).where(PersonSession.person_id == person_id))


async def weaken_all(session: AsyncSession, person_id: UUID) -> None:
    """Every session of a person counts as begun by phone only."""
    await session.execute(
        update(PersonSession).where(PersonSession.person_id == person_id).values(proven_at=None, taxpayer_id=None)
    )


async def hand_over(session: AsyncSession, subject: str, of: UUID, to: UUID) -> None:
    """This one session belongs to another person than it seemed; every other session of both ends."""
    await session.execute(
        delete(PersonSession).where(PersonSession.person_id.in_((of, to)), PersonSession.subject != subject)
    )
    await _change(session, subject, person_id=to)


async def count_of(session: AsyncSession, person_id: UUID) -> int:
    """How many sessions a person has, the dead ones among them that nobody swept yet left out."""
    rows = await session.scalars(select(PersonSession).where(PersonSession.person_id == person_id))
    moment = clock.now()
    return sum(_lives(row, moment) for row in rows)


async def conversations_of(session: AsyncSession, person_id: UUID) -> list[UUID]:
    """The chats in which a person is signed in now, used last first; looking is no use of theirs."""
    rows = await session.scalars(
        select(PersonSession)
        .where(PersonSession.person_id == person_id, PersonSession.subject.startswith(IN_CHAT))
        .order_by(PersonSession.last_seen_at.desc(), PersonSession.subject)
    )
    moment = clock.now()
    return [UUID(row.subject.removeprefix(IN_CHAT)) for row in rows if _lives(row, moment)]


async def sweep(session: AsyncSession) -> None:
    """Drop sessions whose time is over."""
    settings, moment = get_settings(), clock.now()
    await session.execute(
        delete(PersonSession).where(
            or_(
                PersonSession.last_seen_at <= moment - timedelta(minutes=settings.session_idle_minutes),
                PersonSession.started_at <= moment - timedelta(hours=settings.session_hours),
            )
        )
    )


async def _change(session: AsyncSession, subject: str, **changes: object) -> None:
    await session.execute(update(PersonSession).where(PersonSession.subject == subject).values(**changes))


async def acting(session: AsyncSession) -> list[UUID]:
    """The people who act for a taxpayer in a session that is alive now."""
    rows = await session.scalars(select(PersonSession).where(PersonSession.taxpayer_id.is_not(None)))
    moment = clock.now()
    return sorted({row.person_id for row in rows if _lives(row, moment)})

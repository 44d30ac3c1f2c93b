"""Who somebody is: the person behind a session, and the people who act for a taxpayer.

Whoever changes several things of a person locks in this order, so that nobody waits in a circle: records of checks, the
phone's name, the resident ID's name, the person's row, their channel identities, their sessions, their consents, the
end of the audit chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.accounts import identities, sessions
from hub.accounts.models import Consent, Mandate, Person, Strength
from hub.accounts.sessions import NO_NAME
from hub.kit import clock
from hub.kit.crypto import keyed_hash
from hub.kit.db import lock
from hub.skills import Access, Principal

PHONE, RESIDENT_ID = "phone", "resident_id"
TRUSTED_FOR = timedelta(hours=2)
"""A mandate that the core system did not confirm for so long lifts nobody any more."""


@dataclass(frozen=True, slots=True)
class Handler:
    """Somebody who acts for a taxpayer and can be reached by phone."""

    person_id: UUID
    name: str
    phone: str
    role: str
    taxpayer_id: str
    taxpayer_name: str


@dataclass(frozen=True, slots=True)
class Held:
    """A mandate as it is kept: for whom, as what kind of taxpayer, in what role."""

    taxpayer_id: str
    name: str
    kind: str
    role: str


async def principal_of(session: AsyncSession, subject: str) -> Principal | None:
    """The person behind a session that is still alive, which this call keeps alive; None without one.

    `subject` is "conversation:<uuid>" in chat and "token:<fingerprint>" over the API. Asked anew for every call, so a
    mandate that is gone counts no more at once.
    """
    alive = await sessions.alive(session, subject)
    if alive is None:
        return None
    person = await session.get_one(Person, alive.person_id)
    if alive.proven_at is None or person.proven_at is None or person.name is None:
        tail = person.phone[-4:] if person.phone else ""
        return Principal(person.id, Access.VERIFIED, NO_NAME.format(tail=tail))
    held = await session.get(Mandate, (person.id, alive.taxpayer_id)) if alive.taxpayer_id else None
    if held is None or clock.now() - held.seen_at >= TRUSTED_FOR:
        return Principal(person.id, Access.REAL_NAME, person.name)
    return Principal(person.id, Access.AUTHORISED, person.name, held.taxpayer_id, held.name, held.role)


async def handlers_of(session: AsyncSession, taxpayer_id: str) -> list[Handler]:
    """The people known here who act for a taxpayer, by the mandates seen last; without those who took leave."""
    found = await session.execute(
        select(Person, Mandate)
        .join(Mandate, Mandate.person_id == Person.id)
        .where(Mandate.taxpayer_id == taxpayer_id, Person.phone_hash.is_not(None), Person.proven_at.is_not(None))
        .order_by(Person.created_at, Person.id)
    )
    return [
        Handler(person.id, person.name, person.phone, held.role, taxpayer_id, held.name)
        for person, held in found.tuples()
        if person.name and person.phone
    ]


async def person_by_phone(session: AsyncSession, phone: str) -> Person:
    """The person with this phone, made when there is none; one writer at a time for one number."""
    hashed = keyed_hash(phone, PHONE)
    await lock(session, hashed)
    found = await session.scalar(
        select(Person).where(Person.phone_hash == hashed).with_for_update().execution_options(populate_existing=True)
    )
    if found is None:
        found = Person(phone=phone, phone_hash=hashed, created_at=clock.now())
        session.add(found)
        await session.flush()
    return found


async def prove(
    session: AsyncSession, subject: str, name: str, resident_id: str, strength: Strength = Strength.OWN
) -> UUID | None:  # fmt: skip
    """Write down that whoever has this session is this human being; returns whose id stands for them now.

    `strength` is that of the way by which they showed it.

    A resident ID that is known already belongs to that person, who then has a new phone. When the phone was somebody
    else's before (numbers are given out again), that somebody loses it. Wherever a phone changes hands, every other
    session begun with either phone ends. None when the session is over.
    """
    hashed = keyed_hash(resident_id, RESIDENT_ID)
    await lock(session, hashed)
    alive = await sessions.alive(session, subject, noted=False)
    if alive is None:
        return None
    holder = await session.get_one(Person, alive.person_id, with_for_update=True, populate_existing=True)
    known = await session.scalar(
        select(Person).where(Person.resident_id_hash == hashed).with_for_update().execution_options(
            populate_existing=True
        )
    )  # fmt: skip
    if known is None and holder.resident_id_hash is not None:
        known = Person(created_at=clock.now())
        session.add(known)
        await session.flush()
    person = known or holder
    if person is not holder:
        phone, phone_hash = holder.phone, holder.phone_hash
        holder.phone = holder.phone_hash = None
        await session.flush()
        person.phone, person.phone_hash = phone, phone_hash
        await identities.hand_over(session, holder.id, person.id, sessions.chat_of(subject))
        await sessions.hand_over(session, subject, holder.id, person.id)
        if holder.resident_id_hash is None:
            await session.execute(update(Consent).where(Consent.person_id == holder.id).values(person_id=person.id))
    person.name, person.resident_id, person.resident_id_hash = name, resident_id, hashed
    person.proven_at = clock.now()
    await session.flush()
    await sessions.prove(session, subject, strength)
    return person.id


async def erase(session: AsyncSession, person_id: UUID, *, phone_too: bool) -> None:
    """Forget the identity and the mandates of a person, with the phone as well when they take leave."""
    person = await session.get_one(Person, person_id, with_for_update=True, populate_existing=True)
    person.name = person.resident_id = person.resident_id_hash = person.proven_at = None
    if phone_too:
        person.phone = person.phone_hash = None
    await session.execute(delete(Mandate).where(Mandate.person_id == person_id))
    await session.flush()


async def keep_mandates(session: AsyncSession, person_id: UUID, mandates: Sequence[Held]) -> None:
    """Replace what is kept of a person's mandates; for whom one may not act any more is gone from every session."""
    await lock(session, f"mandates {person_id}")
    await session.execute(delete(Mandate).where(Mandate.person_id == person_id))
    moment = clock.now()
    session.add_all(
        Mandate(person_id=person_id, taxpayer_id=one.taxpayer_id, name=one.name, kind=one.kind, role=one.role,
                position=position, seen_at=moment)
        for position, one in enumerate(mandates)
    )  # fmt: skip
    await session.flush()


async def mandates_of(session: AsyncSession, person_id: UUID) -> list[Held]:
    """A person's mandates as seen last, in the core system's order."""
    rows = await session.scalars(select(Mandate).where(Mandate.person_id == person_id).order_by(Mandate.position))
    return [Held(row.taxpayer_id, row.name, row.kind, row.role) for row in rows]


async def people_with_mandates(session: AsyncSession) -> list[UUID]:
    """Everybody who can be reached and acts for somebody, in a stable order."""
    rows = await session.scalars(
        select(Person.id)
        .where(Person.phone_hash.is_not(None), Person.proven_at.is_not(None))
        .where(select(Mandate.taxpayer_id).where(Mandate.person_id == Person.id).exists())
        .order_by(Person.created_at, Person.id)
    )
    return list(rows)


async def seen_mandates_at(session: AsyncSession, person_id: UUID) -> datetime | None:
    """When the core system was asked last for whom the person may act and named somebody."""
    return await session.scalar(select(func.max(Mandate.seen_at)).where(Mandate.person_id == person_id))

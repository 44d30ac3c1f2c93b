"""What people agreed to: the exact text, its version, when, by which door, and when it was taken back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.accounts.models import Consent
from hub.kit import clock


async def give(session: AsyncSession, person_id: UUID, kind: str, version: str, text: str, channel: str) -> None:
    """Write a consent down; the same version that is still in force is not written twice."""
    in_force = await standing(session, person_id, kind)
    if in_force is not None and in_force.version == version:
        return
    session.add(
        Consent(
            person_id=person_id, kind=kind, version=version, text=text, channel=channel, given_at=clock.now()
        )
    )  # fmt: skip
    await session.flush()


async def standing(session: AsyncSession, person_id: UUID, kind: str) -> Consent | None:
    """The newest consent of this kind that was not taken back."""
    found: Consent | None = await session.scalar(
        select(Consent)
        .where(Consent.person_id == person_id, Consent.kind == kind, Consent.withdrawn_at.is_(None))
        .order_by(Consent.given_at.desc(), Consent.id.desc())
        .limit(1)
    )
    return found


async def of_person(session: AsyncSession, person_id: UUID) -> list[Consent]:
    """Everything that a person agreed to, the newest first, what was taken back included."""
    rows = await session.scalars(
        select(Consent).where(Consent.person_id == person_id).order_by(Consent.given_at.desc(), Consent.id.desc())
    )
    return list(rows)


async def withdraw(session: AsyncSession, person_id: UUID, kind: str | None = None) -> None:
    """Take back what a person agreed to: everything of one kind, or everything; the record of it stays."""
    statement = update(Consent).where(Consent.person_id == person_id, Consent.withdrawn_at.is_(None))
    if kind is not None:
        statement = statement.where(Consent.kind == kind)
    await session.execute(statement.values(withdrawn_at=clock.now()))


async def kind_of(session: AsyncSession, person_id: UUID, consent_id: UUID) -> str | None:
    """What a consent of this person is about; None when it is not theirs or was taken back."""
    found = await session.get(Consent, consent_id)
    if found is None or found.person_id != person_id or found.withdrawn_at is not None:
        return None
    return found.kind

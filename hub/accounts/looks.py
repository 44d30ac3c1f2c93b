"""Who looked at whose file, out of the audit log, for the person concerned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import audit
from hub.accounts.models import Mandate
from hub.audit import AuditEntry
from hub.skills import Principal

OWN_ROLES = ("self", "legal_representative")
"""In these roles a taxpayer's file is one's own: its looks are shown, too."""


@dataclass(frozen=True, slots=True)
class Look:
    """One entry: when, who ("person:<id>", "staff:<name>", "worker"), what was done, on what."""

    at: datetime
    actor: str
    action: str
    subject: str


def person_subject(person_id: UUID) -> str:
    """How the audit names a person, as actor and as subject."""
    return f"person:{person_id}"


def taxpayer_subject(taxpayer_id: str) -> str:
    """How the audit names a taxpayer's file."""
    return f"taxpayer:{taxpayer_id}"


async def looked(session: AsyncSession, principal: Principal, action: str) -> None:
    """Write down that a person looked at the file of the taxpayer for whom they act, or at their own."""
    own = person_subject(principal.person_id)
    subject = taxpayer_subject(principal.taxpayer_id) if principal.taxpayer_id else own
    await audit.record(session, actor=own, action=action, subject=subject)


async def looks_of(session: AsyncSession, person_id: UUID, *, limit: int = 50) -> Sequence[Look]:
    """What was done with a person's file and those of their own taxpayers, the newest first."""
    own = await session.scalars(
        select(Mandate.taxpayer_id).where(Mandate.person_id == person_id, Mandate.role.in_(OWN_ROLES))
    )
    subjects = [person_subject(person_id), *(taxpayer_subject(one) for one in own)]
    rows = await session.scalars(
        select(AuditEntry).where(AuditEntry.subject.in_(subjects)).order_by(AuditEntry.id.desc()).limit(limit)
    )
    return [Look(row.at, row.actor, row.action, row.subject) for row in rows]

"""For whom a person may act: asked of the core system, kept for a few minutes, confirmed again and again in use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from hub import audit
from hub.accounts import people, sessions
from hub.accounts.looks import person_subject, taxpayer_subject
from hub.accounts.models import Person
from hub.accounts.people import Held
from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.errors import NotFound, Unavailable
from hub.kit.logging import get_logger
from hub.skills import Principal
from services.gateways.errors import GatewayError
from services.gateways.registry import tax_core
from services.identity import wording

log = get_logger(__name__)

FRESH_FOR = timedelta(minutes=5)


class CoreDown(Unavailable):
    """The core system did not say for whom the person may act."""

    code = "core_unavailable"
    message = wording.CORE_DOWN


class MandateNotFound(NotFound):
    """No such taxpayer, or not one for whom the person may act."""

    code = "taxpayer_not_found"
    message = wording.UNKNOWN_MANDATE


async def mandates_of(person_id: UUID, *, fresh: bool = False) -> Sequence[Held]:
    """For whom a person may act, in the core system's order; asked anew when what is kept is older than minutes.

    Raises `CoreDown`. Nobody who did not prove who they are may act for anybody.
    """
    async with transaction() as session:
        person = await session.get_one(Person, person_id)
        resident_id, kept = person.resident_id, await people.mandates_of(session, person_id)
        seen_at = await people.seen_mandates_at(session, person_id)
    if resident_id is None:
        return []
    if not fresh and seen_at is not None and clock.now() - seen_at < FRESH_FOR:
        return kept
    try:
        told = await tax_core().mandates(resident_id)
    except GatewayError as error:
        log.warning("mandates_unavailable", error=type(error).__name__, reason=error.reason)
        raise CoreDown from error
    found = [Held(one.taxpayer_id, one.name, one.kind, one.role) for one in told]
    async with transaction() as session:
        person = await session.get_one(Person, person_id, with_for_update=True)
        if person.resident_id != resident_id:  # consent was taken back while we asked
            return []
        await people.keep_mandates(session, person_id, found)
        if not fresh:
            own = person_subject(person_id)
            await audit.record(session, actor=own, action="identity.mandates_read", subject=own, count=len(found))
    return found


async def choose(principal: Principal, subject: str, taxpayer_id: str) -> Held:
    """Act for this taxpayer from now on in this session.

    Raises `MandateNotFound`, `CoreDown`.
    """
    found = next((one for one in await mandates_of(principal.person_id) if one.taxpayer_id == taxpayer_id), None)
    if found is None:
        raise MandateNotFound
    actor = person_subject(principal.person_id)
    async with transaction() as session:
        await sessions.choose(session, subject, taxpayer_id)
        await audit.record(
            session, actor=actor, action="identity.acts_for", subject=taxpayer_subject(taxpayer_id), role=found.role
        )
    return found


async def refresh_acting() -> int:
    """Ask again for everybody who acts for somebody right now; how many were asked. Trouble leaves things as they are.

    A mandate that was taken back ends within the period of this job; one that cannot be confirmed for two hours ends,
    too (`hub.accounts.people.TRUSTED_FOR`).
    """
    async with transaction() as session:
        acting = await sessions.acting(session)
    for person_id in acting:
        try:
            await mandates_of(person_id, fresh=True)
        except CoreDown:
            return 0
    return len(acting)

"""Proving an identity: the real-name service is asked once per act, and what it says is written down with the effect.

The record of the check is written before the call and carries the request id; the outcome, the identity and the consent
are written in one transaction after it. A crash in between asks again under the same id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from hub import audit
from hub.accounts import consents, identities, lockouts, people, sessions
from hub.accounts.codes import door_shut
from hub.accounts.levels import SignInNeeded
from hub.accounts.lockouts import IDENTITY_DOOR
from hub.accounts.looks import person_subject
from hub.accounts.models import Person
from hub.kit import clock
from hub.kit.crypto import fingerprint
from hub.kit.db import transaction
from hub.kit.errors import Unavailable
from hub.kit.idempotency import IdempotencyKeyReused
from hub.kit.ids import new_id
from hub.kit.logging import get_logger
from hub.skills import Principal
from services.gateways.errors import GatewayError
from services.gateways.real_name.protocol import Outcome, RealNameRequest
from services.gateways.registry import real_name
from services.identity import repository, wording
from services.identity.models import RealNameCheck
from services.identity.service import REAL_NAME

log = get_logger(__name__)


class Proof(StrEnum):
    """What came of it."""

    PROVEN = "proven"
    MISMATCH = "mismatch"
    NOT_FOUND = "not_found"
    LOCKED = "locked"


_PROOF = {
    Outcome.MATCH: Proof.PROVEN,
    Outcome.MISMATCH: Proof.MISMATCH,
    Outcome.NOT_FOUND: Proof.NOT_FOUND,
    Outcome.LOCKED: Proof.LOCKED,
}


class RealNameDown(Unavailable):
    """The service did not answer; nothing is proven."""

    code = "real_name_unavailable"
    message = wording.REAL_NAME_DOWN


@dataclass(frozen=True, slots=True)
class Proven:
    """What came of a proof, until when the door is shut after it, and the name where it was right."""

    proof: Proof
    name: str = ""
    shut_until: datetime | None = None


async def known_before(subject: str) -> bool:
    """Whether the last characters of the resident ID are enough in this session."""
    async with transaction() as session:
        alive = await sessions.alive(session, subject)
        if alive is None:
            return False
        return await _kept_number(session, await session.get_one(Person, alive.person_id)) is not None


async def _kept_number(session: AsyncSession, person: Person) -> str | None:
    """The resident ID that is kept with a consent to the text in force; a new text needs a new consent."""
    given = await consents.standing(session, person.id, REAL_NAME)
    if given is None or given.version != wording.CONSENT_VERSION or person.proven_at is None:
        return None
    return person.resident_id


async def by_tail(principal: Principal, subject: str, tail: str, address: str = "") -> Proven:
    """Compare the last six characters of the resident ID with what is kept; `address` is where it was typed in.

    Raises `DoorShut`.
    """
    own = person_subject(principal.person_id)
    async with transaction() as session:
        person = await session.get_one(Person, principal.person_id, with_for_update=True)
        if until := await lockouts.shut_until(session, IDENTITY_DOOR, str(person.id)):
            raise door_shut(until)
        alive = await sessions.alive(session, subject)
        kept = await _kept_number(session, person) if alive is not None else None
        if kept is not None and kept[-6:].upper() == tail.upper():
            await lockouts.succeeded(session, IDENTITY_DOOR, str(person.id))
            strength = await identities.strength_at(session, sessions.chat_of(subject), address, person.id)
            await sessions.prove(session, subject, strength)
            await audit.record(session, actor=own, action="identity.proven", subject=own, way="tail")
            return Proven(Proof.PROVEN, person.name or "")
        return await _failed(session, person.id, Proof.MISMATCH, "tail")


async def in_full(
    principal: Principal, subject: str, name: str, resident_id: str, *, act: str, channel: str, address: str = ""
) -> Proven:  # fmt: skip
    """Have name, resident ID and the phone of the session checked; with the person's consent, which is written down.

    Raises `DoorShut`, `RealNameDown`, `SignInNeeded` when the session ended meanwhile, and `IdempotencyKeyReused` when
    the act stands for another identity.
    """
    async with transaction() as session:
        if until := await lockouts.shut_until(session, IDENTITY_DOOR, str(principal.person_id)):
            raise door_shut(until)
        phone = (await session.get_one(Person, principal.person_id)).phone
        if phone is None:
            raise SignInNeeded
        asked = {"name": name, "resident_id": resident_id, "phone": phone}
        record = await repository.claim(
            session,
            RealNameCheck(
                id=new_id(), key_hash=fingerprint(f"{subject}\n{act}"), person_id=principal.person_id, form=asked,
                asked_at=clock.now(),
            ),
        )  # fmt: skip
    if record.form != asked:
        raise IdempotencyKeyReused
    outcome = Outcome(record.outcome) if record.outcome else await _ask(record.id, asked)
    async with transaction() as session:
        if not await repository.finish(session, record.id, outcome):
            return Proven(_PROOF[outcome], name if outcome is Outcome.MATCH else "")
        if outcome is not Outcome.MATCH:
            return await _failed(session, principal.person_id, _PROOF[outcome], "full")
        chat, holder = sessions.chat_of(subject), principal.person_id
        strength = await identities.strength_at(session, chat, address, holder)
        person_id = await people.prove(session, subject, name, resident_id, strength)
        if person_id is None:
            raise SignInNeeded
        await lockouts.succeeded(session, IDENTITY_DOOR, str(principal.person_id))
        await consents.give(
            session, person_id, REAL_NAME, wording.CONSENT_VERSION, wording.REAL_NAME_CONSENT, channel
        )  # fmt: skip
        own = person_subject(person_id)
        await audit.record(session, actor=own, action="identity.proven", subject=own, way="full", channel=channel)
    return Proven(Proof.PROVEN, name)


async def _ask(request_id: UUID, asked: dict[str, str]) -> Outcome:
    try:
        reply = await real_name().check(RealNameRequest(str(request_id), **asked))
    except GatewayError as error:
        log.warning("real_name_failed", error=type(error).__name__, reason=error.reason)
        raise RealNameDown from error
    log.info("real_name_checked", outcome=reply.outcome)
    return reply.outcome


async def _failed(session: AsyncSession, person_id: UUID, proof: Proof, way: str) -> Proven:
    """Count it and write it down; the transaction must be committed."""
    own = person_subject(person_id)
    until = await lockouts.failed(session, IDENTITY_DOOR, str(person_id))
    await audit.record(session, actor=own, action="identity.not_proven", subject=own, way=way, outcome=proof)
    return Proven(proof, shut_until=until)

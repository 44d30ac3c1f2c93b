"""Signing in by phone, signing out, and what people may see and take back of what is kept about them.

Codes are made in one short transaction and sent after it: the carrier may take seconds. The id of the code is the id
under which the carrier knows the message; a code that certainly did not go out is forgotten, so that it counts against
nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hub import audit, outbox
from hub.accounts import codes, consents, identities, people, sessions, ways
from hub.accounts.codes import LIFETIME, CodeCheck, CodeOutcome, IssuedCode, TooManyCodes
from hub.accounts.levels import SignInNeeded
from hub.accounts.looks import Look, looked, looks_of, person_subject
from hub.accounts.models import Consent, Person
from hub.kit.crypto import fingerprint
from hub.kit.db import transaction
from hub.kit.errors import Invalid, NotFound, Unavailable
from hub.kit.logging import get_logger
from hub.kit.masking import mask_phone
from hub.skills import Principal
from services.gateways.errors import GatewayError, GatewayUnavailable
from services.gateways.registry import sms
from services.gateways.sms.protocol import Refusal, SmsReply, SmsRequest
from services.gateways.sms.templates import SIGN_IN_CODE
from services.identity import linking, repository, wording

log = get_logger(__name__)

SIGN_IN, REAL_NAME = "sign_in", "real_name"
MINUTES = int(LIFETIME.total_seconds() // 60)


class SmsDown(Unavailable):
    """No code went out."""

    code = "sms_unavailable"
    message = wording.SMS_DOWN


class PhoneRefused(Invalid):
    """The carrier does not know such a number."""

    code = "phone_refused"
    message = wording.PHONE_REFUSED


class ConsentNotFound(NotFound):
    """Not given, not theirs, or taken back already."""

    code = "consent_not_found"
    message = "没有找到这项同意记录，可能已经撤回。"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What came of an attempt to sign in; the person is there when the code was right."""

    check: CodeCheck
    person_id: UUID | None = None


async def send_code(phone: str, *, subject: str, address: str) -> bool:
    """Send a code to a phone; False when the carrier took too long to say whether it has it.

    Raises `DoorShut`, `CodeTooSoon`, `TooManyCodes`, `PhoneRefused`, `SmsDown`.
    """
    async with transaction() as session:
        issued = await codes.issue(session, phone, subject=subject, address=address)
    parameters = {"code": issued.code, "minutes": str(MINUTES)}
    try:
        reply = await sms().send(SmsRequest(str(issued.id), phone, SIGN_IN_CODE, parameters, first=True))
    except GatewayUnavailable as error:
        log.warning("sms_unavailable", reason=error.reason)
        await _forget(issued)
        raise SmsDown from error
    except GatewayError as error:
        # it may have gone out: the code stays valid, and the minute between two codes passes all the same
        log.warning("sms_unsure", error=type(error).__name__, reason=error.reason)
        return False
    if not reply.accepted:
        await _forget(issued)
        raise _refused(reply)
    return True


async def _forget(issued: IssuedCode) -> None:
    async with transaction() as session:
        await codes.withdraw(session, issued.id)


def _refused(reply: SmsReply) -> Exception:
    log.warning("sms_refused", refusal=reply.refusal)
    match reply.refusal:
        case Refusal.LIMITED:
            return TooManyCodes(retry_after=60)
        case Refusal.NUMBER:
            return PhoneRefused()
        case _:
            return SmsDown()


async def code_waits(phone: str, *, subject: str) -> bool:
    """Whether a code that this subject asked for can still be typed in."""
    async with transaction() as session:
        return await codes.waiting(session, phone, subject=subject)


async def sign_in(
    phone: str, code: str, *, asked_by: str, subject: str, act: str, channel: str, address: str = ""
) -> SignedIn:  # fmt: skip
    """Try a code and begin the session `subject` when it is right; `asked_by` is who the code was made for.

    `address` is where it was typed in, which says how strong a way that is.

    What comes out is written down in any case: a wrong attempt counts.
    """
    async with transaction() as session:
        check = await codes.check(session, phone, code, subject=asked_by, act=fingerprint(act))
        if check.outcome is not CodeOutcome.RIGHT:
            log.info("sign_in_refused", outcome=check.outcome, channel=channel)
            return SignedIn(check)
        person = await people.person_by_phone(session, phone)
        alive = await sessions.alive(session, subject)
        if not (check.repeated and alive is not None and alive.person_id == person.id):
            strength = await identities.strength_at(session, sessions.chat_of(subject), address, person.id)
            await sessions.begin(session, subject, person.id, strength)
            await consents.give(
                session, person.id, SIGN_IN, wording.CONSENT_VERSION, wording.SIGN_IN_CONSENT, channel
            )  # fmt: skip
            own = person_subject(person.id)
            await audit.record(session, actor=own, action="identity.signed_in", subject=own, channel=channel)
        return SignedIn(check, person.id)


async def sign_out(principal: Principal, subject: str) -> None:
    """End this session; nothing is erased."""
    own = person_subject(principal.person_id)
    async with transaction() as session:
        if chat := sessions.chat_of(subject):
            # a link left behind would sign them in again with their next message
            await linking.end_in_chat(session, principal.person_id, chat)
        await sessions.end(session, subject)
        await audit.record(session, actor=own, action="identity.signed_out", subject=own)


async def unbind(person_id: UUID) -> None:
    """Forget phone, name and resident ID, take back every consent, and end every session of a person."""
    own = person_subject(person_id)
    async with transaction() as session:
        await repository.erase_of(session, person_id)
        await people.erase(session, person_id, phone_too=True)
        await outbox.forget_person(session, person_id)
        await ways.forget_way(session, person_id)
        await identities.unlink(session, person_id)
        await sessions.end_all(session, person_id)
        await consents.withdraw(session, person_id)
        await audit.record(session, actor=own, action="identity.unbound", subject=own)


async def principal_now(subject: str) -> Principal:
    """Who the session stands for after something changed.

    Raises `SignInNeeded` when it is over.
    """
    async with transaction() as session:
        principal = await people.principal_of(session, subject)
    if principal is None:
        raise SignInNeeded
    return principal


async def masked_phone(person_id: UUID) -> str:
    """A person's phone with its middle hidden; empty when there is none."""
    async with transaction() as session:
        phone = (await session.get_one(Person, person_id)).phone
    return mask_phone(phone) if phone else ""


async def consents_of(person_id: UUID) -> Sequence[Consent]:
    """What a person agreed to, what was taken back included."""
    async with transaction() as session:
        return await consents.of_person(session, person_id)


async def withdraw_consent(person_id: UUID, consent_id: UUID) -> None:
    """Take a consent back, and with it what stood on it: a link, the identity, or everything.

    Raises `ConsentNotFound`.
    """
    async with transaction() as session:
        kind = await consents.kind_of(session, person_id, consent_id)
    if kind is None:
        raise ConsentNotFound
    if channel := linking.channel_of(kind):
        await linking.unlink(person_id, channel)
        return
    if kind != REAL_NAME:
        await unbind(person_id)
        return
    own = person_subject(person_id)
    async with transaction() as session:
        await repository.erase_of(session, person_id)
        await people.erase(session, person_id, phone_too=False)
        await sessions.weaken_all(session, person_id)
        await consents.withdraw(session, person_id, REAL_NAME)
        await audit.record(session, actor=own, action="identity.consent_withdrawn", subject=own, consent=kind)


async def looks(principal: Principal) -> Sequence[Look]:
    """Who looked at the person's own files; reading this is written down, too."""
    async with transaction() as session:
        found = await looks_of(session, principal.person_id)
        own = Principal(principal.person_id, principal.level, principal.name)
        await looked(session, own, "identity.looks_read")
    return found

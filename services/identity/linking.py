"""Linking a channel: somebody who is known there by the party's name shows by a code to their phone who they are.

The caller vouches for the channel's name of the person (WeChat said it to us). From then on their messages there need
no code: see `channels/inbound.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from hub import audit
from hub.accounts import codes, consents, identities, people, sessions
from hub.accounts.codes import CodeCheck, CodeOutcome
from hub.accounts.looks import person_subject
from hub.accounts.models import ChannelIdentity, Person
from hub.kit.crypto import fingerprint
from hub.kit.db import transaction
from hub.kit.logging import get_logger
from hub.kit.masking import mask_phone
from services.identity import wording

log = get_logger(__name__)

SIGN_IN = "sign_in"
_KIND = "link_"


class LinkOutcome(StrEnum):
    """What came of an attempt to link."""

    LINKED = "linked"
    CODE_REFUSED = "code_refused"
    TAKEN = "taken"
    """This name is linked to somebody else, who must undo that first."""


@dataclass(frozen=True, slots=True)
class LinkDone:
    """What came of an attempt; `moved` when another link of this person ended by it."""

    outcome: LinkOutcome
    check: CodeCheck
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """To whom a channel's name is linked, as the page shows it: the phone with its middle hidden, and since when."""

    phone: str
    since: datetime


def consent_kind(channel: str) -> str:
    """The kind of consent on which a link of this channel stands."""
    return _KIND + channel


def channel_of(kind: str) -> str | None:
    """The channel whose links stand on a consent of this kind; None when it is about something else."""
    return kind.removeprefix(_KIND) if kind.startswith(_KIND) else None


async def link(
    phone: str, code: str, *, asked_by: str, act: str, channel: str, account: str, sender: str
) -> LinkDone:  # fmt: skip
    """Try a code, and link the channel's name `sender` to the person with this phone when it is right.

    Whoever calls has asked for consent to the texts of `sign_in` and of the link. A person has one link in an account:
    the new one ends the one before. The same act again changes nothing.
    """
    async with transaction() as session:
        check = await codes.check(session, phone, code, subject=asked_by, act=fingerprint(act))
        if check.outcome is not CodeOutcome.RIGHT:
            log.info("link_refused", outcome=check.outcome, channel=channel)
            return LinkDone(LinkOutcome.CODE_REFUSED, check)
        person = await people.person_by_phone(session, phone)
        identity = await identities.known(session, channel, account, sender)
        if identity.person_id == person.id:
            return LinkDone(LinkOutcome.LINKED, check)
        if identity.person_id is not None:
            log.info("link_refused", outcome=LinkOutcome.TAKEN, channel=channel)
            return LinkDone(LinkOutcome.TAKEN, check)
        moved = await _end(session, person.id, channel)
        await identities.link(session, identity.id, person.id)
        await _let_in(session, identity, person.id)
        for kind in (SIGN_IN, consent_kind(channel)):
            await consents.give(
                session, person.id, kind, wording.CONSENT_VERSION, wording.CONSENTS[kind], channel
            )  # fmt: skip
        own = person_subject(person.id)
        await audit.record(session, actor=own, action="identity.linked", subject=own, channel=channel)
    return LinkDone(LinkOutcome.LINKED, check, moved=bool(moved))


async def link_of(channel: str, account: str, sender: str) -> Link | None:
    """To whom a channel's name is linked; None when it is not."""
    async with transaction() as session:
        identity = await identities.found(session, channel, account, sender)
        if identity is None or identity.person_id is None or identity.linked_at is None:
            return None
        person = await session.get_one(Person, identity.person_id)
        return Link(mask_phone(person.phone) if person.phone else "", identity.linked_at)


async def unlink(person_id: UUID, channel: str) -> bool:
    """End the links of a person in a channel; whether there was one."""
    async with transaction() as session:
        return bool(await _end(session, person_id, channel))


async def unlink_name(channel: str, account: str, sender: str) -> bool:
    """End the link of a channel's name; False when there is none (any more)."""
    async with transaction() as session:
        identity = await identities.found(session, channel, account, sender)
        if identity is None or identity.person_id is None:
            return False
        return bool(await _end(session, identity.person_id, channel))


async def end_in_chat(session: AsyncSession, person_id: UUID, conversation_id: UUID) -> None:
    """Somebody signs out of a chat: the link by which they are there ends with it."""
    for identity in await identities.of_person(session, person_id):
        if identity.conversation_id == conversation_id:
            await _end(session, person_id, identity.channel)


async def _end(session: AsyncSession, person_id: UUID, channel: str) -> int:
    """End the links of a person in a channel, with their sessions there and the consent on which they stood."""
    own = person_subject(person_id)
    ended = [one for one in await identities.of_person(session, person_id) if one.channel == channel]
    for identity in ended:
        await identities.unlink(session, person_id, identity.id)
        if identity.conversation_id is not None:
            await sessions.end_of(session, sessions.subject_of(identity.conversation_id), person_id)
        await audit.record(session, actor=own, action="identity.unlinked", subject=own, channel=channel)
    await consents.withdraw(session, person_id, consent_kind(channel))
    return len(ended)


async def _let_in(session: AsyncSession, identity: ChannelIdentity, person_id: UUID) -> None:
    """Whoever was signed in by a code in the chat that goes on there is so no longer: the link says who they are."""
    if identity.conversation_id is None:
        return
    subject = sessions.subject_of(identity.conversation_id)
    alive = await sessions.alive(session, subject)
    if alive is not None and alive.person_id != person_id:
        await sessions.end(session, subject)

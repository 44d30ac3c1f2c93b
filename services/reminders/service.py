"""What people chose about reminders, and the words of one, made just before it is sent."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from hub import audit
from hub.accounts import identities, ways
from hub.accounts.looks import person_subject, taxpayer_subject
from hub.accounts.models import NoticeWay
from hub.accounts.sessions import conversations_of
from hub.kit import clock
from hub.kit.db import transaction
from hub.outbox.letters import Letter, Never, NotNow
from hub.outbox.models import Channel, Content
from services.gateways.errors import GatewayError
from services.reminders import repository, wording
from services.reminders.open_things import open_things
from services.reminders.stages import ONLY_HERE, ReminderChoice, wanted


async def choice_of(person_id: UUID) -> ReminderChoice:
    """What a person has chosen."""
    async with transaction() as session:
        return await repository.choice_of(session, person_id)


async def way_of(person_id: UUID) -> NoticeWay | None:
    """By which way a person wants to be told; None when they never chose."""
    async with transaction() as session:
        return await ways.way_of(session, person_id)


async def ways_open(person_id: UUID) -> Collection[NoticeWay]:
    """The ways that would reach a person at this moment; text messages always do."""
    async with transaction() as session:
        linked = await identities.of_person(session, person_id)
        chats = await conversations_of(session, person_id)
    found = {NoticeWay.SMS}
    if any(one.channel == NoticeWay.WECHAT and one.blocked_at is None for one in linked):
        found.add(NoticeWay.WECHAT)
    return found | ({NoticeWay.CONVERSATION} if chats else set())


async def choose(person_id: UUID, choice: ReminderChoice | None = None, way: NoticeWay | None = None) -> None:
    """Remind a person so, and tell them by this way, from now on; what is not given stays as it is.

    Reminders that wait are made, or dropped, by the new choice; their way was settled when they were written.
    """
    async with transaction() as session:
        own = person_subject(person_id)
        if choice is not None:
            await repository.choose(session, person_id, choice)
            await audit.record(session, own, "reminders.choose", own, choice=choice)
        if way is not None:
            await ways.choose_way(session, person_id, way)
            await audit.record(session, own, "reminders.choose_way", own, way=way)


async def prepare(letter: Letter) -> Content | None:
    """The words of a reminder, by what is open and for whom the person may act at this moment; None when nothing is.

    Raises `NotNow` while the core system does not answer: nobody is told what may be wrong; `Never` when the chat that
    they chose to be told in is theirs no more.
    """
    person_id = letter.person_id
    assert person_id is not None, "a reminder is written for a person"
    async with transaction() as session:
        person = await repository.person(session, person_id)
        choice = await repository.choice_of(session, person_id)
        bound = await conversations_of(session, person_id) if letter.conversation_id else []
    if person is None or person.resident_id is None:
        return None
    if letter.conversation_id is not None and letter.conversation_id not in bound:
        if letter.content.get(ONLY_HERE):
            raise Never("signed_out")
        return None
    meant = {(item["duty"], item["taxpayer_id"], item["thing_id"]) for item in letter.content["things"]}
    day = clock.today()
    try:
        found = await open_things(person.resident_id, day, only={taxpayer_id for _, taxpayer_id, _ in meant})
    except GatewayError as error:
        raise NotNow("core_unavailable") from error
    if not found.complete:
        raise NotNow("core_unavailable")
    things = [
        thing
        for thing in found.things
        if (thing.duty, thing.taxpayer_id, thing.thing_id) in meant
        and (stage := thing.stage(day)) is not None
        and wanted(stage, choice)
    ]
    if not things:
        return None
    async with transaction() as session:
        for taxpayer_id in sorted({thing.taxpayer_id for thing in things}):
            await audit.record(
                session, "worker", "reminders.tell", taxpayer_subject(taxpayer_id), told=person_subject(person_id)
            )
    match letter.channel:
        case Channel.SMS:
            return wording.sms(things, day)
        case Channel.WECHAT:
            return wording.notice(things, day)
        case _:
            return wording.chat(things, day)

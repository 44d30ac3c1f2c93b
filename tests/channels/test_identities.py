"""People as channels know them: linked by themselves, unlinked when they leave, forgotten in the end."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from hub.accounts import identities
from hub.accounts.models import ChannelIdentity, Person
from hub.kit import clock
from hub.kit.ids import new_id


@pytest.fixture
async def person(session: AsyncSession) -> UUID:
    found = Person(phone="13900000001", phone_hash="h")
    session.add(found)
    await session.flush()
    return found.id


async def heard(session: AsyncSession, sender: str, channel: str = "plain") -> ChannelIdentity:
    return await identities.heard(session, channel, "desk", sender, address=f"to {sender}")


async def test_one_identity_for_each_name_in_each_channel(session: AsyncSession) -> None:
    first, again = await heard(session, "ann"), await heard(session, "ann")
    assert first.id == again.id
    assert (
        len({(await heard(session, *which)).id for which in (("bob", "plain"), ("ann", "slip"), ("ann", "plain"))}) == 3
    )
    assert again.address == "to ann"


async def test_who_writes_again_is_not_blocked_and_has_a_fresh_window(session: AsyncSession) -> None:
    ann = await heard(session, "ann")
    await identities.gone(session, "plain", "desk", "ann")
    await identities.pushed(session, ann.id)
    blocked = await identities.get(session, ann.id)
    assert blocked is not None
    assert (blocked.blocked_at is not None, blocked.pushed) == (True, 1)
    back = await heard(session, "ann")
    assert (back.blocked_at, back.pushed) == (None, 0)


async def test_links_are_taken_back_one_by_one_or_all(session: AsyncSession, person: UUID) -> None:
    found = [await heard(session, name) for name in ("a", "b", "c")]
    for one in found:
        await identities.link(session, one.id, person)
    assert await identities.unlink(session, person, found[0].id) == 1
    assert {one.id for one in await identities.of_person(session, person)} == {found[1].id, found[2].id}
    assert await identities.unlink(session, person) == 2
    assert await identities.of_person(session, person) == []


async def test_the_silent_are_forgotten_but_for_the_linked(session: AsyncSession, person: UUID) -> None:
    silent, linked = await heard(session, "silent"), await heard(session, "linked")
    await identities.link(session, linked.id, person)
    await identities.forget_before(session, clock.now() - timedelta(days=1))
    assert await identities.get(session, silent.id) is not None
    await identities.forget_before(session, clock.now() + timedelta(seconds=1))
    assert await identities.get(session, silent.id) is None
    assert await identities.get(session, linked.id) is not None


async def test_a_page_makes_somebody_known_and_opens_no_window(session: AsyncSession) -> None:
    first = await identities.known(session, "plain", "desk", "ann")
    assert (first.heard_at, first.address) == (identities.NEVER, "ann")
    wrote = await heard(session, "ann")
    again = await identities.known(session, "plain", "desk", "ann")
    assert first.id == wrote.id == again.id
    assert again.heard_at == wrote.heard_at > identities.NEVER


async def test_when_the_phone_changes_hands_only_the_link_of_that_talk_stays(
    session: AsyncSession, person: UUID
) -> None:
    """Whoever had the phone before, and whoever has it now, may have linked by it."""
    other = Person(phone="13900000002", phone_hash="i")
    session.add(other)
    await session.flush()
    talk = new_id()
    here, old, new = [await heard(session, name) for name in ("here", "old", "new")]
    await identities.move(session, here.id, talk)
    for one, whose in ((here, person), (old, person), (new, other.id)):
        await identities.link(session, one.id, whose)
    await identities.hand_over(session, person, other.id, talk)
    assert [one.id for one in await identities.of_person(session, other.id)] == [here.id]
    assert await identities.of_person(session, person) == []
    await identities.hand_over(session, other.id, person, None)
    assert await identities.of_person(session, person) == []

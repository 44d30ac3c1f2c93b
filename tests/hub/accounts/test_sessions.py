"""Sessions end by silence, by age, by leaving; levels stand on what is true now."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.accounts import consents, people, sessions
from hub.accounts.models import Person, PersonSession
from hub.accounts.people import Held, principal_of
from hub.kit.ids import new_id
from hub.skills import Access
from tests.hub.accounts.clock_hands import Hands

PHONE, OTHER = "1999999" + "7101", "1999999" + "7102"
ID, OTHER_ID = "33010619860412" + "5131", "33010519910723" + "2462"
CHAT = "conversation:one"
FIRM = Held("DJ1", "杭州甲有限公司", "company", "legal_representative")
SHOP = Held("DJ2", "西湖区乙面馆", "sole_trader", "tax_handler")


async def signed_in(session: AsyncSession, phone: str = PHONE, subject: str = CHAT) -> UUID:
    """Somebody who signed in by phone."""
    person = await people.person_by_phone(session, phone)
    await sessions.begin(session, subject, person.id)
    return person.id


async def real_named(session: AsyncSession, phone: str = PHONE, subject: str = CHAT, number: str = ID) -> UUID:
    """Somebody who proved who they are."""
    await signed_in(session, phone, subject)
    person_id = await people.prove(session, subject, "王小明", number)
    assert person_id is not None
    return person_id


async def level(session: AsyncSession, subject: str = CHAT) -> Access | None:
    """At which level the session is."""
    principal = await principal_of(session, subject)
    return principal.level if principal else None


async def test_the_levels_one_after_the_other(session: AsyncSession) -> None:
    assert await principal_of(session, CHAT) is None
    person_id = await signed_in(session)
    verified = await principal_of(session, CHAT)
    assert verified is not None
    assert (verified.level, verified.name, verified.person_id) == (Access.VERIFIED, "手机尾号7101的用户", person_id)
    assert await people.prove(session, CHAT, "王小明", ID) == person_id
    assert await level(session) is Access.REAL_NAME
    await people.keep_mandates(session, person_id, [FIRM, SHOP])
    await sessions.choose(session, CHAT, "DJ2")
    acting = await principal_of(session, CHAT)
    assert acting is not None
    assert (acting.level, acting.taxpayer_id, acting.taxpayer_name, acting.role) == (
        Access.AUTHORISED, "DJ2", "西湖区乙面馆", "tax_handler",
    )  # fmt: skip
    await sessions.choose(session, CHAT, "DJ1")
    assert (await principal_of(session, CHAT)).taxpayer_name == "杭州甲有限公司"  # type: ignore[union-attr]


async def test_half_an_hour_of_silence_ends_a_session_and_use_keeps_it(session: AsyncSession, hands: Hands) -> None:
    await signed_in(session)
    for _ in range(3):
        hands.move(minutes=29)
        assert await level(session) is Access.VERIFIED
    hands.move(minutes=30)
    assert await level(session) is None


async def test_twelve_hours_end_it_however_busy(session: AsyncSession, hands: Hands) -> None:
    await signed_in(session)
    for _ in range(35):
        hands.move(minutes=20)
        assert await level(session) is Access.VERIFIED
    hands.move(minutes=20)
    assert await level(session) is None
    await sessions.sweep(session)
    assert (await session.scalars(select(PersonSession))).all() == []


async def test_a_new_sign_in_starts_below(session: AsyncSession) -> None:
    await real_named(session)
    await signed_in(session, OTHER)
    principal = await principal_of(session, CHAT)
    assert principal is not None
    assert (principal.level, principal.name) == (Access.VERIFIED, "手机尾号7102的用户")


async def test_the_name_is_not_told_to_who_has_only_the_phone(session: AsyncSession) -> None:
    await real_named(session)
    await signed_in(session, PHONE, "conversation:two")
    principal = await principal_of(session, "conversation:two")
    assert principal is not None
    assert "王小明" not in principal.name
    assert principal.level is Access.VERIFIED


async def test_a_mandate_that_is_gone_lifts_nobody(session: AsyncSession) -> None:
    person_id = await real_named(session)
    await people.keep_mandates(session, person_id, [FIRM, SHOP])
    await sessions.choose(session, CHAT, "DJ1")
    assert await level(session) is Access.AUTHORISED
    await people.keep_mandates(session, person_id, [SHOP])
    assert await level(session) is Access.REAL_NAME
    assert [held.taxpayer_id for held in await people.mandates_of(session, person_id)] == ["DJ2"]


async def test_a_mandate_that_nobody_confirmed_for_two_hours_lifts_nobody(session: AsyncSession, hands: Hands) -> None:
    person_id = await real_named(session)
    await people.keep_mandates(session, person_id, [FIRM])
    await sessions.choose(session, CHAT, "DJ1")
    for _ in range(5):
        hands.move(minutes=20)
        assert await level(session) is Access.AUTHORISED
    hands.move(minutes=20)
    assert await level(session) is Access.REAL_NAME
    await people.keep_mandates(session, person_id, [FIRM])
    assert await level(session) is Access.AUTHORISED


async def test_somebody_elses_taxpayer_cannot_be_chosen_by_id(session: AsyncSession) -> None:
    other = await real_named(session, OTHER, "conversation:other", OTHER_ID)
    await people.keep_mandates(session, other, [FIRM])
    await real_named(session)
    await sessions.choose(session, CHAT, "DJ1")
    assert await level(session) is Access.REAL_NAME


async def test_a_new_phone_is_the_same_person_and_the_old_one_is_out(session: AsyncSession) -> None:
    first = await real_named(session, PHONE, "conversation:old")
    second = await real_named(session, OTHER, "conversation:new")
    assert second == first
    assert await level(session, "conversation:old") is None
    assert await level(session, "conversation:new") is Access.REAL_NAME
    person = await session.get_one(Person, first, populate_existing=True)
    assert person.phone == OTHER
    assert (await people.person_by_phone(session, PHONE)).id != first


async def test_the_consent_to_the_phone_moves_with_the_phone(session: AsyncSession) -> None:
    first = await real_named(session, PHONE, "conversation:old")
    fresh = await signed_in(session, OTHER, "conversation:new")
    await consents.give(session, fresh, "sign_in", "1", "…", "web")
    assert await people.prove(session, "conversation:new", "王小明", ID) == first
    assert [one.kind for one in await consents.of_person(session, first)] == ["sign_in"]


async def test_a_number_given_out_again_belongs_to_its_new_owner_only(session: AsyncSession) -> None:
    before = await real_named(session, PHONE, "conversation:old owner")
    await people.keep_mandates(session, before, [FIRM])
    await signed_in(session, PHONE, "conversation:new owner")
    after = await people.prove(session, "conversation:new owner", "李静", OTHER_ID)
    assert after != before
    assert await level(session, "conversation:old owner") is None
    assert await people.handlers_of(session, "DJ1") == []
    kept = await session.get_one(Person, before, populate_existing=True)
    assert (kept.phone, kept.name) == (None, "王小明")
    assert (await people.person_by_phone(session, PHONE)).id == after


async def test_nothing_is_proven_in_a_session_that_is_over(session: AsyncSession, hands: Hands) -> None:
    person_id = await signed_in(session)
    hands.move(minutes=31)
    assert await people.prove(session, CHAT, "王小明", ID) is None
    assert (await session.get_one(Person, person_id)).name is None


async def test_handlers_can_be_reached(session: AsyncSession) -> None:
    one = await real_named(session)
    two = await real_named(session, OTHER, "conversation:two", OTHER_ID)
    await people.keep_mandates(session, one, [FIRM])
    await people.keep_mandates(session, two, [SHOP, FIRM])
    handlers = await people.handlers_of(session, "DJ1")
    assert [(who.person_id, who.phone, who.role, who.taxpayer_name) for who in handlers] == [
        (one, PHONE, "legal_representative", "杭州甲有限公司"), (two, OTHER, "legal_representative", "杭州甲有限公司"),
    ]  # fmt: skip
    assert await people.people_with_mandates(session) == [one, two]
    await people.erase(session, one, phone_too=True)
    assert [who.person_id for who in await people.handlers_of(session, "DJ1")] == [two]
    assert await people.handlers_of(session, "nobody") == []


async def test_taking_back_the_identity_leaves_the_phone(session: AsyncSession) -> None:
    person_id = await real_named(session)
    await people.keep_mandates(session, person_id, [FIRM])
    await sessions.choose(session, CHAT, "DJ1")
    await people.erase(session, person_id, phone_too=False)
    await sessions.weaken_all(session, person_id)
    assert await level(session) is Access.VERIFIED
    person = await session.get_one(Person, person_id, populate_existing=True)
    assert (person.phone, person.name, person.resident_id, person.resident_id_hash) == (PHONE, None, None, None)
    assert await people.mandates_of(session, person_id) == []


async def test_an_unknown_subject_is_nobody(session: AsyncSession) -> None:
    await signed_in(session)
    assert await principal_of(session, f"conversation:{new_id()}") is None
    assert await principal_of(session, "") is None


@pytest.mark.parametrize("version", ["1", "2"])
async def test_a_consent_is_written_once_a_version(session: AsyncSession, hands: Hands, version: str) -> None:
    person_id = await signed_in(session)
    for _ in range(2):
        await consents.give(session, person_id, "sign_in", version, "text", "web")
        hands.move(seconds=1)
    [given] = await consents.of_person(session, person_id)
    assert (given.version, given.text, given.withdrawn_at) == (version, "text", None)
    await consents.withdraw(session, person_id, "sign_in")
    await session.refresh(given)
    assert given.withdrawn_at == hands.now
    await consents.give(session, person_id, "sign_in", version, "text", "web")
    assert len(await consents.of_person(session, person_id)) == 2

"""For whom somebody acts: one, two, six taxpayers; others' are not there; what is taken back ends."""

from __future__ import annotations

import pytest

from hub.kit.db import transaction
from hub.skills import Access, Choice
from services.gateways.behaviour import Mode
from services.gateways.tax_core.models import CoreTaxpayer
from services.identity import mandates, proving
from services.identity.mandates import CoreDown, MandateNotFound, refresh_acting
from services.identity.skills import CHOOSE_TAXPAYER, PROVE_IDENTITY
from tests.hub.accounts.clock_hands import Hands
from tests.services.identity.people import Chat, chat, tell_core
from tests.services.tax_core import QINGCHUAN, SONGJIAN, YUANSHAN

SELF = "DJ33019001"


async def offered(talk: Chat) -> list[Choice]:
    """The buttons."""
    from hub.skills import question_of

    options = question_of(CHOOSE_TAXPAYER.form, "taxpayer_id").options
    assert options
    return list(await options(await talk.context(), {}))


async def prefilled(talk: Chat) -> dict[str, object]:
    """What the form knows when it opens."""
    assert CHOOSE_TAXPAYER.prefill
    return dict(await CHOOSE_TAXPAYER.prefill(await talk.context(), {}))


async def take_away(taxpayer_id: str) -> None:
    """The core system knows nobody any more who acts for this taxpayer."""
    async with transaction() as session:
        row = await session.get_one(CoreTaxpayer, taxpayer_id)
        row.file = row.file | {"mandates": []}


async def test_who_acts_for_several_chooses_with_name_and_role(sandboxes: str) -> None:
    talk = await chat().lift()
    choices = await offered(talk)
    assert choices[0] == Choice("王小明（本人）", SELF)
    assert Choice("杭州晴川咨询有限公司（法定代表人）", QINGCHUAN) in choices
    assert Choice("杭州远山贸易有限公司（财务负责人）", YUANSHAN) in choices
    assert await prefilled(talk) == {}
    done = await talk.choose(QINGCHUAN)
    assert done.text == "好的，接下来为杭州晴川咨询有限公司办理（法定代表人）。"
    principal = await talk.principal()
    assert principal is not None
    assert (principal.level, principal.taxpayer_id, principal.role) == (
        Access.AUTHORISED, QINGCHUAN, "legal_representative",
    )  # fmt: skip
    await talk.choose(YUANSHAN)
    principal = await talk.principal()
    assert principal is not None
    assert (principal.taxpayer_name, principal.role) == ("杭州远山贸易有限公司", "finance_officer")


async def test_two_chats_of_one_person_act_for_two(sandboxes: str, hands: Hands) -> None:
    one = await chat().lift(QINGCHUAN)
    hands.move(minutes=2)
    two = chat()
    await two.sign_in()
    await two.prove_by_tail(two.who.resident_id[-6:])
    await two.choose(YUANSHAN)
    principals = [await talk.principal() for talk in (one, two)]
    assert [who.taxpayer_id for who in principals if who] == [QINGCHUAN, YUANSHAN]


async def test_the_only_one_is_chosen_without_asking(sandboxes: str) -> None:
    assert await prefilled(await chat("孙浩").lift()) == {"taxpayer_id": "DJ33019005"}


@pytest.mark.parametrize("taxpayer_id", [SONGJIAN, "DJ00000000", "", "DJ33010001 "])
async def test_anothers_taxpayer_is_answered_as_a_missing_one(sandboxes: str, taxpayer_id: str) -> None:
    talk = await chat().lift()
    with pytest.raises(MandateNotFound, match="没有找到"):
        await talk.choose(taxpayer_id)
    assert await talk.level() is Access.REAL_NAME


async def test_a_mandate_taken_back_ends_within_the_round_of_the_worker(sandboxes: str, hands: Hands) -> None:
    talk = await chat().lift(QINGCHUAN)
    await take_away(QINGCHUAN)
    hands.move(minutes=10)
    assert await refresh_acting() == 1
    assert await talk.level() is Access.REAL_NAME
    assert QINGCHUAN not in [choice.value for choice in await offered(talk)]
    with pytest.raises(MandateNotFound):
        await talk.choose(QINGCHUAN)


async def test_what_was_asked_minutes_ago_is_asked_again(sandboxes: str, hands: Hands) -> None:
    talk = await chat().lift()
    assert QINGCHUAN in [choice.value for choice in await offered(talk)]
    await take_away(QINGCHUAN)
    hands.move(minutes=4)
    assert QINGCHUAN in [choice.value for choice in await offered(talk)]
    hands.move(minutes=1)
    assert QINGCHUAN not in [choice.value for choice in await offered(talk)]


async def test_a_core_system_that_is_down_is_said_to_be(sandboxes: str, hands: Hands) -> None:
    talk = await chat().lift()
    await tell_core(Mode.DOWN)
    with pytest.raises(CoreDown, match="暂时没有应答"):
        await offered(talk)
    with pytest.raises(CoreDown):
        await talk.choose(QINGCHUAN)
    await tell_core()
    await talk.choose(QINGCHUAN)
    await tell_core(Mode.DOWN)
    assert await refresh_acting() == 0
    assert await talk.level() is Access.AUTHORISED


async def test_who_did_not_prove_who_they_are_acts_for_nobody(sandboxes: str) -> None:
    talk = chat()
    await talk.sign_in()
    assert await offered(talk) == []
    with pytest.raises(MandateNotFound):
        await talk.choose(SELF)
    assert await talk.level() is Access.VERIFIED


async def test_consent_taken_back_while_the_core_system_is_asked_keeps_nothing(
    sandboxes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.identity import service

    talk = await chat().lift()
    principal = await talk.principal()
    assert principal is not None
    real = mandates.tax_core()

    class Slow:
        async def mandates(self, resident_id: str) -> object:
            await service.unbind(principal.person_id)
            return await real.mandates(resident_id)

    monkeypatch.setattr(mandates, "tax_core", Slow)
    assert await mandates.mandates_of(principal.person_id) == []
    monkeypatch.undo()
    assert await mandates.mandates_of(principal.person_id) == []


def test_the_steps_are_in_order() -> None:
    assert PROVE_IDENTITY.access is Access.VERIFIED
    assert CHOOSE_TAXPAYER.access is Access.REAL_NAME
    assert PROVE_IDENTITY.confirm
    assert not CHOOSE_TAXPAYER.confirm
    assert proving.Proof.PROVEN == "proven"

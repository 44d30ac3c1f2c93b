"""Proving an identity: in full with consent, later by six characters; locks, troubles, crashes, numbers given again."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from hub.accounts import people
from hub.accounts.codes import DoorShut
from hub.accounts.levels import SignInNeeded
from hub.kit import db
from hub.kit.idempotency import IdempotencyKeyReused
from hub.skills import Access
from services.gateways.behaviour import Mode
from services.identity import proving
from services.identity.proving import RealNameDown
from services.identity.schemas import TAIL
from services.identity.skills import PROVE_IDENTITY, SIGN_IN
from tests.hub.accounts.clock_hands import Hands
from tests.services.identity.people import Chat, chat, newest_code, tell_real_name


def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    """What a query finds."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload,no-any-return]


async def signed_in(name: str = "王小明") -> Chat:
    """Somebody at the level "verified"."""
    talk = chat(name)
    await talk.sign_in()
    return talk


async def prefilled(talk: Chat) -> dict[str, Any]:
    """What the form knows when it opens."""
    assert PROVE_IDENTITY.prefill
    return dict(await PROVE_IDENTITY.prefill(await talk.context(), {}))


async def previewed(talk: Chat, **values: str) -> str:
    """The sheet that is confirmed."""
    assert PROVE_IDENTITY.preview
    return (await PROVE_IDENTITY.preview(await talk.context(), PROVE_IDENTITY.form.model_validate(values))).text


async def test_in_full_with_the_consent_that_is_shown(sandboxes: str) -> None:
    talk = await signed_in()
    assert await prefilled(talk) == {}
    shown = await previewed(talk, name=talk.who.name, resident_id=talk.who.resident_id)
    assert "王**" in shown
    assert "199****0001" in shown
    assert "撤回同意" in shown
    assert talk.who.resident_id not in shown
    done = await talk.prove()
    assert (done.status, done.text) == ("proven", "实名认证通过，王**，您好。")
    assert await talk.level() is Access.REAL_NAME
    [(kind, version, text, withdrawn)] = rows(
        sandboxes, "select kind, version, text, withdrawn_at from consent where kind = 'real_name'"
    )
    assert (kind, version, withdrawn) == ("real_name", "2026-11", None)
    assert text in shown


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"name": "张三"}, "mismatch", "不一致"),
        ({"resident_id": "11010119900101" + "1237"}, "not_found", "没有核到"),
    ],
)
async def test_what_does_not_fit_is_asked_for_again(
    sandboxes: str, changes: dict[str, str], status: str, says: str
) -> None:
    talk = await signed_in()
    done = await talk.prove(**changes)
    assert (done.status, done.retry_fields) == (status, ("name", "resident_id"))
    assert says in done.text
    assert await talk.level() is Access.VERIFIED
    assert rows(sandboxes, "select count(*) from consent where kind = 'real_name'") == [(0,)]
    assert (await talk.prove()).status == "proven"


async def test_somebody_elses_identity_needs_their_phone(sandboxes: str) -> None:
    talk = await signed_in("孙浩")
    wang = chat().who
    assert (await talk.prove(name=wang.name, resident_id=wang.resident_id)).status == "mismatch"


async def test_five_failures_shut_the_door_for_an_hour(sandboxes: str, hands: Hands) -> None:
    talk = await signed_in()
    told = [await talk.prove(name=f"张{word}") for word in "一二三四五"]
    assert [one.retry_fields for one in told[:4]] == [("name", "resident_id")] * 4
    assert (told[4].status, told[4].retry_fields) == ("locked", ())
    assert "13:00之后" in told[4].text
    with pytest.raises(DoorShut):
        await talk.prove()
    hands.move(minutes=59)
    await talk.sign_in()
    with pytest.raises(DoorShut):
        await talk.prove()
    hands.move(minutes=1)
    assert (await talk.prove()).text.startswith("这个证件号码今天核验不一致的次数过多")
    hands.move(days=1)
    await talk.sign_in()
    assert (await talk.prove()).status == "proven"


async def test_who_was_here_before_shows_six_characters(sandboxes: str, hands: Hands) -> None:
    await chat().lift()
    hands.move(hours=1)
    talk = await signed_in()
    assert await prefilled(talk) == {"way": TAIL}
    assert "后六位" in await previewed(talk, way=TAIL, id_tail=talk.who.resident_id[-6:])
    wrong = await talk.prove_by_tail("00000X")
    assert (wrong.status, wrong.retry_fields) == ("mismatch", ("id_tail",))
    assert await talk.level() is Access.VERIFIED
    done = await talk.prove_by_tail(talk.who.resident_id[-6:].lower())
    assert done.status == "proven"
    assert await talk.level() is Access.REAL_NAME


async def test_a_new_text_needs_a_new_consent(sandboxes: str, hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    await chat().lift()
    hands.move(hours=1)
    talk = await signed_in()
    monkeypatch.setattr("services.identity.wording.CONSENT_VERSION", "2027-01")
    assert await prefilled(talk) == {}
    assert (await talk.prove_by_tail(talk.who.resident_id[-6:])).status == "mismatch"
    assert (await talk.prove()).status == "proven"
    hands.move(hours=1)
    await talk.sign_in()
    assert await prefilled(talk) == {"way": TAIL}


async def test_guessing_the_six_characters_is_locked(sandboxes: str, hands: Hands) -> None:
    await chat().lift()
    hands.move(hours=1)
    talk = await signed_in()
    told = [await talk.prove_by_tail(f"00000{number}") for number in range(5)]
    assert told[4].status == "locked"
    with pytest.raises(DoorShut):
        await talk.prove_by_tail(talk.who.resident_id[-6:])


async def test_six_characters_are_worth_nothing_before_the_first_time(sandboxes: str) -> None:
    talk = await signed_in()
    assert (await talk.prove_by_tail(talk.who.resident_id[-6:])).status == "mismatch"
    assert await talk.level() is Access.VERIFIED


async def test_a_new_owner_of_the_number_proves_in_full(
    sandboxes: str, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await chat().lift()
    old = await before.principal()
    hands.move(minutes=2)
    talk = await signed_in()
    assert (await talk.prove_by_tail("00000X")).status == "mismatch"
    # the carrier says that the number belongs to 李静 now
    li = chat("李静").who
    monkeypatch.setattr("services.gateways.real_name.sandbox._decide", lambda request: proving.Outcome.MATCH)
    anew = {"way": TAIL, "id_tail": "这不是我", "name": li.name, "resident_id": li.resident_id}
    assert "证件号码：3" in await previewed(talk, **anew)
    assert (await talk.submit(PROVE_IDENTITY, **anew)).status == "proven"
    new = await talk.principal()
    assert new is not None
    assert old is not None
    assert new.person_id != old.person_id
    assert new.name == "李静"
    assert await before.principal() is None


@pytest.mark.parametrize("mode", [Mode.DOWN, Mode.ERROR, Mode.GARBAGE])
async def test_trouble_proves_nothing_and_the_same_act_can_be_tried_again(sandboxes: str, mode: Mode) -> None:
    talk = await signed_in()
    await tell_real_name(mode)
    with pytest.raises(RealNameDown, match="没有完成认证"):
        await talk.prove("message 1")
    assert await talk.level() is Access.VERIFIED
    await tell_real_name()
    assert (await talk.prove("message 1")).status == "proven"
    assert rows(sandboxes, "select count(*) from real_name_check") == [(1,)]


async def test_the_same_act_is_asked_once_and_counted_once(sandboxes: str) -> None:
    talk = await signed_in()
    told = await asyncio.gather(*(talk.prove("message 1", name="张三") for _ in range(6)))
    assert {one.status for one in told} == {"mismatch"}
    assert rows(sandboxes, "select count(*) from sandbox_real_name_check") == [(1,)]
    assert rows(sandboxes, "select failures from lockout") == [(1,)]
    with pytest.raises(IdempotencyKeyReused):
        await talk.prove("message 1")


async def test_a_crash_after_the_answer_is_made_good_by_the_same_act(
    sandboxes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = await signed_in()

    async def crash(*_: object) -> None:
        raise ConnectionAbortedError

    with monkeypatch.context() as patch:
        patch.setattr(people, "prove", crash)
        with pytest.raises(ConnectionAbortedError):
            await talk.prove("message 1")
    assert rows(sandboxes, "select outcome from real_name_check") == [(None,)]
    assert await talk.level() is Access.VERIFIED
    assert (await talk.prove("message 1")).status == "proven"
    assert rows(sandboxes, "select count(*) from sandbox_real_name_check") == [(1,)]


async def test_a_session_that_ended_while_the_service_was_asked_proves_nothing(sandboxes: str, hands: Hands) -> None:
    talk = await signed_in()
    context = await talk.context()
    hands.move(minutes=31)
    with pytest.raises(SignInNeeded):
        await PROVE_IDENTITY.submit(
            context,
            PROVE_IDENTITY.form.model_validate({"name": talk.who.name, "resident_id": talk.who.resident_id}),
        )
    await talk.sign_in()
    assert await talk.level() is Access.VERIFIED


async def test_no_transaction_is_open_while_the_service_is_asked(
    sandboxes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = await signed_in()
    held: list[int] = []

    class Watched:
        async def check(self, request: object) -> object:
            held.append(db.engine().pool.checkedout())  # type: ignore[attr-defined]
            raise proving.GatewayError("enough")

    monkeypatch.setattr(proving, "real_name", Watched)
    with pytest.raises(RealNameDown):
        await talk.prove()
    assert held == [0]


async def test_a_new_phone_finds_the_same_person(sandboxes: str, hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await chat().lift()
    first = await before.principal()
    new_phone = "1999999" + "6001"
    talk = chat()
    code = await talk.code(new_phone)
    assert (await talk.submit(SIGN_IN, phone=new_phone, code=code)).status == "signed_in"
    assert await newest_code(new_phone) == code
    monkeypatch.setattr("services.gateways.real_name.sandbox._decide", lambda request: proving.Outcome.MATCH)
    assert (await talk.prove()).status == "proven"
    second = await talk.principal()
    assert first is not None
    assert second is not None
    assert second.person_id == first.person_id
    assert await before.principal() is None

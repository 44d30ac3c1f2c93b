"""Signing out and unbinding: what ends, what is erased, what stays; nothing readable lies in the database."""

from __future__ import annotations

import asyncio
import re
from datetime import date

import psycopg
import pytest
from psycopg import sql

from hub.kit.errors import HubError
from hub.kit.taxtext import resident_id_ok
from hub.skills import Access
from services.gateways.tax_core.seed import people
from services.identity import service
from services.identity.service import ConsentNotFound
from services.identity.skills import SIGN_IN, SIGN_OUT
from tests.hub.accounts.clock_hands import Hands
from tests.services.identity.people import Chat, chat
from tests.services.tax_core import QINGCHUAN

IDENTITY_TABLES = (
    "person", "person_session", "one_time_code", "lockout", "mandate", "consent", "real_name_check", "sandbox_sms",
    "sandbox_real_name_check", "audit_entry",
)  # fmt: skip


def dump(dsn: str) -> str:
    """Every row of every table, as text."""
    with psycopg.connect(dsn) as connection:
        tables = [row[0] for row in connection.execute("select tablename from pg_tables where schemaname = 'public'")]
        assert set(IDENTITY_TABLES) <= set(tables)
        lines: list[str] = []
        for table in tables:
            query = sql.SQL("select t::text from {} t").format(sql.Identifier(table))
            lines += [str(row[0]) for row in connection.execute(query)]
    return "\n".join(lines)


async def previewed(talk: Chat, scope: str) -> str:
    """The sheet that is confirmed."""
    assert SIGN_OUT.preview
    return (await SIGN_OUT.preview(await talk.context(), SIGN_OUT.form.model_validate({"scope": scope}))).text


async def test_signing_out_ends_this_session_only(sandboxes: str, hands: Hands) -> None:
    one = await chat().lift(QINGCHUAN)
    hands.move(minutes=2)
    two = chat()
    await two.sign_in()
    assert "199****0001" in await previewed(one, "sign_out")
    assert (await one.submit(SIGN_OUT, scope="退出登录")).status == "signed_out"
    assert await one.principal() is None
    assert await two.level() is Access.VERIFIED
    assert (await two.prove_by_tail(two.who.resident_id[-6:])).status == "proven"


async def test_unbinding_erases_the_person_everywhere(sandboxes: str, hands: Hands) -> None:
    one = await chat().lift(QINGCHUAN)
    hands.move(minutes=2)
    two = chat()
    await two.sign_in()
    before = await one.principal()
    assert before is not None
    assert "删除您的手机号码" in await previewed(one, "unbind")
    assert (await one.submit(SIGN_OUT, scope="解绑")).status == "unbound"
    assert [await talk.principal() for talk in (one, two)] == [None, None]
    with psycopg.connect(sandboxes) as connection:
        row = connection.execute(
            "select phone, phone_hash, name, resident_id, resident_id_hash, proven_at from person"
        ).fetchall()
        assert row == [(None,) * 6]
        assert connection.execute("select count(*) from mandate").fetchone() == (0,)
        assert connection.execute("select count(*) from real_name_check").fetchone() == (0,)
        withdrawn = connection.execute("select kind, withdrawn_at is not null from consent order by kind").fetchall()
        assert withdrawn == [("real_name", True), ("sign_in", True)]
    hands.move(minutes=2)
    again = chat()
    await again.sign_in()
    fresh = await again.principal()
    assert fresh is not None
    assert fresh.person_id != before.person_id


async def test_taking_back_the_consent_to_the_identity(sandboxes: str) -> None:
    talk = await chat().lift(QINGCHUAN)
    principal = await talk.principal()
    assert principal is not None
    given = {one.kind: one for one in await service.consents_of(principal.person_id)}
    assert set(given) == {"sign_in", "real_name"}
    await service.withdraw_consent(principal.person_id, given["real_name"].id)
    assert await talk.level() is Access.VERIFIED
    kept = {one.kind: one.withdrawn_at for one in await service.consents_of(principal.person_id)}
    assert kept["sign_in"] is None
    assert kept["real_name"] is not None
    with pytest.raises(ConsentNotFound):
        await service.withdraw_consent(principal.person_id, given["real_name"].id)
    assert (await talk.prove_by_tail(talk.who.resident_id[-6:])).status == "mismatch"
    assert (await talk.prove()).status == "proven"


async def test_taking_back_the_consent_to_the_phone_is_leaving(sandboxes: str) -> None:
    talk = await chat().lift()
    principal = await talk.principal()
    assert principal is not None
    given = {one.kind: one for one in await service.consents_of(principal.person_id)}
    await service.withdraw_consent(principal.person_id, given["sign_in"].id)
    assert await talk.principal() is None


async def test_anothers_consent_is_not_there(sandboxes: str) -> None:
    wang, li = await chat().lift(), await chat("李静").lift()
    principals = [await talk.principal() for talk in (wang, li)]
    ids = [who.person_id for who in principals if who]
    given = await service.consents_of(ids[0])
    with pytest.raises(ConsentNotFound):
        await service.withdraw_consent(ids[1], given[0].id)
    assert await wang.level() is Access.REAL_NAME


async def test_everything_at_once_waits_in_no_circle(sandboxes: str, hands: Hands) -> None:
    for round_number in range(4):
        one = await chat().lift(QINGCHUAN)
        hands.move(minutes=2)
        two = chat()
        await two.sign_in()
        hands.move(minutes=2)
        code = await two.code()
        tail, phone = one.who.resident_id[-6:], one.who.phone
        principal = await one.principal()
        assert principal is not None
        given = {consent.kind: consent for consent in await service.consents_of(principal.person_id)}
        acts = [
            one.prove(),
            two.prove(name="张三"),
            two.prove_by_tail(tail),
            two.submit(SIGN_IN, phone=phone, code=code),
            one.choose(QINGCHUAN),
            service.withdraw_consent(principal.person_id, given["real_name"].id),
            *([service.unbind(principal.person_id)] if round_number % 2 else []),
        ]
        done = await asyncio.gather(*acts, return_exceptions=True)
        assert [one for one in done if isinstance(one, BaseException) and not isinstance(one, HubError)] == []
        hands.move(hours=24)


async def test_nothing_readable_lies_in_the_database(sandboxes: str, hands: Hands) -> None:
    for person in people():
        talk = await chat(person.name).lift()
        await talk.prove(name="张三")
        await talk.submit(SIGN_OUT, scope="退出登录")
    dumped = dump(sandboxes)
    for person in people():
        assert person.phone not in dumped
        assert person.resident_id not in dumped
        assert person.name not in dumped
        for secret in (person.phone, person.resident_id, person.name):
            assert secret.encode().hex() not in dumped
    numbers = re.findall(r"(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])", dumped)
    assert [number for number in numbers if resident_id_ok(number, date(2026, 11, 22))] == []
    assert re.findall(r"(?<![0-9A-Za-z])1[3-9]\d{9}(?![0-9A-Za-z])", dumped) == []

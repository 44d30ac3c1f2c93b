"""Nobody's files are seen or changed by somebody else: every door, every skill, without identity and with another's."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from bot.conversation import files, repository
from hub.accounts import sessions
from hub.accounts.people import person_by_phone, prove
from hub.app import create_app
from hub.kit.crypto import fingerprint, keyed_hash
from hub.kit.db import transaction
from hub.kit.rates import limiter
from hub.settings import get_settings
from services.gateways.payments.registry import close_payment_channels
from services.gateways.registry import tax_core
from services.gateways.sms import sandbox as phones
from services.gateways.tax_core import seed
from services.registry import SKILLS
from tests.api.walk import doors
from tests.services.filing.filers import IN_TIME, OPEN_CIT, OPEN_VAT, stand_at
from tests.services.tax_core import QINGCHUAN, SUNHAO, tell_core

VICTIM, THIEF = "王小明", "孙浩"
SAID = "我公司的事情只对您说"
# what the stand-ins of outside parties show is theirs, and is there only while they stand in
OTHER_PARTIES = ("/sandbox/",)
# what needs the knowledge and no person at all, and the description of the API
NOT_ABOUT_PEOPLE = frozenset({"/openapi.json", "/api/v1/ask"})
# opened by a token of its own that a person's is not: 401 for any other token (tests/api/test_public_api.py)
BY_ITS_OWN_TOKEN = (
    "/api/v1/conversations/{conversation_id}", "/channels/wechat/carry/{conversation_id}",
    "/channels/sms/carry/{conversation_id}",
)  # fmt: skip
LAST = ("/api/v1/auth/tokens/current", "/api/v1/auth/me")
"""Doors behind which somebody ends their own session: nobody else's, and the last ones that are tried."""


@dataclass(frozen=True)
class Ids:
    """Every id by which something of a taxpayer could be asked for."""

    obligation_id: str
    taxpayer_id: str
    filing_id: str
    sheet_id: str
    batch_id: str
    order_id: str
    number: str
    ticket: str
    trace_id: str
    conversation_id: str
    message_id: str
    consent_id: str
    charge_id: str
    attachment_id: str
    place: str = "0"


def made_up(ids: Ids) -> Ids:
    """Ids of the same shape that nobody has."""
    return Ids(
        obligation_id="DJ39999999-vat_small_scale-20260930", taxpayer_id="DJ39999999", filing_id=str(uuid.uuid4()),
        sheet_id=str(uuid.uuid4()), batch_id=str(uuid.uuid4()), order_id=str(uuid.uuid4()), number=uuid.uuid4().hex,
        ticket=ids.ticket, trace_id=str(uuid.uuid4()), conversation_id=str(uuid.uuid4()),
        message_id=str(uuid.uuid4()), consent_id=str(uuid.uuid4()), charge_id=str(uuid.uuid4()),
        attachment_id=str(uuid.uuid4()),
    )  # fmt: skip


@dataclass(frozen=True)
class World:
    """The app, what belongs to the victim, words that only the victim may read, and the thief's own session."""

    app: FastAPI
    dsn: str
    ids: Ids
    private: frozenset[str]
    kept: set[tuple[str, str]]
    token: str
    cookie: str


@pytest.fixture
async def world(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """王小明 with a return, a sheet, a batch, orders, a conversation and consents; 孙浩 with nothing but himself."""
    settings = get_settings()
    for name in ("rate_ask", "rate_conversation", "rate_message", "rate_upload", "rate_auth"):
        monkeypatch.setattr(settings, name, "100000/minute")
    for name in ("core", "real_name", "sms", "payment"):
        monkeypatch.setattr(settings, f"{name}_timeout_seconds", 30.0)
    stand_at(IN_TIME, monkeypatch)
    tax_core.cache_clear()
    await close_payment_channels()
    limiter.storage.reset()
    await tell_core()
    app = create_app()
    async with _client(app) as http:
        await _signed_in(http, VICTIM, QINGCHUAN)
        ids, private = await _everything(http)
    kept = held(empty_database, KEPT)
    async with _client(app) as http:
        token = await _signed_in(http, THIEF, SUNHAO)
    yield World(app, empty_database, ids, private, kept, token, await _in_the_browser())
    await close_payment_channels()
    tax_core.cache_clear()


def _client(app: FastAPI, **more: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://hub", **more)


async def _ok(http: httpx.AsyncClient, method: str, path: str, **more: Any) -> Any:
    answer = await http.request(method, path, **more)
    assert answer.is_success, (path, answer.text)
    return answer


async def _signed_in(http: httpx.AsyncClient, name: str, taxpayer_id: str) -> str:
    """Sign in as people do, and act for a taxpayer."""
    human = seed.person(name)
    await _ok(http, "POST", "/api/v1/auth/codes", json={"phone": human.phone})
    async with transaction() as session:
        [message, *_] = await phones.inbox(session, human.phone)
    code = re.search(r"\d{6}", message.text)
    assert code is not None
    signed = await _ok(http, "POST", "/api/v1/auth/tokens", json={"phone": human.phone, "code": code[0]})
    token: str = signed.json()["token"]
    http.headers["Authorization"] = f"Bearer {token}"
    identity = {"name": name, "resident_id": human.resident_id, "consent": True}
    await _ok(http, "POST", "/api/v1/auth/identity", json=identity)
    await _ok(http, "PUT", "/api/v1/auth/taxpayer", json={"taxpayer_id": taxpayer_id})
    return token


async def _in_the_browser() -> str:
    """The thief on the service pages."""
    human, cookie = seed.person(THIEF), secrets.token_urlsafe(32)
    async with transaction() as session:
        subject = f"web:{fingerprint(cookie)}"
        await sessions.begin(session, subject, (await person_by_phone(session, human.phone)).id)
        await prove(session, subject, THIEF, human.resident_id)
        await sessions.choose(session, subject, SUNHAO)
    return cookie


async def _everything(http: httpx.AsyncClient) -> tuple[Ids, frozenset[str]]:
    """Do what leaves something behind; the ids, and the words that must not come out."""
    book = await _ok(http, "GET", "/api/v1/filing/batches/template?form=vat_small_scale")
    batch = (await _ok(http, "POST", "/api/v1/filing/batches?form=vat_small_scale", content=book.content)).json()
    paid = await _skill(http, "pay_tax", {"charges": "all", "method": "tripartite"})
    filed = await _skill(http, "file_vat", {"obligation_id": OPEN_VAT})
    order = await _skill(http, "pay_tax", {"charges": "all", "method": "wechat"})
    sheet = (await _ok(http, "POST", f"/api/v1/filing/obligations/{OPEN_CIT}/preview", json={})).json()
    await _ok(http, "PUT", "/api/v1/reminders", json={"choice": "last_day"})
    consents = (await _ok(http, "GET", "/api/v1/auth/consents")).json()["consents"]
    talk = (await _ok(http, "POST", "/api/v1/conversations", json={"consent": True})).json()
    async with transaction() as session:
        conversation = await repository.reserve(session, uuid.UUID(talk["conversation_id"]), 1)
        assert conversation is not None
        message_id = await repository.add_inbound(session, conversation, external_id="m1", content=SAID, payload={})
    kept = await files.keep(
        uuid.UUID(talk["conversation_id"]), kind="file", name="账.txt", content_type="text/plain", content=SAID.encode()
    )
    number, ticket = order["result"]["opened"]["page"].rsplit("/", 2)[1:]
    ids = Ids(
        obligation_id=OPEN_VAT, taxpayer_id=QINGCHUAN, filing_id=filed["result"]["filing_id"],
        sheet_id=sheet["sheet_id"], batch_id=batch["batch_id"], order_id=order["result"]["id"], number=number,
        ticket=ticket[:-4] + "AAAA", trace_id=sheet["trace_id"], conversation_id=talk["conversation_id"],
        message_id=str(message_id), attachment_id=str(kept.id),
        consent_id=consents[0]["id"], charge_id=order["result"]["charges"][0]["charge_id"],
    )  # fmt: skip
    human = seed.person(VICTIM)
    private = {
        VICTIM, "王*明", "晴川", SAID, human.phone, human.resident_id, f"{human.phone[:3]}****{human.phone[-4:]}",
        filed["receipt"], paid["receipt"], filed["result"]["return_id"], "1242.00", "1,242.00", "286000.00",
        "286,000.00", sheet["sheet"]["total"],
    }  # fmt: skip
    return ids, frozenset(private)


async def _skill(http: httpx.AsyncClient, name: str, body: Mapping[str, str]) -> Any:
    told = (await _ok(http, "POST", f"/api/v1/skills/{name}", json=body)).json()
    assert told["receipt"], told
    return told


# what a request to a route has in its body, given whose ids
BODIES: Mapping[tuple[str, str], Callable[[Ids], Any]] = {
    ("PUT", "/api/v1/auth/taxpayer"): lambda ids: {"taxpayer_id": ids.taxpayer_id},
    ("POST", "/api/v1/filing/obligations/{obligation_id}/preview"): lambda ids: {"lines": [{"sales": "1"}]},
    ("POST", "/api/v1/filing/obligations/{obligation_id}/returns"): lambda ids: {"sheet_id": ids.sheet_id},
    ("POST", "/api/v1/payment/orders"): lambda ids: {"charges": ids.charge_id, "method": "wechat"},
    ("PUT", "/api/v1/reminders"): lambda ids: {"choice": "off"},
    ("POST", "/api/v1/conversations"): lambda ids: {"consent": True},
    ("POST", "/api/v1/conversations/{conversation_id}/messages"): lambda ids: {"text": "好", "client_message_id": "m1"},
    ("POST", "/api/v1/staff/conversations/{conversation_id}/reply"): lambda ids: {"text": "好"},
    ("POST", "/api/v1/staff/conversations/{conversation_id}/resolve"): lambda ids: {},
}  # fmt: skip
QUERIES: Mapping[str, str] = {
    "/api/v1/filing/batches/template": "?form=vat_small_scale",
    "/api/v1/staff/filing/returns": "?taxpayer_id={taxpayer_id}",
}
OTHER_PARTS = {"step": "phone", "channel": "wechat", "day": "2026-10-20", "party": "wechat"}


def form_of(skill: str, ids: Ids) -> dict[str, str]:
    """A form that asks for what the ids name."""
    return {
        "file_vat": {
            "obligation_id": f"correct:vat_small_scale:{ids.obligation_id}",
            "sales": "1",
            "special_sales": "0",
        },
        "file_cit": {"obligation_id": ids.obligation_id, "profit": "1", "staff": "1", "assets": "1"},
        "file_vehicle": {"obligation_id": ids.obligation_id, "kind": "car"},
        "pay_tax": {"charges": ids.charge_id, "method": "wechat"},
        "choose_taxpayer": {"taxpayer_id": ids.taxpayer_id},
    }.get(skill, {})  # fmt: skip


@dataclass(frozen=True)
class Knock:
    """One request, as it is made with somebody's ids."""

    method: str
    path: str
    url: str
    body: Any
    pressed: str = ""


def knocks(app: FastAPI, ids: Ids) -> Iterator[Knock]:
    """Every route with these ids, and every skill behind those that take a name."""
    for method, path in sorted(doors(app), key=lambda door: (door[1] in LAST, door[1], door[0])):
        if path.startswith(OTHER_PARTIES) or path in NOT_ABOUT_PEOPLE or method == "HEAD":
            continue
        names = [skill.name for skill in SKILLS] if "skills/{name}" in path or "services/{name}" in path else ["deed"]
        for name in names:
            values = {**vars(ids), **OTHER_PARTS, "name": name}
            query = QUERIES.get(path, "").format(**values)
            body = BODIES.get((method, path), lambda _, name=name: form_of(name, ids))(ids)
            yield Knock(method, path, path.format(**values) + query, body, name)


async def answers(world: World, ids: Ids, who: str) -> dict[tuple[str, str, str], httpx.Response]:
    """What every door says to somebody."""
    headers = {"nobody": {}, "unknown": {"Authorization": "Bearer none"}}.get(
        who, {"Authorization": f"Bearer {world.token}"}
    )
    cookies = {"hub_services": world.cookie} if who == "thief" else {}
    found = {}
    async with _client(world.app, headers=headers, cookies=cookies) as http:
        for knock in knocks(world.app, ids):
            extra: dict[str, Any] = {}
            if knock.path.startswith("/services/") and knock.method == "POST":
                stamp = {"_stamp": keyed_hash(world.cookie, "page"), "_step": "confirm", "_key": uuid.uuid4().hex}
                extra["data"] = {**knock.body, **stamp}
            elif knock.method in ("POST", "PUT"):
                extra["json"] = knock.body
                extra["headers"] = {"Idempotency-Key": uuid.uuid4().hex}
            answer = await http.request(knock.method, knock.url, **extra)
            found[knock.method, knock.path, knock.pressed] = answer
    return found


KEPT = (
    "tax_return", "filing_sheet", "filing_batch", "filing_batch_row", "payment_order", "payment_order_charge",
    "conversation", "conversation_file", "message", "consent", "mandate", "calculation", "reminder_setting",
)  # fmt: skip
UNTOUCHED = ("core_sandbox_return", "core_sandbox_charge", "core_sandbox_settlement", "core_sandbox_taxpayer")


def held(dsn: str, tables: tuple[str, ...]) -> set[tuple[str, str]]:
    """Every row of the tables, as text."""
    with psycopg.connect(dsn) as connection:
        there = {row[0] for row in connection.execute("select tablename from pg_tables where schemaname = 'public'")}
        return {
            (table, str(row[0]))
            for table in tables
            if table in there
            for row in connection.execute(f"select t::text from {table} t")  # type: ignore[arg-type]
        }


@pytest.mark.parametrize("who", ["nobody", "unknown", "thief"])
async def test_nothing_comes_out_and_nothing_changes(world: World, who: str) -> None:
    untouched = held(world.dsn, UNTOUCHED)
    assert {table for table, _ in world.kept} >= {"tax_return", "payment_order", "message", "consent", "filing_batch"}
    told = await answers(world, world.ids, who)
    assert len(told) > 120
    for door, answer in told.items():
        assert answer.status_code < 500 or answer.status_code == 503, (door, answer.text)
        assert not [word for word in world.private if word in answer.text], (door, answer.text)
        assert not [word for word in world.private if word in str(answer.headers)], door
        if re.search(r"\{\w+_id\}|\{number\}", door[1]) or door[1].startswith(("/api/v1/staff", "/internal")):
            assert answer.status_code in (401, 403, 404), (door, answer.status_code, answer.text)
    assert world.kept <= held(world.dsn, KEPT)
    assert untouched == held(world.dsn, UNTOUCHED)


async def test_a_foreign_id_answers_as_a_missing_one(world: World) -> None:
    theirs = await answers(world, world.ids, "thief")
    signed = await _sessions_again(world)
    missing = await answers(signed, made_up(world.ids), "thief")
    assert theirs.keys() == missing.keys()
    by_id = {
        (one.method, one.path, one.pressed)
        for one, other in zip(knocks(world.app, world.ids), knocks(world.app, made_up(world.ids)), strict=True)
        if (one.url, one.body) != (other.url, other.body) and not one.path.startswith(BY_ITS_OWN_TOKEN)
    }
    assert len(by_id) > 20
    different = [
        (door, theirs[door].status_code, missing[door].status_code, _said(theirs[door]), _said(missing[door]))
        for door in sorted(by_id)
        if (theirs[door].status_code, _said(theirs[door])) != (missing[door].status_code, _said(missing[door]))
    ]
    assert different == []
    # these are the requests that were meant, not ones that fail for their form
    for door in (("POST", "/api/v1/payment/orders", "deed"), ("POST", "/api/v1/skills/{name}", "file_vat"),
                 ("POST", "/api/v1/skills/{name}", "pay_tax"), ("PUT", "/api/v1/auth/taxpayer", "deed")):  # fmt: skip
        assert theirs[door].status_code != 422 or theirs[door].json()["code"] != "form_invalid", theirs[door].text


async def _sessions_again(world: World) -> World:
    """The thief has signed out at the last doors: the same with a new session."""
    human, token = seed.person(THIEF), secrets.token_urlsafe(32)
    async with transaction() as session:
        subject = f"token:{fingerprint(token)}"
        await sessions.begin(session, subject, (await person_by_phone(session, human.phone)).id)
        await prove(session, subject, THIEF, human.resident_id)
        await sessions.choose(session, subject, SUNHAO)
    return replace(world, token=token, cookie=await _in_the_browser())


def _said(answer: httpx.Response) -> str:
    """An answer as it is read, without what is new in every one: traces, ids, moments."""
    kind, text = answer.headers.get("content-type", ""), answer.text
    if kind.startswith("text/html"):
        text = " ".join(re.sub(r"<script.*?</script>|<[^>]+>", " ", text, flags=re.DOTALL).split())
    text = re.sub(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", "", text)
    text = re.sub(r"DJ\d{8}(-\w+-\d{8})?", "", text)
    return re.sub(r'[0-9a-f]{32}|"token":"[^"]+"|\d{4}-\d\d-\d\dT[\d:.]+Z?', "", text)

"""`/api/v1/auth`, bearer tokens on skills, and the demonstration's phones in the browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from hub.app import create_app
from hub.kit.db import transaction
from hub.settings import get_settings
from services.gateways.behaviour import Mode
from services.gateways.tax_core.seed import person
from tests.hub.accounts.clock_hands import Hands
from tests.services.identity.people import newest_code, other_than, tell_core, tell_real_name, tell_sms, texts
from tests.services.tax_core import QINGCHUAN, SONGJIAN, YUANSHAN

WANG, LI = person("王小明"), person("李静")


@pytest.fixture
async def http(sandboxes: str) -> AsyncIterator[httpx.AsyncClient]:
    """The hub, without a network."""
    transport = httpx.ASGITransport(create_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        yield client


class Caller:
    """A program that acts for somebody."""

    def __init__(self, http: httpx.AsyncClient, token: str = "") -> None:
        self._http, self.token = http, token

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        sent: Any = {"Authorization": f"Bearer {self.token}".encode()} if self.token else {}
        return await self._http.request(
            method, path if path.startswith("/") else f"/api/v1/auth/{path}", json=body, headers=sent | headers
        )  # fmt: skip


async def signed_in(http: httpx.AsyncClient, phone: str = WANG.phone) -> Caller:
    """Somebody with a token."""
    anybody = Caller(http)
    sent = await anybody("POST", "codes", {"phone": phone})
    assert sent.status_code == 200, sent.text
    assert sent.json() == {"expires_in": 300, "resend_after": 60, "certain": True}
    got = await anybody("POST", "tokens", {"phone": phone, "code": await newest_code(phone)})
    assert got.status_code == 200, got.text
    return Caller(http, got.json()["token"])


async def real_named(http: httpx.AsyncClient, who: Any = WANG) -> Caller:
    """Somebody who proved who they are."""
    caller = await signed_in(http, who.phone)
    body = {"name": who.name, "resident_id": who.resident_id, "consent": True}
    done = await caller("POST", "identity", body)
    assert done.status_code == 200, done.text
    assert done.json()["level"] == "real_name"
    return caller


async def test_from_nobody_to_somebody_who_acts(http: httpx.AsyncClient) -> None:
    caller = await signed_in(http)
    me = (await caller("GET", "me")).json()
    assert me == {
        "level": "verified", "name": "手机尾号0001的用户", "phone": "199****0001",
        "taxpayer_id": None, "taxpayer_name": None, "role": None,
    }  # fmt: skip
    refused = await caller("GET", "mandates")
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_needed")
    assert refused.json()["access"] == "real_name"
    proven = await caller("POST", "identity", {"name": WANG.name, "resident_id": WANG.resident_id, "consent": True})
    assert (proven.json()["level"], proven.json()["name"]) == ("real_name", "王小明")
    listed = (await caller("GET", "mandates")).json()["mandates"]
    assert {one["taxpayer_id"] for one in listed} >= {QINGCHUAN, YUANSHAN}
    acting = await caller("PUT", "taxpayer", {"taxpayer_id": YUANSHAN})
    assert (acting.json()["level"], acting.json()["role"]) == ("authorised", "finance_officer")
    assert (await caller("GET", "me")).json() == acting.json()
    gone = await caller("DELETE", "tokens/current")
    assert gone.status_code == 204
    assert (await caller("GET", "me")).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "me"), ("DELETE", "me"), ("GET", "mandates"), ("PUT", "taxpayer"), ("POST", "identity"),
        ("GET", "looks"), ("GET", "consents"), ("DELETE", "tokens/current"),
        ("DELETE", "consents/00000000-0000-0000-0000-000000000000"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("token", ["", "foreign é"])
async def test_without_a_token_of_ours_nothing(http: httpx.AsyncClient, method: str, path: str, token: str) -> None:
    body = {"taxpayer_id": QINGCHUAN} if method == "PUT" else None
    if path == "identity":
        body = {"name": WANG.name, "resident_id": WANG.resident_id, "consent": True}  # type: ignore[dict-item]
    refused = await Caller(http, token)(method, path, body)
    assert refused.status_code == 401
    assert refused.json()["code"] == "step_up_needed"
    assert refused.headers["www-authenticate"] == "Bearer"


async def test_the_operators_token_is_nobody_here(http: httpx.AsyncClient) -> None:
    operator = Caller(http, get_settings().staff_token.get_secret_value())
    assert (await operator("GET", "me")).status_code == 401


async def test_a_token_runs_out(http: httpx.AsyncClient, hands: Hands) -> None:
    caller = await signed_in(http)
    hands.move(minutes=29)
    assert (await caller("GET", "me")).status_code == 200
    hands.move(minutes=30)
    expired = await caller("GET", "me")
    assert (expired.status_code, expired.json()["code"]) == (401, "step_up_needed")


async def test_wrong_and_used_codes(http: httpx.AsyncClient, hands: Hands) -> None:
    anybody = Caller(http)
    await anybody("POST", "codes", {"phone": WANG.phone})
    code = await newest_code(WANG.phone)
    wrong = await anybody("POST", "tokens", {"phone": WANG.phone, "code": other_than(code)})
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["attempts_left"]) == (422, "code_wrong", 4)
    assert (await anybody("POST", "tokens", {"phone": LI.phone, "code": code})).status_code == 422
    assert (await anybody("POST", "tokens", {"phone": WANG.phone, "code": code})).status_code == 200
    replayed = await anybody("POST", "tokens", {"phone": WANG.phone, "code": code})
    assert (replayed.status_code, replayed.json()["code"]) == (422, "code_wrong")
    assert (await anybody("POST", "tokens", {"phone": WANG.phone, "code": "重发"})).status_code == 422


async def test_limits_say_when_to_come_back(http: httpx.AsyncClient, hands: Hands) -> None:
    anybody = Caller(http)
    await anybody("POST", "codes", {"phone": WANG.phone})
    hands.move(seconds=10)
    soon = await anybody("POST", "codes", {"phone": WANG.phone})
    assert (soon.status_code, soon.json()["code"], soon.headers["retry-after"]) == (429, "code_too_soon", "50")
    hands.move(seconds=50)
    assert (await anybody("POST", "codes", {"phone": WANG.phone})).status_code == 200


async def test_a_shut_door_says_until_when(http: httpx.AsyncClient, hands: Hands) -> None:
    anybody = Caller(http)
    for _ in range(2):
        await anybody("POST", "codes", {"phone": WANG.phone})
        wrong = other_than(await newest_code(WANG.phone))
        for _ in range(5):
            last = await anybody("POST", "tokens", {"phone": WANG.phone, "code": wrong})
        hands.move(minutes=1)
    assert (last.status_code, last.json()["code"], last.headers["retry-after"]) == (429, "locked", "1800")
    assert (await anybody("POST", "codes", {"phone": WANG.phone})).json()["code"] == "locked"


async def test_calls_are_limited(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "rate_auth", "2/hour")
    answers = [(await Caller(http)("GET", "me")).status_code for _ in range(4)]
    assert answers[-1] == 429


@pytest.mark.parametrize(
    "body",
    [{}, {"phone": "123"}, {"phone": 5}, {"phone": None}, {"phone": WANG.phone, "more": 1}, [], {"phone": "\ud800"}],
)
async def test_what_is_no_phone(http: httpx.AsyncClient, body: Any) -> None:
    refused = await http.post("/api/v1/auth/codes", content=_json(body), headers={"content-type": "application/json"})
    assert refused.status_code == 422
    assert "请检查" in refused.json()["detail"]


def _json(body: Any) -> bytes:
    import json

    return json.dumps(body).encode()


async def test_an_identity_needs_consent_and_truth(http: httpx.AsyncClient) -> None:
    caller = await signed_in(http)
    body = {"name": WANG.name, "resident_id": WANG.resident_id}
    without = await caller("POST", "identity", body | {"consent": False})
    assert (without.status_code, without.json()["code"]) == (422, "consent_missing")
    false = await caller("POST", "identity", body | {"consent": True, "name": "张三"})
    assert (false.status_code, false.json()["code"], false.json()["outcome"]) == (
        422, "identity_not_proven", "mismatch",
    )  # fmt: skip
    await tell_real_name(Mode.DOWN)
    down = await caller("POST", "identity", body | {"consent": True}, **{"Idempotency-Key": "same-act-1"})
    assert (down.status_code, down.json()["code"]) == (503, "real_name_unavailable")
    await tell_real_name()
    for _ in range(2):
        done = await caller("POST", "identity", body | {"consent": True}, **{"Idempotency-Key": "same-act-1"})
        assert done.json()["level"] == "real_name"
    reused = await caller(
        "POST", "identity", body | {"consent": True, "name": "李静"}, **{"Idempotency-Key": "same-act-1"}
    )
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


async def test_anothers_taxpayer_is_answered_as_a_missing_one(http: httpx.AsyncClient) -> None:
    caller = await real_named(http)
    foreign = await caller("PUT", "taxpayer", {"taxpayer_id": SONGJIAN})
    missing = await caller("PUT", "taxpayer", {"taxpayer_id": "DJ00000000"})
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["detail"] == missing.json()["detail"]
    assert foreign.json()["code"] == missing.json()["code"] == "taxpayer_not_found"
    assert (await caller("GET", "me")).json()["level"] == "real_name"


async def test_the_parties_that_are_down(http: httpx.AsyncClient) -> None:
    await tell_sms(Mode.DOWN)
    down = await Caller(http)("POST", "codes", {"phone": WANG.phone})
    assert (down.status_code, down.json()["code"]) == (503, "sms_unavailable")
    await tell_sms()
    caller = await real_named(http)
    await tell_core(Mode.ERROR)
    down = await caller("GET", "mandates")
    assert (down.status_code, down.json()["code"]) == (503, "core_unavailable")


async def test_the_looks_at_ones_own_files(http: httpx.AsyncClient, hands: Hands) -> None:
    from hub import audit

    wang, li = await real_named(http), await real_named(http, LI)
    for caller in (wang, li):
        assert (await caller("PUT", "taxpayer", {"taxpayer_id": QINGCHUAN})).status_code == 200
    async with transaction() as session:
        await audit.record(session, "staff:li.ming", "filing.read", f"taxpayer:{QINGCHUAN}")
        await audit.record(session, "staff:li.ming", "filing.read", f"taxpayer:{SONGJIAN}")
    looks = (await wang("GET", "looks")).json()["looks"]
    assert (looks[0]["who"], looks[0]["action"]) == ("工作人员", "filing.read")
    assert [look["who"] for look in looks if look["action"] == "identity.acts_for"] == ["其他办税人员", "本人"]
    assert {"登录", "实名认证", "选择办税身份", "查看申报信息"} <= {look["what"] for look in looks}
    assert sum(look["action"] == "filing.read" for look in looks) == 1
    # the handler sees what was done with her own file, not with her clients'
    theirs = (await li("GET", "looks")).json()["looks"]
    assert all(look["action"] not in {"filing.read", "identity.acts_for"} for look in theirs)
    assert "li.ming" not in str(looks)


async def test_consents_can_be_seen_and_taken_back(http: httpx.AsyncClient) -> None:
    wang, li = await real_named(http), await real_named(http, LI)
    given = {one["kind"]: one for one in (await wang("GET", "consents")).json()["consents"]}
    assert given["real_name"]["title"] == "实名认证"
    assert given["real_name"]["withdrawn_at"] is None
    path = f"consents/{given['real_name']['id']}"
    assert (await li("DELETE", path)).status_code == 404
    assert (await wang("DELETE", path)).status_code == 204
    assert (await wang("DELETE", path)).status_code == 404
    assert (await wang("GET", "me")).json()["level"] == "verified"
    again = {one["kind"]: one for one in (await wang("GET", "consents")).json()["consents"]}
    assert again["real_name"]["withdrawn_at"] is not None


async def test_the_texts_can_be_read_before_anything_is_agreed_to(http: httpx.AsyncClient) -> None:
    texts = {one["kind"]: one for one in (await Caller(http)("GET", "consent-texts")).json()["texts"]}
    caller = await real_named(http)
    for given in (await caller("GET", "consents")).json()["consents"]:
        shown = texts[given["kind"]]
        assert (given["version"], given["text"]) == (shown["version"], shown["text"])


async def test_taking_leave_ends_every_token(http: httpx.AsyncClient, hands: Hands) -> None:
    one = await real_named(http)
    hands.move(minutes=1)
    two = await signed_in(http)
    assert (await one("DELETE", "me")).status_code == 204
    assert [(await caller("GET", "me")).status_code for caller in (one, two)] == [401, 401]


async def test_skills_take_the_token(http: httpx.AsyncClient, hands: Hands) -> None:
    caller = await signed_in(http)
    anonymous = await Caller(http)("POST", "/api/v1/skills/choose_taxpayer", {"taxpayer_id": QINGCHUAN})
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "step_up_needed")
    foreign = await Caller(http, "foreign")("POST", "/api/v1/skills/invoice_inspection", {})
    assert foreign.status_code == 401
    low = await caller("POST", "/api/v1/skills/choose_taxpayer", {"taxpayer_id": QINGCHUAN})
    assert (low.status_code, low.json()["code"], low.json()["access"]) == (403, "step_up_needed", "real_name")
    proven = await caller(
        "POST", "/api/v1/skills/prove_identity", {"name": WANG.name, "resident_id": WANG.resident_id}
    )  # fmt: skip
    assert proven.json()["status"] == "proven"
    chosen = await caller("POST", "/api/v1/skills/choose_taxpayer", {"taxpayer_id": QINGCHUAN})
    assert chosen.json()["result"]["role"] == "legal_representative"
    assert (await caller("GET", "me")).json()["taxpayer_id"] == QINGCHUAN
    left = await caller("POST", "/api/v1/skills/sign_out", {"scope": "sign_out"})
    assert left.json()["status"] == "signed_out"
    assert (await caller("GET", "me")).status_code == 401


async def test_one_persons_kept_answer_is_not_anothers(http: httpx.AsyncClient) -> None:
    wang, li = await real_named(http), await real_named(http, LI)
    path, key = "/api/v1/skills/choose_taxpayer", {"Idempotency-Key": "the-same-key"}
    one = await wang("POST", path, {"taxpayer_id": QINGCHUAN}, **key)
    other = await li("POST", path, {"taxpayer_id": QINGCHUAN}, **key)
    assert (one.json()["result"]["role"], other.json()["result"]["role"]) == ("legal_representative", "tax_handler")


async def test_signing_in_by_the_skill_is_for_chats(http: httpx.AsyncClient) -> None:
    refused = await Caller(http)("POST", "/api/v1/skills/sign_in", {"phone": WANG.phone, "code": "123456"})
    assert (refused.status_code, refused.json()["code"]) == (409, "use_auth_api")


async def test_the_phone_of_the_demonstration(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    await Caller(http)("POST", "codes", {"phone": WANG.phone})
    page = await http.get("/sandbox/phone", params={"number": WANG.phone})
    assert page.status_code == 200
    assert await newest_code(WANG.phone) in page.text
    assert "演示环境" in page.text
    assert "没有收到短信" in (await http.get("/sandbox/phone", params={"number": LI.phone})).text
    odd = await http.get("/sandbox/phone", params={"number": "<script>x"})
    assert "<script>x" not in odd.text
    assert "演示手机" in (await http.get("/sandbox/phone")).text
    monkeypatch.setattr(get_settings(), "sms_gateway", "aliyun")
    assert (await http.get("/sandbox/phone", params={"number": WANG.phone})).status_code == 404
    assert len(await texts(WANG.phone)) == 1

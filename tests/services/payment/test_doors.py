"""Our doors: the routes for payers and staff, the notices of parties, the cashier and the page with the code."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.kit.rates import limiter
from hub.settings import get_settings
from services.gateways.behaviour import Mode
from services.gateways.payments.registry import CHANNELS, sandbox_peer
from services.gateways.tax_core.wire import Operation
from services.payment.router import Payer
from tests.services.payment.payer import acting_for, door, order, pay, pay_unnoticed, rows, settlements
from tests.services.payments import notice_of, paid_there, tell
from tests.services.tax_core import JINXI, QINGCHUAN, tell_core

CALLBACKS = "/api/v1/payment/callbacks"


@pytest.fixture
def app(paying: str) -> FastAPI:
    """Our routes, for somebody who acts for 锦溪."""
    limiter.storage.reset()
    app = door()
    app.dependency_overrides[Payer.__metadata__[0].dependency] = lambda: acting_for(JINXI)
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of them."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
        yield client


async def test_paying_over_the_api(client: httpx.AsyncClient) -> None:
    due = (await client.get("/api/v1/payment/charges")).json()
    assert [one["amount"] for one in due["charges"]] == ["4452.00"]
    body = {"charges": [due["charges"][0]["charge_id"]], "method": "alipay", "device": "phone"}
    key = {"Idempotency-Key": "order-0001"}
    placed = (await client.post("/api/v1/payment/orders", json=body, headers=key)).json()
    again = (await client.post("/api/v1/payment/orders", json=body, headers=key)).json()
    assert placed == again
    assert (placed["state"], placed["opened"]["kind"], placed["total"]) == ("awaiting", "link", due["total"])
    other = await client.post("/api/v1/payment/orders", json=body | {"method": "wechat"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    path = f"/api/v1/payment/orders/{placed['id']}"
    assert (await client.get(f"{path}/receipt")).status_code == 404
    await pay(await order(JINXI, method="wechat"))
    assert (await client.get(path)).json()["state"] == "closed"
    listed = (await client.get("/api/v1/payment/orders")).json()["orders"]
    assert [one["state"] for one in listed] == ["booked", "closed"]
    receipt = (await client.get(f"/api/v1/payment/orders/{listed[0]['id']}/receipt")).json()
    assert receipt["number"] == listed[0]["receipt_number"]


async def test_another_taxpayers_order_answers_as_a_missing_one(client: httpx.AsyncClient) -> None:
    foreign = await order(QINGCHUAN)
    for path in (f"{foreign.id}", f"{uuid4()}"):
        for method, rest in (("GET", ""), ("GET", "/receipt"), ("POST", "/close")):
            answer = await client.request(method, f"/api/v1/payment/orders/{path}{rest}")
            assert (answer.status_code, answer.json()["code"]) == (404, "payment_order_not_found")


async def test_looks_are_written_down(client: httpx.AsyncClient, paying: str) -> None:
    await client.get("/api/v1/payment/charges")
    [(actor, subject)] = rows(paying, "select actor, subject from audit_entry where action = 'payment.charges_read'")
    assert actor.startswith("person:")
    assert subject == f"taxpayer:{JINXI}"


async def test_nobody_gets_in_without_proof(paying: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(door()), base_url="http://hub") as client:
        for path in ("/api/v1/payment/charges", "/api/v1/payment/orders", "/api/v1/staff/payment/refunds-due"):
            assert (await client.get(path)).status_code == 401


@pytest.mark.parametrize("name", list(CHANNELS))
async def test_a_notice_is_acknowledged_as_the_party_wants_it(client: httpx.AsyncClient, name: str) -> None:
    placed = await order(JINXI, method=name)
    notice = notice_of(name, await paid_there(name, placed.id.hex))
    answer = await client.post(f"{CALLBACKS}/{name}", content=notice.body, headers=dict(notice.headers))
    wanted = {"wechat": (200, '{"code":"SUCCESS","message":"成功"}'), "alipay": (200, "success")}
    assert (answer.status_code, answer.text) == wanted.get(name, (204, ""))


async def test_a_notice_without_the_partys_signature_is_turned_away(client: httpx.AsyncClient, paying: str) -> None:
    placed = await order(JINXI)
    notice = notice_of("wechat", await paid_there("wechat", placed.id.hex))
    forged = dict(notice.headers) | {"wechatpay-signature": "AAAA"}
    answer = await client.post(f"{CALLBACKS}/wechat", content=notice.body, headers=forged)
    assert answer.status_code == 401
    assert "wechat" not in answer.json()["detail"]
    elsewhere = await client.post(f"{CALLBACKS}/alipay", content=notice.body, headers=dict(notice.headers))
    assert elsewhere.status_code in (401, 422)
    assert (await client.post(f"{CALLBACKS}/cash", content=b"")).status_code == 404
    assert rows(paying, "select state from payment_order") == [("awaiting",)]


async def test_a_notice_for_an_order_that_is_not_ours_changes_nothing(client: httpx.AsyncClient, paying: str) -> None:
    placed = await order(JINXI, method="pos")
    notice = notice_of("pos", await paid_there("pos", placed.id.hex))
    answer = await client.post(f"{CALLBACKS}/bank_transfer", content=notice.body, headers=dict(notice.headers))
    assert answer.status_code == 204
    assert rows(paying, "select state from payment_order") == [("awaiting",)]


async def test_a_slow_core_system_does_not_keep_the_party_waiting(client: httpx.AsyncClient, paying: str) -> None:
    placed = await order(JINXI)
    await tell_core(Mode.DOWN, operation=Operation.SETTLE)
    notice = notice_of("wechat", await paid_there("wechat", placed.id.hex))
    answer = await client.post(f"{CALLBACKS}/wechat", content=notice.body, headers=dict(notice.headers))
    assert answer.status_code == 200
    assert rows(paying, "select state from payment_order") == [("paid",)]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from([*CHANNELS, "x"]),
    body=st.binary(max_size=300) | st.text(max_size=200).map(str.encode) | st.just(b"sign=a&sign_type=RSA2&x=%ff"),
    header=st.sampled_from(
        ["wechatpay-timestamp", "wechatpay-signature", "x-timestamp", "x-signature", "content-type"]
    ),
    value=st.text(st.characters(codec="latin-1", exclude_categories=("Cc",)), max_size=40),
)
async def test_garbage_is_never_our_fault(
    client: httpx.AsyncClient, name: str, body: bytes, header: str, value: str
) -> None:
    raw = {header.encode(): value.strip().encode("latin-1")}
    answer = await client.post(f"{CALLBACKS}/{name}", content=body, headers=raw)  # type: ignore[arg-type]
    assert 400 <= answer.status_code < 500


async def test_the_page_shows_the_code_to_whoever_has_its_address(client: httpx.AsyncClient) -> None:
    placed = await order(JINXI)
    assert placed.opened is not None
    page = placed.opened.page.removeprefix(f"http://127.0.0.1:{get_settings().port}")
    shown = await client.get(page)
    assert shown.status_code == 200
    assert "data:image/svg+xml" in shown.text
    assert "锦溪" not in shown.text
    assert "王小明" not in shown.text
    assert (await client.get(page[:-1] + ("A" if page[-1] != "A" else "B"))).status_code == 404
    await pay(placed)
    later = await client.get(page)
    assert "缴款成功" in later.text
    assert "data:image/svg+xml" not in later.text


async def test_the_page_leads_a_phone_to_the_wallet(client: httpx.AsyncClient) -> None:
    placed = await order(JINXI, method="wechat", device="phone")
    assert placed.opened is not None
    shown = await client.get(httpx.URL(placed.opened.page).path)
    assert f'href="{placed.opened.content}"' in shown.text
    assert shown.headers["referrer-policy"] == "origin"
    assert "data:image/svg+xml" not in shown.text


@pytest.mark.parametrize("device", ["computer", "phone"])
@pytest.mark.parametrize("name", ["wechat", "alipay", "online_bank"])
async def test_somebody_pays_at_the_cashier(client: httpx.AsyncClient, name: str, device: str, paying: str) -> None:
    placed = await order(JINXI, method=name, device=device)
    assert placed.opened is not None
    address = httpx.URL(placed.opened.content)
    shown = await client.get(address.raw_path.decode(), follow_redirects=True)
    assert shown.status_code == 200
    assert "演示环境" in shown.text
    assert "确认支付" in shown.text
    await pay(placed)
    again = await client.post(shown.url.path)
    assert "支付完成" in again.text
    assert rows(paying, "select state from payment_order") == [("booked",)]
    assert settlements(paying) == 1


async def test_the_counter_finds_an_order_by_its_code(client: httpx.AsyncClient) -> None:
    placed = await order(JINXI, method="bank_transfer")
    assert placed.opened is not None
    found = await client.get("/sandbox/cashier/bank", params={"code": placed.opened.content}, follow_redirects=True)
    assert "确认支付" in found.text
    wrong = await client.get("/sandbox/cashier/bank", params={"code": "1"})
    assert "没有这个缴款码" in wrong.text


async def test_there_is_no_cashier_where_no_stand_in_is(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = await order(JINXI)
    monkeypatch.setattr(get_settings(), "payment_wechat_gateway", "off")
    sandbox_peer.cache_clear()
    path = f"/sandbox/cashier/wechat/{placed.id.hex}"
    assert (await client.get(path)).status_code == 404
    assert (await client.post(path)).status_code == 404
    assert (await client.get("/sandbox/cashier/alipay/gateway.do?method=x")).status_code == 404


async def test_staff_see_and_repeat_a_reconciliation(client: httpx.AsyncClient, paying: str) -> None:
    placed = await order(JINXI)
    await pay_unnoticed(placed)
    token = {"Authorization": f"Bearer {get_settings().staff_token.get_secret_value()}"}
    path = "/api/v1/staff/payment/reconciliations/2026-11-22"
    assert (await client.get(path)).status_code == 401
    assert (await client.get(path, headers=token)).json() == {"reconciliations": []}
    made = (await client.post(path, headers=token)).json()["reconciliations"]
    assert {one["method"]: one["state"] for one in made}["wechat"] == "different"
    assert (await client.get(path, headers=token)).json()["reconciliations"] == made
    assert rows(paying, "select actor from audit_entry where action = 'payment.reconciled'") == [("staff:operator",)]
    assert (await client.get("/api/v1/staff/payment/refunds-due", headers=token)).json() == {"orders": []}


async def test_a_slow_answer_of_the_wallet_is_seen_on_the_page_later(client: httpx.AsyncClient) -> None:
    placed = await order(JINXI)
    assert placed.opened is not None
    await tell("wechat", Mode.GARBAGE)
    page = placed.opened.page.partition("/payment/")[2]
    assert (await client.get(f"/payment/{page}")).status_code == 200

"""The real client against odd answers, and the peer against odd requests."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from hub.kit import clock
from hub.settings import get_settings
from services.gateways import registry
from services.gateways.errors import GatewayError, GatewayFault, GatewayTimeout, GatewayUnavailable
from services.gateways.signature import Credentials, sign, signed_headers
from services.gateways.signed_http import ATTEMPTS
from services.gateways.tax_core.http import TaxCoreHttp
from services.gateways.tax_core.peer import create_peer
from services.gateways.tax_core.protocol import CoreRefusal, Filed, Refusal, Settlement
from services.gateways.tax_core.sandbox import TaxCoreSandbox
from services.gateways.tax_core.wire import ANSWERS, QUESTIONS, Answer, Operation, TaxpayerAsked
from services.gateways.tax_core.wire import Refused as Wired
from tests.services.tax_core import ITEMS, QINGCHUAN, THIRD_QUARTER, TOTAL, YEAR, a_debit, a_payment, a_return

CREDENTIALS = Credentials("bureau", "secret-of-tests")
REQUESTED = a_return(request_id="request-1")
ANSWERED = Filed(
    request_id="request-1", return_id="return-1", receipt_number="HZ-1", obligation_id=THIRD_QUARTER,
    accepted_at=clock.now(), items=ITEMS, total=TOTAL, due_on=date(2026, 10, 26),
)  # fmt: skip

Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler, timeout_seconds: float = 30.0) -> TaxCoreHttp:
    """A client whose network is a function."""
    return TaxCoreHttp("https://core.example/gate", CREDENTIALS, timeout_seconds, httpx.MockTransport(handler))


def answering(*responses: httpx.Response | Exception) -> tuple[Handler, list[httpx.Request]]:
    """A network that gives these answers in turn, and what it was asked."""
    left, asked = list(responses), []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handle, asked


def ok(answer: Any = ANSWERED, operation: Operation = Operation.FILE) -> httpx.Response:
    """An answer as the core system gives it."""
    return httpx.Response(200, content=ANSWERS[operation].dump_json(Answer(answer)))


@pytest.mark.parametrize("trouble", [httpx.Response(503), httpx.Response(429), httpx.ReadError("no")])
async def test_repeats_while_closed_with_the_same_key_and_a_fresh_signature(
    trouble: httpx.Response | Exception,
) -> None:
    handle, asked = answering(trouble, trouble, ok())
    assert await client(handle).file(REQUESTED) == ANSWERED
    assert len(asked) == ATTEMPTS
    assert {request.headers["idempotency-key"] for request in asked} == {"request-1"}
    assert len({request.headers["x-nonce"] for request in asked}) == ATTEMPTS
    for request in asked:
        assert request.url == "https://core.example/gate/v1/file"
        timestamp, nonce = request.headers["x-timestamp"], request.headers["x-nonce"]
        signed = sign("secret-of-tests", "POST", "/gate/v1/file", timestamp, nonce, request.content)
        assert request.headers["x-signature"] == signed


async def test_what_only_looks_something_up_has_a_key_of_its_own() -> None:
    handle, asked = answering(ok((), Operation.CHARGES), ok((), Operation.CHARGES))
    core = client(handle)
    assert list(await core.charges(QINGCHUAN)) == list(await core.charges(QINGCHUAN, unpaid_only=False)) == []
    assert [json.loads(request.content)["unpaid_only"] for request in asked] == [True, False]
    assert len({request.headers["idempotency-key"] for request in asked}) == 2


async def test_gives_up_after_three_attempts() -> None:
    handle, asked = answering(*[httpx.Response(503)] * 4)
    with pytest.raises(GatewayUnavailable, match="http_503"):
        await client(handle).file(REQUESTED)
    assert len(asked) == ATTEMPTS


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(500), GatewayFault),
        (httpx.Response(401, json={"code": "bad_signature"}), GatewayFault),
        (httpx.Response(302, headers={"location": "https://elsewhere.example"}), GatewayFault),
        (httpx.Response(200, content=b""), GatewayFault),
        (httpx.Response(200, text="<html>maintenance</html>"), GatewayFault),
        (httpx.Response(200, json={"result": {"request_id": "request-1"}}), GatewayFault),
        (httpx.Response(200, json={"result": None}), GatewayFault),
        (httpx.Response(200, json={"result": None, "refused": {"code": "who_knows", "message": ""}}), GatewayFault),
        (httpx.ReadTimeout("slow"), GatewayTimeout),
        (httpx.WriteTimeout("slow"), GatewayTimeout),
    ],
)
async def test_what_cannot_help_is_not_repeated(answer: httpx.Response | Exception, error: type[GatewayError]) -> None:
    handle, asked = answering(answer)
    with pytest.raises(error):
        await client(handle).file(REQUESTED)
    assert len(asked) == 1


@pytest.mark.parametrize("body", [{}, {"status": "maintenance"}, {"refused": None}, []])
@pytest.mark.parametrize("operation", [Operation.FILED, Operation.SETTLEMENT])
async def test_nothing_but_a_named_null_means_that_a_request_never_arrived(operation: Operation, body: object) -> None:
    async def ask(response: httpx.Response) -> object:
        core = client(answering(response)[0])
        return await (core.filed if operation is Operation.FILED else core.settlement)(QINGCHUAN, "request-1")

    assert await ask(httpx.Response(200, json={"result": None})) is None
    with pytest.raises(GatewayFault, match="malformed_reply"):
        await ask(httpx.Response(200, json=body))


async def test_a_refusal_is_raised_with_its_words() -> None:
    no = Answer(result=None, refused=Wired(Refusal.ALREADY_FILED, "已经申报过。"))
    handle, asked = answering(httpx.Response(200, content=ANSWERS[Operation.FILE].dump_json(no)))
    with pytest.raises(CoreRefusal) as caught:
        await client(handle).file(REQUESTED)
    assert (caught.value.code, caught.value.message) == (Refusal.ALREADY_FILED, "已经申报过。")
    assert len(asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        replace(ANSWERED, request_id="request-2"),
        replace(ANSWERED, obligation_id="another"),
        replace(ANSWERED, total=TOTAL + 1),
    ],
)
async def test_an_answer_that_is_about_something_else_or_does_not_add_up_is_a_fault(answer: Filed) -> None:
    with pytest.raises(GatewayFault, match="reply_does_not_fit"):
        await client(answering(ok(answer))[0]).file(REQUESTED)
    found = ok(answer, Operation.FILED)
    if answer.obligation_id == THIRD_QUARTER:
        with pytest.raises(GatewayFault, match="reply_does_not_fit"):
            await client(answering(found)[0]).filed(QINGCHUAN, "request-1")


async def test_a_payment_answered_with_another_one_is_a_fault() -> None:
    other = Settlement("request-2", "WS-1", clock.now(), Decimal(1), Decimal(0))
    paid = a_payment(request_id="request-1")
    asking: list[tuple[Operation, Callable[[TaxCoreHttp], Awaitable[object]]]] = [
        (Operation.SETTLE, lambda core: core.settle(paid)),
        (Operation.DEBIT, lambda core: core.debit(a_debit(request_id="request-1"))),
        (Operation.SETTLEMENT, lambda core: core.settlement(QINGCHUAN, "request-1")),
    ]
    for operation, ask in asking:
        with pytest.raises(GatewayFault, match="reply_does_not_fit"):
            await ask(client(answering(ok(other, operation))[0]))


@pytest.mark.parametrize("url", ["http://core.example", "ftp://core.example", "core.example", ""])
def test_only_https_or_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match="HUB_CORE_URL"):
        TaxCoreHttp(url, CREDENTIALS, 1.0)


def test_the_example_in_the_document_is_right(root: Path) -> None:
    text = (root / "docs/developers/core-gateway.md").read_text(encoding="utf-8")
    written = re.search(r"`([0-9a-f]{64})`", text)
    body = b'{"taxpayer_id":"DJ33010001"}'
    assert written
    assert f"`{body.decode()}`" in text
    assert written[1] == sign("example-secret", "POST", "/v1/taxpayer", "1795305600", "0123456789abcdef", body)
    assert all(f"`{code}`" in text for code in Refusal)
    assert all(f"| `{operation}` |" in text for operation in Operation)


async def test_the_settings_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.tax_core.cache_clear()
    assert isinstance(registry.tax_core(), TaxCoreSandbox)
    assert "core" in get_settings().sandboxes
    await registry.close_gateways()
    monkeypatch.setattr(get_settings(), "core_gateway", "http")
    assert "core" not in get_settings().sandboxes
    with pytest.raises(ValueError, match="HUB_CORE_KEY"):
        registry.tax_core()
    monkeypatch.setattr(get_settings(), "core_key", SecretStr("bureau:secret"))
    monkeypatch.setattr(get_settings(), "core_url", "https://core.example")
    assert isinstance(registry.tax_core(), TaxCoreHttp)
    await registry.close_gateways()


# the peer


@pytest.fixture
async def peer(empty_database: str) -> AsyncIterator[httpx.AsyncClient]:
    """The peer, without a network in between."""
    transport = httpx.ASGITransport(create_peer(CREDENTIALS))
    async with httpx.AsyncClient(transport=transport, base_url="https://core.example") as client:
        yield client


ASKED = QUESTIONS[Operation.TAXPAYER].dump_json(TaxpayerAsked(QINGCHUAN))


def headers_for(path: str, body: bytes, **changes: str) -> dict[str, str]:
    """Headers of a good request, with changes."""
    return signed_headers(CREDENTIALS, "POST", path, body) | changes


async def test_the_peer_answers_who_signs(peer: httpx.AsyncClient) -> None:
    path = "/v1/taxpayer"
    signed = headers_for(path, ASKED)
    answer = await peer.post(path, content=ASKED, headers=signed)
    assert answer.status_code == 200
    assert answer.json()["result"]["name"] == "杭州晴川咨询有限公司"
    assert answer.json()["refused"] is None
    again = await peer.post(path, content=ASKED, headers=signed)
    assert (again.status_code, again.json()) == (401, {"code": "nonce_reused"})


async def test_the_peer_refuses_what_is_not_signed_for_it(
    peer: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/v1/taxpayer"
    stale = headers_for(path, ASKED)
    for headers, code in (
        ({}, "unknown_app"),
        (headers_for(path, ASKED, **{"X-App-Key": "other"}), "unknown_app"),
        (headers_for(path, ASKED + b" "), "bad_signature"),
        (headers_for("/v1/file", ASKED), "bad_signature"),
    ):
        answer = await peer.post(path, content=ASKED, headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"code": code})
    later = clock.now() + timedelta(minutes=6)
    monkeypatch.setattr(clock, "now", lambda: later)
    answer = await peer.post(path, content=ASKED, headers=stale)
    assert (answer.status_code, answer.json()) == (401, {"code": "stale_timestamp"})


async def test_the_peer_tells_odd_requests_apart(peer: httpx.AsyncClient) -> None:
    filing = QUESTIONS[Operation.FILE].dump_json(REQUESTED)
    for path, body, key, status, code in (
        ("/v1/everything", b"{}", "", 404, "unknown_operation"),
        ("/v1/taxpayer", b"{}", "", 422, "bad_request"),
        ("/v1/taxpayer", b"\xff", "", 422, "bad_request"),
        ("/v1/file", b'{"request_id": "request-1"}', "request-1", 422, "bad_request"),
        ("/v1/file", filing, "", 422, "idempotency_key_mismatch"),
        ("/v1/file", filing, "request-2", 422, "idempotency_key_mismatch"),
    ):
        answer = await peer.post(path, content=body, headers=headers_for(path, body, **{"Idempotency-Key": key}))
        assert (answer.status_code, answer.json()) == (status, {"code": code}), path
    assert await TaxCoreSandbox().filed(QINGCHUAN, "request-1") is None
    assert await TaxCoreSandbox().returns(QINGCHUAN, *YEAR)

"""The real client against odd answers, and the peer against odd requests."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from hub.kit import clock
from services.gateways.errors import GatewayError, GatewayFault, GatewayTimeout, GatewayUnavailable
from services.gateways.inspection.http import ATTEMPTS, InspectionHttp
from services.gateways.inspection.peer import create_peer
from services.gateways.inspection.protocol import REPLY, REQUEST, InspectionReply, Outcome
from services.gateways.inspection.signature import PATH, Credentials, sign, signed_headers
from tests.services.inspection import TODAY, seeded, stand_on, true_request

CREDENTIALS = Credentials("bureau", "secret-of-tests")
DIGITAL = seeded("26322000000000001130")
REQUESTED = true_request(DIGITAL, request_id="request-1", issued_on=DIGITAL.issued_on)
NOT_FOUND = InspectionReply("request-1", Outcome.NOT_FOUND, clock.now(), 1)

Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler, timeout_seconds: float = 30.0) -> InspectionHttp:
    """A client whose network is a function."""
    return InspectionHttp("https://platform.example", CREDENTIALS, timeout_seconds, httpx.MockTransport(handler))


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


def ok(reply: InspectionReply = NOT_FOUND) -> httpx.Response:
    return httpx.Response(200, content=REPLY.dump_json(reply))


CLOSED_FOR_NOW: list[httpx.Response | Exception] = [httpx.Response(status) for status in (429, 502, 503, 504)]
CUT_OFF = [httpx.ConnectError("no"), httpx.ConnectTimeout("no"), httpx.ReadError("no"), httpx.RemoteProtocolError("no")]


@pytest.mark.parametrize("trouble", [*CLOSED_FOR_NOW, *CUT_OFF])
async def test_repeats_while_closed_with_a_fresh_nonce_and_the_same_key(trouble: httpx.Response | Exception) -> None:
    handle, asked = answering(trouble, trouble, ok())
    assert await client(handle).inspect(REQUESTED) == NOT_FOUND
    assert len(asked) == ATTEMPTS == 3
    assert len({request.headers["x-nonce"] for request in asked}) == 3
    assert {request.headers["idempotency-key"] for request in asked} == {"request-1"}
    for request in asked:
        signed = sign(
            "secret-of-tests", "POST", PATH, request.headers["x-timestamp"], request.headers["x-nonce"], request.content
        )
        assert request.headers["x-signature"] == signed


async def test_gives_up_after_three_attempts() -> None:
    handle, asked = answering(*[httpx.Response(503)] * 4)
    with pytest.raises(GatewayUnavailable, match="http_503"):
        await client(handle).inspect(REQUESTED)
    assert len(asked) == ATTEMPTS


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(500), GatewayFault),
        (httpx.Response(401, json={"code": "bad_signature"}), GatewayFault),
        (httpx.Response(302, headers={"location": "https://elsewhere.example"}), GatewayFault),
        (httpx.Response(204), GatewayFault),
        (httpx.Response(200, content=b""), GatewayFault),
        (httpx.Response(200, content=b"\xff\xfe"), GatewayFault),
        (httpx.Response(200, text="<html>maintenance</html>"), GatewayFault),
        (httpx.Response(200, json=[]), GatewayFault),
        (httpx.Response(200, json={"request_id": "request-1"}), GatewayFault),
        (httpx.ReadTimeout("slow"), GatewayTimeout),
        (httpx.WriteTimeout("slow"), GatewayTimeout),
    ],
)
async def test_what_cannot_help_is_not_repeated(answer: httpx.Response | Exception, error: type[GatewayError]) -> None:
    handle, asked = answering(answer)
    with pytest.raises(error):
        await client(handle).inspect(REQUESTED)
    assert len(asked) == 1


def _reply(**changes: object) -> bytes:
    wire = json.loads(REPLY.dump_json(NOT_FOUND))
    return json.dumps(wire | changes).encode()


FACE = {
    "kind": "digital_ordinary", "number": "26322000000000001130", "issued_on": "2026-09-03",
    "seller": {"name": "示例甲"}, "buyer": {"name": "示例乙"}, "items": [],
    "amount": "1000.00", "tax": "130.00", "total": "1130.00",
}  # fmt: skip


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (_reply(request_id="request-2"), "reply_to_another_request"),
        (_reply(outcome="match", invoice=FACE | {"number": "26322000000000001131"}), "reply_about_another_invoice"),
        (_reply(outcome="match", invoice=None), "malformed_reply"),
        (_reply(outcome="not_found", invoice=FACE), "malformed_reply"),
        (_reply(outcome="perhaps"), "malformed_reply"),
        (_reply(outcome="match", invoice=FACE | {"total": "NaN"}), "malformed_reply"),
        (_reply(outcome="match", invoice=FACE | {"issued_on": "2026-02-30"}), "malformed_reply"),
    ],
)
async def test_an_answer_that_does_not_fit_is_a_fault(content: bytes, reason: str) -> None:
    handle, _ = answering(httpx.Response(200, content=content))
    with pytest.raises(GatewayFault, match=reason):
        await client(handle).inspect(REQUESTED)


async def test_an_answer_that_fits_is_read_in_full() -> None:
    handle, _ = answering(httpx.Response(200, content=_reply(outcome="match", invoice=FACE)))
    reply = await client(handle).inspect(REQUESTED)
    assert reply.invoice is not None
    assert (reply.invoice.total, reply.invoice.seller.name) == (DIGITAL_TOTAL, "示例甲")


DIGITAL_TOTAL = REQUESTED.total_with_tax


@pytest.mark.parametrize("url", ["http://platform.example", "ftp://platform.example", "platform.example", ""])
def test_only_https_or_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        InspectionHttp(url, CREDENTIALS, 1.0)


@pytest.mark.parametrize("text", ["", "bureau", "bureau:", ":secret"])
def test_credentials_need_both_parts(text: str) -> None:
    with pytest.raises(ValueError, match="HUB_INSPECTION_KEY"):
        Credentials.parse(text)


def test_the_example_in_the_document_is_right(root: Path) -> None:
    text = (root / "docs/developers/inspection-gateway.md").read_text(encoding="utf-8")
    written = re.search(r"`([0-9a-f]{64})`", text)
    assert written
    assert written[1] == sign("example-secret", "POST", PATH, "1795305600", "0123456789abcdef", b"{}")


@pytest.fixture
async def wire(sandbox: str) -> AsyncIterator[httpx.AsyncClient]:
    """The bare wire to a peer."""
    transport = httpx.ASGITransport(create_peer(CREDENTIALS))
    async with httpx.AsyncClient(transport=transport, base_url="http://peer") as plain:
        yield plain


BODY = REQUEST.dump_json(REQUESTED)


def headers(body: bytes = BODY, changes: dict[str, str] | None = None) -> dict[str, str]:
    """A signed request's headers, with changes made after signing."""
    return signed_headers(CREDENTIALS, "POST", PATH, body) | {"Idempotency-Key": "request-1"} | (changes or {})


async def test_the_peer_answers_a_signed_request_once_per_nonce(wire: httpx.AsyncClient) -> None:
    sent = headers()
    first = await wire.post(PATH, content=BODY, headers=sent)
    assert (first.status_code, first.json()["outcome"]) == (200, "match")
    replayed = await wire.post(PATH, content=BODY, headers=sent)
    assert (replayed.status_code, replayed.json()) == (401, {"code": "nonce_reused"})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"X-App-Key": "somebody"}, "unknown_app"),
        ({"X-App-Key": ""}, "unknown_app"),
        ({"X-Signature": "0" * 64}, "bad_signature"),
        ({"X-Timestamp": "0"}, "bad_signature"),
        ({"X-Nonce": "another-nonce-of-length"}, "bad_signature"),
    ],
)
async def test_the_peer_refuses_what_is_not_signed(wire: httpx.AsyncClient, changes: dict[str, str], code: str) -> None:
    response = await wire.post(PATH, content=BODY, headers=headers(changes=changes))
    assert (response.status_code, response.json()) == (401, {"code": code})


async def test_the_peer_refuses_a_changed_body(wire: httpx.AsyncClient) -> None:
    response = await wire.post(PATH, content=BODY.replace(b"1130", b"1131"), headers=headers())
    assert (response.status_code, response.json()) == (401, {"code": "bad_signature"})


@pytest.mark.parametrize("seconds", [-301, 301])
async def test_the_peer_refuses_an_old_or_early_request(
    wire: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment + timedelta(seconds=seconds))
    sent = headers()
    stand_on(TODAY, monkeypatch)
    response = await wire.post(PATH, content=BODY, headers=sent)
    assert (response.status_code, response.json()) == (401, {"code": "stale_timestamp"})


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"request_id": 1}', b"\xff"])
async def test_the_peer_refuses_what_it_cannot_read(wire: httpx.AsyncClient, body: bytes) -> None:
    response = await wire.post(PATH, content=body, headers=headers(body))
    assert (response.status_code, response.json()) == (422, {"code": "bad_request"})


async def test_the_peer_wants_the_key_of_the_body(wire: httpx.AsyncClient) -> None:
    response = await wire.post(PATH, content=BODY, headers=headers(changes={"Idempotency-Key": "request-2"}))
    assert (response.status_code, response.json()) == (422, {"code": "idempotency_key_mismatch"})

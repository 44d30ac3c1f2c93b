"""What every real-name gateway must do: the sandbox, and the real client against the peer on a loopback port."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from hub.kit.db import transaction
from hub.kit.ids import new_id
from services.gateways.behaviour import Mode, tell
from services.gateways.errors import GatewayFault, GatewayTimeout, GatewayUnavailable
from services.gateways.real_name.http import PATH, RealNameHttp
from services.gateways.real_name.models import SandboxRealNameControl
from services.gateways.real_name.peer import create_peer
from services.gateways.real_name.protocol import REQUEST, Outcome, RealNameGateway, RealNameRequest
from services.gateways.real_name.sandbox import MISMATCHES_PER_DAY, RealNameSandbox
from services.gateways.signature import Credentials, signed_headers
from services.gateways.tax_core.seed import person
from tests.contracts.served import Served, served
from tests.hub.accounts.clock_hands import Hands

CREDENTIALS = Credentials("bureau", "secret-of-tests")
WANG, LI = person("王小明"), person("李静")


@pytest.fixture(autouse=True)
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """The clock of the test."""
    return Hands(monkeypatch)


@pytest.fixture(scope="session")
async def peer(database: str) -> AsyncIterator[Served]:
    """The peer on a free port of loopback."""
    async with served(create_peer(CREDENTIALS)) as peer:
        yield peer


@pytest.fixture(params=["sandbox", "http"])
async def opened(
    request: pytest.FixtureRequest, empty_database: str, peer: Served
) -> AsyncIterator[Callable[[float], RealNameGateway]]:
    """Opens each implementation in turn, with a time-out, in front of an untouched sandbox."""
    gateways: list[RealNameGateway] = []

    def open_gateway(timeout_seconds: float) -> RealNameGateway:
        if request.param == "sandbox":
            gateways.append(RealNameSandbox(timeout_seconds))
        else:
            gateways.append(RealNameHttp(peer.url, CREDENTIALS, timeout_seconds))
        return gateways[-1]

    yield open_gateway
    for gateway in gateways:
        await gateway.close()
    await peer.come_to_rest()


@pytest.fixture
def gateway(opened: Callable[[float], RealNameGateway]) -> RealNameGateway:
    """One with time on a busy machine, too."""
    return opened(30)


def question(**changes: str) -> RealNameRequest:
    """A true question about 王小明, with changes."""
    true = {
        "request_id": str(new_id()), "name": WANG.name, "resident_id": WANG.resident_id, "phone": WANG.phone
    }  # fmt: skip
    return RealNameRequest(**(true | changes))


async def tell_sandbox(mode: Mode = Mode.NORMAL, delay_ms: int = 0) -> None:
    """Have the sandbox behave so from now on."""
    async with transaction() as session:
        await tell(session, SandboxRealNameControl, mode=mode, delay_ms=delay_ms)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, Outcome.MATCH),
        ({"name": "李静"}, Outcome.MISMATCH),
        ({"phone": LI.phone}, Outcome.MISMATCH),
        ({"resident_id": LI.resident_id}, Outcome.MISMATCH),
        ({"resident_id": "11010119900101" + "1237"}, Outcome.NOT_FOUND),
    ],
)
async def test_three_things_must_belong_together(
    gateway: RealNameGateway, changes: dict[str, str], outcome: Outcome
) -> None:
    request = question(**changes)
    reply = await gateway.check(request)
    assert (reply.request_id, reply.outcome) == (request.request_id, outcome)


async def test_five_mismatches_lock_a_number_until_tomorrow(gateway: RealNameGateway, hands: Hands) -> None:
    replies = await asyncio.gather(*(gateway.check(question(name="张三")) for _ in range(8)))
    assert Counter(reply.outcome for reply in replies) == {Outcome.MISMATCH: MISMATCHES_PER_DAY, Outcome.LOCKED: 3}
    assert (await gateway.check(question())).outcome is Outcome.LOCKED
    true = question(name=LI.name, resident_id=LI.resident_id, phone=LI.phone)
    assert (await gateway.check(true)).outcome is Outcome.MATCH
    hands.move(days=1)
    assert (await gateway.check(question())).outcome is Outcome.MATCH


async def test_a_repeat_is_answered_and_not_counted(gateway: RealNameGateway) -> None:
    request = question(name="张三")
    replies = await asyncio.gather(*(gateway.check(request) for _ in range(7)))
    assert {reply.outcome for reply in replies} == {Outcome.MISMATCH}
    assert (await gateway.check(question())).outcome is Outcome.MATCH


async def test_a_request_id_stands_for_one_request(gateway: RealNameGateway) -> None:
    request = question()
    await gateway.check(request)
    with pytest.raises(GatewayFault):
        await gateway.check(question(request_id=request.request_id, name="张三"))


@pytest.mark.parametrize(
    ("mode", "error"),
    [(Mode.DOWN, GatewayUnavailable), (Mode.ERROR, GatewayFault), (Mode.GARBAGE, GatewayFault)],
)
async def test_trouble_is_told_apart_and_nothing_is_counted(
    gateway: RealNameGateway, mode: Mode, error: type[Exception]
) -> None:
    request = question()
    await tell_sandbox(mode)
    with pytest.raises(error):
        await gateway.check(request)
    await tell_sandbox()
    assert (await gateway.check(request)).outcome is Outcome.MATCH


async def test_a_slow_answer_is_a_time_out_and_can_be_fetched_later(
    opened: Callable[[float], RealNameGateway], gateway: RealNameGateway
) -> None:
    request = question()
    await tell_sandbox(delay_ms=4_000)
    with pytest.raises(GatewayTimeout):
        await opened(1).check(request)
    await tell_sandbox()
    assert (await gateway.check(request)).outcome is Outcome.MATCH


@pytest.mark.parametrize("url", ["http://service.example", "service.example", ""])
def test_only_https_or_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match="HUB_REAL_NAME_URL"):
        RealNameHttp(url, CREDENTIALS, 1.0)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"request_id": "1", "outcome": "perhaps"}', b'{"request_id": "2", "outcome": "match"}']
)
async def test_an_answer_that_does_not_fit_is_a_fault(content: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    client = RealNameHttp("https://service.example", CREDENTIALS, 30, transport)
    with pytest.raises(GatewayFault):
        await client.check(question(request_id="1"))


async def test_the_peer_lets_in_what_is_signed_and_new(empty_database: str) -> None:
    body = REQUEST.dump_json(question(request_id="request-1"))
    transport = httpx.ASGITransport(create_peer(CREDENTIALS))
    async with httpx.AsyncClient(transport=transport, base_url="http://peer") as wire:
        sent = signed_headers(CREDENTIALS, "POST", PATH, body) | {"Idempotency-Key": "request-1"}
        answers = [await wire.post(PATH, content=body, headers=sent) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 401]
        forged = signed_headers(Credentials("bureau", "guessed"), "POST", PATH, body)
        assert (await wire.post(PATH, content=body, headers=forged)).json() == {"code": "bad_signature"}
        other = signed_headers(CREDENTIALS, "POST", PATH, body) | {"Idempotency-Key": "request-2"}
        assert (await wire.post(PATH, content=body, headers=other)).json() == {"code": "idempotency_key_mismatch"}
        unreadable = signed_headers(CREDENTIALS, "POST", PATH, b"{}")
        assert (await wire.post(PATH, content=b"{}", headers=unreadable)).status_code == 422

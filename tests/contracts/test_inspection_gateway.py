"""What every inspection gateway must do: the sandbox, and the real client against the peer on a loopback port."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from services.gateways.errors import GatewayFault, GatewayTimeout, GatewayUnavailable
from services.gateways.inspection.http import InspectionHttp
from services.gateways.inspection.models import Mode
from services.gateways.inspection.peer import create_peer
from services.gateways.inspection.protocol import (
    SHOWS_INVOICE,
    InspectionGateway,
    InspectionRequest,
    InvoiceKind,
    Outcome,
    Party,
)
from services.gateways.inspection.sandbox import CHECKS_PER_DAY, InspectionSandbox
from services.gateways.inspection.signature import Credentials
from tests.services.inspection import SEED, TODAY, expected_outcome, seeded, stand_on, tell_sandbox, true_request

CREDENTIALS = Credentials("bureau", "secret-of-tests")
DIGITAL = seeded("26322000000000001130")
ORDINARY = seeded("48213377", "031002300211")


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_on(TODAY, monkeypatch)


class Peer:
    """The peer, served for real; knows how many requests it still works on."""

    def __init__(self) -> None:
        self.app, self.in_flight, self.url = create_peer(CREDENTIALS), 0, ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.in_flight += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.in_flight -= 1

    async def come_to_rest(self) -> None:
        """Wait for requests whose caller has given up: their transactions would block the next test's truncate."""
        while self.in_flight:
            await asyncio.sleep(0.02)


@pytest.fixture(scope="session")
async def peer(database: str) -> AsyncIterator[Peer]:
    """The peer on a free port of loopback."""
    peer = Peer()
    config = uvicorn.Config(peer, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    server, listening = uvicorn.Server(config), config.bind_socket()
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.02)
    peer.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield peer
    server.should_exit = True
    await serving


@pytest.fixture(params=["sandbox", "http"])
async def opened(
    request: pytest.FixtureRequest, empty_database: str, peer: Peer
) -> AsyncIterator[Callable[[float], InspectionGateway]]:
    """Opens each implementation in turn, with a time-out, in front of an untouched sandbox."""
    gateways: list[InspectionGateway] = []

    def open_gateway(timeout_seconds: float) -> InspectionGateway:
        if request.param == "sandbox":
            gateways.append(InspectionSandbox(timeout_seconds))
        else:
            gateways.append(InspectionHttp(peer.url, CREDENTIALS, timeout_seconds))
        return gateways[-1]

    yield open_gateway
    for gateway in gateways:
        await gateway.close()
    await peer.come_to_rest()


@pytest.fixture
def gateway(opened: Callable[[float], InspectionGateway]) -> InspectionGateway:
    """A gateway that has time, on a busy machine, too."""
    return opened(30)


async def test_every_seeded_invoice_gets_the_outcome_of_its_state(gateway: InspectionGateway) -> None:
    seen: Counter[Outcome] = Counter()
    for invoice in SEED.invoices:
        reply = await gateway.inspect(true_request(invoice))
        assert reply.outcome == expected_outcome(invoice), invoice
        assert (reply.invoice is not None) == (reply.outcome in SHOWS_INVOICE)
        seen[reply.outcome] += 1
    assert len(SEED.invoices) >= 30
    assert {invoice.kind for invoice in SEED.invoices} == set(InvoiceKind)
    assert set(seen) == set(Outcome) - {Outcome.MISMATCH, Outcome.NOT_FOUND, Outcome.TOO_MANY_CHECKS}


async def test_a_match_shows_what_stands_on_the_invoice(gateway: InspectionGateway) -> None:
    request = InspectionRequest(
        request_id="a-match", number="26322000000000001130", issued_on=date(2026, 9, 3), total_with_tax=Decimal(1130)
    )
    reply = await gateway.inspect(request)
    assert (reply.request_id, reply.outcome, reply.checks_today) == ("a-match", Outcome.MATCH, 1)
    face = reply.invoice
    assert face is not None
    assert (face.number, face.code, face.issued_on) == ("26322000000000001130", "", date(2026, 9, 3))
    assert (face.amount, face.tax, face.total) == (Decimal("1000.00"), Decimal("130.00"), Decimal("1130.00"))
    assert face.seller == Party("示例湖畔商贸有限公司", "91330100MA0DEM0217")
    assert [item.name for item in face.items] == ["*纸制品*复印纸"]


@pytest.mark.parametrize(
    "changes",
    [
        {"total_with_tax": Decimal("1130.01")},
        {"issued_on": date(2026, 9, 2)},
        {"total_with_tax": None, "amount_without_tax": Decimal(1000)},
        {"total_with_tax": None},
    ],
)
async def test_other_data_or_another_proof_is_a_mismatch(
    gateway: InspectionGateway, changes: dict[str, object]
) -> None:
    assert (await gateway.inspect(true_request(DIGITAL, **changes))).outcome is Outcome.MISMATCH


async def test_a_wrong_check_code_is_a_mismatch(gateway: InspectionGateway) -> None:
    assert (await gateway.inspect(true_request(ORDINARY, check_code="205870"))).outcome is Outcome.MISMATCH
    assert (await gateway.inspect(true_request(ORDINARY, check_code=""))).outcome is Outcome.MISMATCH


@pytest.mark.parametrize("changes", [{"number": "26322000000000001139"}, {"code": "031002300212"}])
async def test_an_unknown_number_or_code_is_not_found(gateway: InspectionGateway, changes: dict[str, object]) -> None:
    invoice = ORDINARY if "code" in changes else DIGITAL
    assert (await gateway.inspect(true_request(invoice, **changes))).outcome is Outcome.NOT_FOUND


async def test_the_last_five_years_begin_on_the_same_day(gateway: InspectionGateway) -> None:
    on_the_day = await gateway.inspect(true_request(ORDINARY, issued_on=date(2021, 11, 22)))
    the_day_before = await gateway.inspect(true_request(ORDINARY, issued_on=date(2021, 11, 21)))
    assert (on_the_day.outcome, the_day_before.outcome) == (Outcome.MISMATCH, Outcome.TOO_OLD)


async def test_five_checks_a_day_and_the_next_day_five_more(
    gateway: InspectionGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {"total_with_tax": Decimal(1)}
    replies = [await gateway.inspect(true_request(DIGITAL, **wrong)) for _ in range(CHECKS_PER_DAY)]
    assert [reply.checks_today for reply in replies] == [1, 2, 3, 4, 5]
    for _ in range(2):
        refused = await gateway.inspect(true_request(DIGITAL))
        assert (refused.outcome, refused.checks_today) == (Outcome.TOO_MANY_CHECKS, CHECKS_PER_DAY)
    other = await gateway.inspect(true_request(ORDINARY))
    assert (other.outcome, other.checks_today) == (Outcome.MATCH, 1)
    stand_on(TODAY + timedelta(days=1), monkeypatch)
    again = await gateway.inspect(true_request(DIGITAL))
    assert (again.outcome, again.checks_today) == (Outcome.MATCH, 1)


async def test_checks_at_the_same_time_are_counted_one_by_one(gateway: InspectionGateway) -> None:
    replies = await asyncio.gather(*(gateway.inspect(true_request(DIGITAL)) for _ in range(8)))
    assert Counter(reply.outcome for reply in replies) == {Outcome.MATCH: 5, Outcome.TOO_MANY_CHECKS: 3}


async def test_a_repeat_is_answered_and_not_counted(gateway: InspectionGateway) -> None:
    request = true_request(DIGITAL)
    first, *repeats = await asyncio.gather(*(gateway.inspect(request) for _ in range(6)))
    assert all(repeat == first for repeat in repeats)
    assert (await gateway.inspect(true_request(DIGITAL))).checks_today == 2


async def test_a_request_id_stands_for_one_request(gateway: InspectionGateway) -> None:
    request = true_request(DIGITAL)
    await gateway.inspect(request)
    with pytest.raises(GatewayFault):
        await gateway.inspect(true_request(DIGITAL, request_id=request.request_id, total_with_tax=Decimal(2)))


async def test_down_and_broken_are_told_apart_and_nothing_is_counted(gateway: InspectionGateway) -> None:
    request = true_request(DIGITAL)
    await tell_sandbox(Mode.DOWN)
    with pytest.raises(GatewayUnavailable):
        await gateway.inspect(request)
    await tell_sandbox(Mode.ERROR)
    with pytest.raises(GatewayFault):
        await gateway.inspect(request)
    await tell_sandbox()
    assert (await gateway.inspect(request)).checks_today == 1


async def test_a_slow_answer_is_a_time_out_and_can_be_fetched_later(
    opened: Callable[[float], InspectionGateway], gateway: InspectionGateway
) -> None:
    request = true_request(DIGITAL)
    await tell_sandbox(delay_ms=4_000)
    with pytest.raises(GatewayTimeout):
        await opened(1).inspect(request)
    await tell_sandbox()
    reply = await gateway.inspect(request)
    assert (reply.outcome, reply.checks_today) == (Outcome.MATCH, 1)
    assert (await gateway.inspect(true_request(DIGITAL))).checks_today == 2


async def test_a_little_slow_is_still_an_answer(gateway: InspectionGateway) -> None:
    await tell_sandbox(delay_ms=200)
    assert (await gateway.inspect(true_request(DIGITAL))).outcome is Outcome.MATCH

"""What every payment channel must do: each client against its party's stand-in, in process and over a loopback port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from hub.kit import clock
from hub.settings import get_settings
from services.gateways.behaviour import Mode
from services.gateways.errors import GatewayError, GatewayFault, GatewayTimeout, GatewayUnavailable
from services.gateways.payments.models import Notices, Party
from services.gateways.payments.protocol import (
    BadNotice,
    Closed,
    Device,
    Kind,
    NotYet,
    Paid,
    PaymentChannel,
    Unknown,
)
from services.gateways.payments.registry import (
    CHANNELS,
    close_payment_channels,
    open_channels,
    payment_channel,
    sandbox_peer,
)
from services.gateways.payments.sandbox import ledger
from services.gateways.payments.sandbox.peer import Peer
from tests.contracts.served import Served, served
from tests.services.inspection import TODAY, stand_on
from tests.services.payments import a_bill, notice_of, paid_there, peer_of, scan, tell, use_real_clients

KINDS = {
    "wechat": Kind.QR, "alipay": Kind.QR, "bank_transfer": Kind.CODE, "online_bank": Kind.LINK, "pos": Kind.CODE,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_on(TODAY, monkeypatch)


@pytest.fixture(scope="module")
async def servers(database: str) -> AsyncIterator[dict[Party, Served]]:
    """The stand-ins on free ports of loopback."""
    peers = {party: sandbox_peer(party) for party in Party}
    async with (
        served(_app(peers[Party.WECHAT])) as wechat,
        served(_app(peers[Party.ALIPAY])) as alipay,
        served(_app(peers[Party.BANK])) as bank,
    ):
        yield {Party.WECHAT: wechat, Party.ALIPAY: alipay, Party.BANK: bank}


def _app(peer: Peer | None) -> Callable[..., object]:
    assert peer is not None
    return peer.serve


@pytest.fixture(params=["in process", "over a port"])
async def transport(
    request: pytest.FixtureRequest,
    empty_database: str,
    servers: dict[Party, Served],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[str]:
    """Chooses each way to the stand-ins in turn, with time on a busy machine, too."""
    monkeypatch.setattr(get_settings(), "payment_timeout_seconds", 30.0)
    await close_payment_channels()
    if request.param == "over a port":
        for party, server in servers.items():
            peer = sandbox_peer(party)
            assert peer is not None
            peer.files = server.url
        use_real_clients({party: server.url for party, server in servers.items()}, monkeypatch)
        for name in CHANNELS:
            payment_channel(name)
        # the test itself still pays at the stand-ins
        for party in Party:
            monkeypatch.setattr(get_settings(), f"payment_{party}_gateway", "sandbox")
    yield request.param
    for server in servers.values():
        await server.come_to_rest()
    await close_payment_channels()


@pytest.fixture(params=list(CHANNELS))
def name(request: pytest.FixtureRequest, transport: str) -> str:
    """The name of each channel in turn."""
    return str(request.param)


@pytest.fixture
def channel(name: str) -> PaymentChannel:
    """The channel."""
    return payment_channel(name)


async def test_an_order_is_opened_paid_and_found_in_the_statement(name: str, channel: PaymentChannel) -> None:
    bill = a_bill()
    opened = await channel.open(bill)
    assert (opened.kind, opened.expires_at) == (KINDS[name], bill.expires_at)
    assert opened.content
    await scan(name, bill.order_id)
    assert await channel.query(bill.order_id) == NotYet(bill.order_id)
    assert await channel.statement(TODAY) == []
    entry = await paid_there(name, bill.order_id)
    paid = Paid(bill.order_id, entry.transaction_id, Decimal("12.34"), clock.now())
    assert await channel.query(bill.order_id) == paid
    assert await channel.statement(TODAY) == [paid]
    assert await channel.statement(TODAY - timedelta(days=1)) == []


async def test_a_phone_gets_a_link_where_there_are_links(name: str, channel: PaymentChannel) -> None:
    opened = await channel.open(a_bill(device=Device.PHONE, payer_address="203.0.113.7"))
    assert opened.kind == (Kind.LINK if name in ("wechat", "alipay", "online_bank") else Kind.CODE)


async def test_opening_again_is_the_same_order(name: str, channel: PaymentChannel) -> None:
    bill = a_bill()
    first, *others = await asyncio.gather(*(channel.open(bill) for _ in range(4)))
    assert all(other == first for other in others)
    with pytest.raises(GatewayFault):
        await channel.open(a_bill(order_id=bill.order_id, amount=Decimal("99.00")))


async def test_an_unknown_order_is_unknown_and_counts_as_closed(channel: PaymentChannel) -> None:
    number = a_bill().order_id
    assert await channel.query(number) == Unknown(number)
    assert await channel.close(number) == Closed(number)


async def test_a_closed_order_takes_no_money(name: str, channel: PaymentChannel) -> None:
    bill = a_bill()
    await channel.open(bill)
    await scan(name, bill.order_id)
    assert await channel.close(bill.order_id) == Closed(bill.order_id)
    assert await channel.close(bill.order_id) == Closed(bill.order_id)
    assert await channel.query(bill.order_id) == Closed(bill.order_id)
    with pytest.raises(ledger.NotPayable):
        await paid_there(name, bill.order_id)


async def test_closing_a_paid_order_tells_of_the_money(name: str, channel: PaymentChannel) -> None:
    bill = a_bill()
    await channel.open(bill)
    await paid_there(name, bill.order_id)
    told = await channel.close(bill.order_id)
    assert isinstance(told, Paid)
    assert told.amount == bill.amount


async def test_an_order_is_over_in_time(name: str, channel: PaymentChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    bill = a_bill()
    await channel.open(bill)
    await scan(name, bill.order_id)
    monkeypatch.setattr(clock, "now", lambda: bill.expires_at)
    assert await channel.query(bill.order_id) == Closed(bill.order_id)
    with pytest.raises(ledger.NotPayable):
        await paid_there(name, bill.order_id)


async def test_a_notice_says_what_the_query_says(name: str, channel: PaymentChannel) -> None:
    bill = a_bill()
    await channel.open(bill)
    notice = notice_of(name, await paid_there(name, bill.order_id))
    assert channel.verify(notice.headers, notice.body) == await channel.query(bill.order_id)
    assert 200 <= channel.acknowledgement.status < 300


async def test_a_notice_that_was_touched_is_refused(
    name: str, channel: PaymentChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = a_bill()
    await channel.open(bill)
    notice = notice_of(name, await paid_there(name, bill.order_id))
    touched = [
        (notice.headers, notice.body.replace(b"1", b"2", 1)),
        (notice.headers, notice.body + b" "),
        (notice.headers, b""),
        (notice.headers, b"\xff\x00garbage"),
        ({}, notice.body if name != "alipay" else b"out_trade_no=1"),
        ({one: "谁" for one in notice.headers}, notice.body if name != "alipay" else b"sign=%FF&sign_type=RSA2"),
    ]
    for headers, body in touched:
        with pytest.raises(BadNotice):
            channel.verify(headers, body)
    if name != "alipay":
        # Alipay's notices carry no time that a replay would betray: repeats are harmless by the order's number
        later = clock.now() + timedelta(minutes=6)
        monkeypatch.setattr(clock, "now", lambda: later)
        with pytest.raises(BadNotice):
            channel.verify(notice.headers, notice.body)


async def test_a_wrong_amount_is_told_as_it_arrived(name: str, channel: PaymentChannel) -> None:
    bill = a_bill()
    await channel.open(bill)
    await tell(name, notices=Notices.WRONG_AMOUNT)
    await paid_there(name, bill.order_id)
    told = await channel.query(bill.order_id)
    assert isinstance(told, Paid)
    assert told.amount == Decimal("12.33")
    assert [row.amount for row in await channel.statement(TODAY)] == [Decimal("12.33")]


@pytest.mark.parametrize(
    ("mode", "error"),
    [(Mode.DOWN, GatewayUnavailable), (Mode.ERROR, GatewayFault), (Mode.GARBAGE, GatewayFault)],
)
async def test_trouble_is_told_apart(name: str, channel: PaymentChannel, mode: Mode, error: type[GatewayError]) -> None:
    bill = a_bill()
    await channel.open(bill)
    await tell(name, mode)
    for asked in (
        channel.open(bill), channel.query(bill.order_id), channel.close(bill.order_id), channel.statement(TODAY)
    ):  # fmt: skip
        with pytest.raises(error):
            await asked
    await tell(name)
    assert isinstance(await channel.query(bill.order_id), NotYet | Unknown | Closed)


@pytest.mark.parametrize("name", list(CHANNELS))
async def test_a_slow_party_is_a_time_out_and_the_order_may_be_there(
    empty_database: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "payment_timeout_seconds", 1.0)
    await close_payment_channels()
    bill = a_bill()
    await tell(name, delay_ms=4_000)
    with pytest.raises(GatewayTimeout):
        await payment_channel(name).open(bill)
    await tell(name)
    monkeypatch.setattr(get_settings(), "payment_timeout_seconds", 30.0)
    await close_payment_channels()
    await scan(name, bill.order_id)
    assert await payment_channel(name).query(bill.order_id) == NotYet(bill.order_id)
    await close_payment_channels()


@pytest.mark.parametrize("name", list(CHANNELS))
async def test_another_merchants_signature_opens_nothing(empty_database: str, name: str) -> None:
    await close_payment_channels()
    peer, channel = peer_of(name), payment_channel(name)
    for stranger in ("_merchant", "_bureau"):
        if hasattr(peer, stranger):
            setattr(peer, stranger, _another(getattr(peer, stranger)))
    with pytest.raises(GatewayFault):
        await channel.open(a_bill())
    await close_payment_channels()


def _another(credentials: object) -> object:
    names = {field.name for field in fields(credentials)}  # type: ignore[arg-type]
    if "private_key" in names:
        return replace(credentials, private_key=rsa.generate_private_key(65537, 2048))  # type: ignore[type-var]
    return replace(credentials, app_secret="another")  # type: ignore[type-var, call-arg]


def test_what_is_switched_off_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "payment_bank_gateway", "off")
    assert open_channels() == ("wechat", "alipay")
    with pytest.raises(LookupError):
        payment_channel("pos")


@pytest.mark.parametrize("name", ["wechat", "alipay", "bank_transfer"])
def test_a_real_channel_needs_its_key(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), f"payment_{CHANNELS[name]}_gateway", "http")
    monkeypatch.setattr(get_settings(), "payment_bank_url", "https://bank.example")
    sandbox_peer.cache_clear()
    try:
        with pytest.raises(ValueError, match="HUB_PAYMENT"):
            payment_channel(name)
    finally:
        sandbox_peer.cache_clear()

"""What every payment channel is asked and what it answers; `docs/developers/payment.md` names each party's wire form.

An order is named by our own number, 32 letters and digits, under which the party knows it: a repeat of any question
is harmless. Amounts are decimals in 元 with two places, moments are UTC-aware.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """What a person does with what was opened."""

    QR = "qr"
    """`content` is shown as a QR code, to be scanned with the wallet."""
    LINK = "link"
    """`content` is an address to go to."""
    CODE = "code"
    """`content` is a payment code to tell the bank."""


class Device(StrEnum):
    """Where the person reads our answer: a QR code can be scanned from a computer, a phone follows a link."""

    COMPUTER = "computer"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Bill:
    """What is to be paid. `subject` is what the payer's statement will say: it names no person."""

    order_id: str
    amount: Decimal
    subject: str
    expires_at: datetime
    device: Device = Device.COMPUTER
    payer_address: str = ""
    """The payer's network address, which some wallets demand for links on phones."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The party is ready to take the money until `expires_at`."""

    kind: Kind
    content: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Paid:
    """The money has arrived. `amount` is what arrived, which may differ from what was asked for."""

    order_id: str
    transaction_id: str
    amount: Decimal
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class NotYet:
    """The order is open and nothing has arrived."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The order takes no money (any more)."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The party does not know the order: it was never opened, or (Alipay) nobody has scanned the code so far."""

    order_id: str


Standing = Paid | NotYet | Closed | Unknown


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """How the party wants to hear that its notice was understood."""

    status: int
    media_type: str
    body: str


class BadNotice(Exception):
    """A notice that does not come from the party, or cannot be read; `reason` is a short stable word for logs."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class PaymentChannel(Protocol):
    """One way for money to come in.

    The asking methods raise `GatewayUnavailable`, `GatewayTimeout` or `GatewayFault` when no usable answer came; each
    may be repeated for the same order.
    """

    async def open(self, bill: Bill) -> Opened:
        """Have the party expect the money; a repeat for the same order gives a usable answer again."""
        ...

    async def query(self, order_id: str) -> Standing:
        """Where the order stands, freshly asked."""
        ...

    async def close(self, order_id: str) -> Paid | Closed:
        """Have the party take no money for the order any more; tells of money that came before."""
        ...

    def verify(self, headers: Mapping[str, str], body: bytes) -> Standing:
        """What a notice says, once it has proved to come from the party; `headers` are in lower case.

        Raises `BadNotice`.
        """
        ...

    @property
    def acknowledgement(self) -> Acknowledgement:
        """The answer to a notice that was understood."""
        ...

    async def statement(self, day: date) -> Sequence[Paid]:
        """Every payment of a day in China, as the party has booked it; empty when there was none."""
        ...

    async def close_connections(self) -> None:
        """Give back what the channel holds."""
        ...

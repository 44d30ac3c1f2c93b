"""The messages between us and the collecting bank; `docs/developers/payment.md` describes them for the bank."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

CODES = "/v1/payment-codes"
STATEMENTS = "/v1/statements"
NOTICE = "/payment-notice"
"""What stands for the path in the signature of a notice, since a proxy of ours may rewrite the real one."""


class Product(StrEnum):
    """How the payer reaches the bank."""

    COUNTER = "counter"
    ONLINE = "online"
    POS = "pos"


class CodeState(StrEnum):
    """Where a payment code stands."""

    OPEN = "open"
    PAID = "paid"
    CLOSED = "closed"


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class CodeRequest(_Message):
    """POST: please expect this payment. The order id makes a repeat harmless; other content under it is refused."""

    order_id: str = Field(pattern=r"^[0-9A-Za-z]{6,32}$")
    product: Product
    amount: Decimal = Field(gt=0, decimal_places=2)
    subject: str = Field(max_length=60)
    expires_at: AwareDatetime
    notify_url: str


class Arrival(_Message):
    """A payment that arrived: in a code's answer, in a statement, and as the notice to us."""

    order_id: str
    transaction_id: str = Field(min_length=1, max_length=64)
    amount: Decimal = Field(gt=0, decimal_places=2)
    paid_at: AwareDatetime


class Code(_Message):
    """The answer about a code; `link` is there for online banking."""

    order_id: str
    code: str = Field(pattern=r"^\d{12,24}$")
    link: str = ""
    state: CodeState
    expires_at: AwareDatetime
    arrival: Arrival | None = None


class Statement(_Message):
    """The payments of one day in China."""

    day: date
    rows: tuple[Arrival, ...]

"""The sandbox's memory: what it was asked to collect, what was paid, and how each party is told to behave."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.crypto import EncryptedJson
from hub.kit.db import Base
from services.gateways.behaviour import Mode


class Party(StrEnum):
    """Who takes money for us."""

    WECHAT = "wechat"
    ALIPAY = "alipay"
    BANK = "bank"


class Notices(StrEnum):
    """What a party does when somebody has paid."""

    NORMAL = "normal"
    DUPLICATE = "duplicate"
    """The notice is sent three times."""
    HELD = "held"
    """No notice is sent until somebody asks for it."""
    WRONG_AMOUNT = "wrong_amount"
    """One fen less than asked for arrives."""


class LedgerState(StrEnum):
    """Where an order stands with the party."""

    OPEN = "open"
    PAID = "paid"
    CLOSED = "closed"


class SandboxPayment(Base):
    """An order as the party knows it; `reference` is the party's own code for it, `day` the Chinese day of payment."""

    __tablename__ = "sandbox_payment"
    __table_args__ = (Index("ix_sandbox_payment_day", "party", "day"),)

    party: Mapped[Party] = mapped_column(String(10), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[LedgerState] = mapped_column(String(10), default=LedgerState.OPEN)
    day: Mapped[date | None]
    content: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)


class SandboxPaymentControl(Base):
    """How a party behaves; without a row it behaves as it should."""

    __tablename__ = "sandbox_payment_control"

    party: Mapped[Party] = mapped_column(String(10), primary_key=True)
    mode: Mapped[Mode] = mapped_column(String(10), default=Mode.NORMAL)
    delay_ms: Mapped[int] = mapped_column(default=0)
    notices: Mapped[Notices] = mapped_column(String(20), default=Notices.NORMAL)

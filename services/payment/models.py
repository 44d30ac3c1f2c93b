"""Payment orders and what reconciliation found; amounts, names and references are readable only with our keys."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit import clock
from hub.kit.crypto import EncryptedJson
from hub.kit.db import Base
from hub.kit.ids import new_id


class State(StrEnum):
    """Where a payment order stands."""

    CREATED = "created"
    """Written down; the party has not said that it is ready."""
    AWAITING = "awaiting"
    """The party is ready to take the money, or (direct debit) has been asked to."""
    PAID = "paid"
    """The money has arrived; the core system has not booked it yet."""
    BOOKED = "booked"
    """Booked by the core system; there is a tax payment receipt."""
    FAILED = "failed"
    """Refused; no money has moved."""
    EXPIRED = "expired"
    CLOSED = "closed"
    """Given up in favour of another order, or withdrawn."""
    REFUND_DUE = "refund_due"
    """Money has arrived that cannot be booked; staff return it."""


class Method(StrEnum):
    """How it is paid."""

    TRIPARTITE = "tripartite"
    # names of channels in services.gateways.payments.registry
    WECHAT = "wechat"
    ALIPAY = "alipay"
    ONLINE_BANK = "online_bank"
    BANK_TRANSFER = "bank_transfer"
    POS = "pos"


class PaymentOrder(Base):
    """One payment of one taxpayer's charges. Its id is the number under which the party and the core system know it.

    `sheet` is fixed when the order is made: what is paid, late fees, the taxpayer's name. `reason` is a stable word.
    """

    __tablename__ = "payment_order"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    asked_hash: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[UUID]
    taxpayer_id: Mapped[str] = mapped_column(String(40), index=True)
    method: Mapped[Method] = mapped_column(String(20))
    device: Mapped[str] = mapped_column(String(10))
    state: Mapped[State] = mapped_column(String(20), default=State.CREATED, index=True)
    reason: Mapped[str | None] = mapped_column(String(40))
    sheet: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    opened: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    arrived: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    receipt: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    trace_id: Mapped[UUID | None]
    channel: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    paid_on: Mapped[date | None] = mapped_column(index=True)
    looked_at: Mapped[datetime | None]


class PaymentOrderCharge(Base):
    """A charge that an order pays; only one open order may hold it."""

    __tablename__ = "payment_order_charge"
    __table_args__ = (Index("uq_payment_order_charge_open", "charge_id", unique=True, postgresql_where=text("open")),)

    order_id: Mapped[UUID] = mapped_column(ForeignKey("payment_order.id"), primary_key=True)
    charge_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    open: Mapped[bool] = mapped_column(default=True)


class PaymentReconciliation(Base):
    """What comparing a day's statement of one channel with our orders found, the last time that it was done."""

    __tablename__ = "payment_reconciliation"

    day: Mapped[date] = mapped_column(primary_key=True)
    method: Mapped[Method] = mapped_column(String(20), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    findings: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)

"""The sandbox's memory: fictional invoices, the checks made of them, and how the sandbox is told to behave."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, Numeric, SmallInteger, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.db import Base
from services.gateways.inspection.protocol import InvoiceKind


class InvoiceState(StrEnum):
    """What has become of an invoice since it was issued."""

    NORMAL = "normal"
    VOIDED = "voided"
    RED_LETTERED = "red_lettered"
    PARTLY_RED_LETTERED = "partly_red_lettered"


class Mode(StrEnum):
    """How the sandbox behaves: as it should, unreachable, or broken inside."""

    NORMAL = "normal"
    DOWN = "down"
    ERROR = "error"


class SandboxInvoice(Base):
    """A fictional invoice; dated either by the calendar or by its age, so that "today's" stays today's."""

    __tablename__ = "sandbox_invoice"
    __table_args__ = (CheckConstraint("(issued_on is null) <> (issued_days_ago is null)", name="dated_once"),)

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    code: Mapped[str] = mapped_column(String(12), primary_key=True, default="")
    kind: Mapped[InvoiceKind] = mapped_column(String(20))
    state: Mapped[InvoiceState] = mapped_column(String(20), default=InvoiceState.NORMAL)
    issued_on: Mapped[date | None]
    issued_days_ago: Mapped[int | None]
    seller_name: Mapped[str] = mapped_column(String(100))
    seller_number: Mapped[str] = mapped_column(String(20))
    buyer_name: Mapped[str] = mapped_column(String(100))
    buyer_number: Mapped[str] = mapped_column(String(20), default="")
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    amount: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    tax: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    total: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    check_code: Mapped[str | None] = mapped_column(String(20))


class SandboxInspection(Base):
    """A check that the sandbox has answered: counted per invoice and day, and kept for a repeat of the request."""

    __tablename__ = "sandbox_inspection"
    __table_args__ = (Index("ix_sandbox_inspection_invoice_day", "number", "code", "day"),)

    request_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(12))
    day: Mapped[date]
    counted: Mapped[bool]
    reply: Mapped[dict[str, Any]] = mapped_column(JSONB)


class SandboxControl(Base):
    """The one row that says how the sandbox behaves; it is written together with the seeded invoices."""

    __tablename__ = "sandbox_control"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False, default=1)
    mode: Mapped[Mode] = mapped_column(String(10), default=Mode.NORMAL)
    delay_ms: Mapped[int] = mapped_column(default=0)

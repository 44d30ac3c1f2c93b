"""The memory of the core system's sandbox: taxpayers, returns, charges, payments, and how it is told to behave."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.crypto import EncryptedJson, EncryptedText
from hub.kit.db import Base
from services.gateways.behaviour import Mode

EVERY_OPERATION = "*"


class CoreControl(Base):
    """How one operation behaves, or every one (`*`) that has no row of its own; the latter is written by seeding."""

    __tablename__ = "core_sandbox_control"

    operation: Mapped[str] = mapped_column(String(20), primary_key=True)
    mode: Mapped[Mode] = mapped_column(String(10), default=Mode.NORMAL)
    delay_ms: Mapped[int] = mapped_column(default=0)


class CoreTaxpayer(Base):
    """A taxpayer as `SeededTaxpayer` describes it, and what lies in the account of its tripartite agreement."""

    __tablename__ = "core_sandbox_taxpayer"

    taxpayer_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    file: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    balance: Mapped[str] = mapped_column(EncryptedText)


class CoreReturn(Base):
    """A return that was accepted; `number` goes into its receipt, and one return an obligation is in force."""

    __tablename__ = "core_sandbox_return"
    __table_args__ = (
        Index("uq_core_sandbox_return_in_force", "obligation_id", unique=True, postgresql_where=text("in_force")),
        Index("ix_core_sandbox_return_taxpayer", "taxpayer_id", "period_to"),
    )

    return_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    request_id: Mapped[str] = mapped_column(String(64), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    taxpayer_id: Mapped[str] = mapped_column(String(20))
    obligation_id: Mapped[str] = mapped_column(String(60))
    period_to: Mapped[date]
    due_on: Mapped[date]
    in_force: Mapped[bool] = mapped_column(default=True)
    accepted_at: Mapped[datetime]
    body: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)


class CoreCharge(Base):
    """What the return in force of an obligation makes payable; what arrived beyond its amount is a credit."""

    __tablename__ = "core_sandbox_charge"
    __table_args__ = (Index("ix_core_sandbox_charge_taxpayer", "taxpayer_id", "due_on"),)

    charge_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    taxpayer_id: Mapped[str] = mapped_column(String(20))
    return_id: Mapped[str] = mapped_column(String(36))
    due_on: Mapped[date]
    in_force: Mapped[bool] = mapped_column(default=True)
    body: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)


class CoreSettlement(Base):
    """A payment that was booked; `number` goes into its tax payment receipt."""

    __tablename__ = "core_sandbox_settlement"

    request_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    digest: Mapped[str] = mapped_column(String(64))
    taxpayer_id: Mapped[str] = mapped_column(String(20), index=True)
    booked_at: Mapped[datetime]
    body: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)

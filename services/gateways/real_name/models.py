"""The sandbox's memory: the questions that it has answered, by keyed hashes only, and how it is told to behave."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.db import Base
from services.gateways.behaviour import Control
from services.gateways.real_name.protocol import Outcome


class SandboxRealNameCheck(Base):
    """A question that was answered: counted per resident ID and day, and kept for a repeat of the request."""

    __tablename__ = "sandbox_real_name_check"
    __table_args__ = (Index("ix_sandbox_real_name_check_day", "resident_hash", "day"),)

    request_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    resident_hash: Mapped[str] = mapped_column(String(64))
    day: Mapped[date]
    outcome: Mapped[Outcome] = mapped_column(String(20))


class SandboxRealNameControl(Control, Base):
    """How the sandbox behaves."""

    __tablename__ = "sandbox_real_name_control"

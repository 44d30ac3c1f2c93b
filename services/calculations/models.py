"""Our record of each calculation: what was entered and what came out, readable only with the installation's keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit import clock
from hub.kit.crypto import EncryptedJson
from hub.kit.db import Base
from hub.kit.ids import new_id


class Calculation(Base):
    """One calculation; its id is the trace id that stands beside the amounts.

    `owner` is the person whose own figures are in it; without one it is explained to
    whoever has the trace id.
    """

    __tablename__ = "calculation"
    __table_args__ = (Index("ix_calculation_made_at", "made_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    calculator: Mapped[str] = mapped_column(String(40))
    form: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    result: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    channel: Mapped[str] = mapped_column(String(20))
    owner: Mapped[UUID | None]
    made_at: Mapped[datetime] = mapped_column(default=clock.now)

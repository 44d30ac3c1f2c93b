"""Our record of each real-name check: written before the service is asked, so that a crash asks again and not anew."""

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


class RealNameCheck(Base):
    """One check; its id is the request id under which the service knows it."""

    __tablename__ = "real_name_check"
    __table_args__ = (Index("ix_real_name_check_asked_at", "asked_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[UUID]
    form: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    outcome: Mapped[str | None] = mapped_column(String(20))
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    answered_at: Mapped[datetime | None]

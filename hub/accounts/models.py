"""Staff of the bureau."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import String, func
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.db import Base
from hub.kit.ids import new_id


class Role(StrEnum):
    """What a member of staff may do; an administrator may do everything."""

    AGENT = "agent"
    EDITOR = "editor"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class Staff(Base):
    """A member of staff; the bearer token is stored as a fingerprint only."""

    __tablename__ = "staff"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(64))
    role: Mapped[Role] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

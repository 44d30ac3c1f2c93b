"""Who saw or changed what: append-only, each row chained to the one before by its hash."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit import clock
from hub.kit.db import Base

CHAIN_LOCK = 12366_001
GENESIS = "0" * 64


class AuditEntry(Base):
    """One act of one person on one thing; never changed, never deleted."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(120), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)

    def computed_hash(self) -> str:
        """The hash that the row should have (SHA-256 over the previous hash and the content)."""
        content = [self.previous_hash, self.at.isoformat(), self.actor, self.action, self.subject, self.detail]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


async def record(session: AsyncSession, actor: str, action: str, subject: str, **detail: Any) -> None:
    """Write down an act, in the caller's transaction; writers queue for the end of the chain."""
    await session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK})
    last = await session.scalar(select(AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1))
    entry = AuditEntry(
        at=clock.now(), actor=actor, action=action, subject=subject, detail=detail, previous_hash=last or GENESIS
    )
    entry.hash = entry.computed_hash()
    session.add(entry)
    await session.flush()


async def first_broken(session: AsyncSession) -> int | None:
    """The id of the first row that was tampered with, or None when the chain holds."""
    previous = GENESIS
    async for entry in await session.stream_scalars(select(AuditEntry).order_by(AuditEntry.id)):
        entry.at = entry.at.astimezone(clock.UTC)
        if entry.previous_hash != previous or entry.hash != entry.computed_hash():
            return entry.id
        previous = entry.hash
    return None

"""The same request again gives the same answer: results kept by caller, act and the caller's own key."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import String, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.crypto import EncryptedJson
from hub.kit.db import Base
from hub.kit.errors import Invalid


class IdempotencyKeyReused(Invalid):
    """The key was used before with another body."""

    code = "idempotency_key_reused"
    message = "该幂等键（Idempotency-Key）已用于另一份内容不同的请求，请更换后重试。"


class KeptAnswer(Base):
    """The answer to a request that carried an idempotency key."""

    __tablename__ = "kept_answer"

    caller: Mapped[str] = mapped_column(String(80), primary_key=True)
    act: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, Any] | None] = mapped_column(EncryptedJson)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)


async def reserve(session: AsyncSession, caller: str, act: str, key: str, body: Any) -> dict[str, Any] | None:
    """Take the key for this transaction; the earlier answer when there is one.

    A second request with the same key waits here until the first has committed or failed.
    Raises `IdempotencyKeyReused`.
    """
    body_hash = hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()
    taken = await session.scalar(
        insert(KeptAnswer)
        .values(caller=caller, act=act, key=key, body_hash=body_hash, answer=None)
        .on_conflict_do_nothing()
        .returning(KeptAnswer.key)
    )
    if taken is not None:
        return None
    where = (KeptAnswer.caller == caller, KeptAnswer.act == act, KeptAnswer.key == key)
    kept = await session.scalar(select(KeptAnswer).where(*where).with_for_update())
    if kept is None or kept.body_hash != body_hash:
        raise IdempotencyKeyReused
    return kept.answer


async def keep(session: AsyncSession, caller: str, act: str, key: str, answer: dict[str, Any]) -> None:
    """Store the answer under a key that this transaction has reserved."""
    kept = await session.get_one(KeptAnswer, (caller, act, key))
    kept.answer = answer
    await session.flush()

"""The same request again gives the same answer: results kept by caller, act and the caller's own key."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import String, delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.crypto import EncryptedJson
from hub.kit.db import Base, transaction
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
    answer: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)


def _hash(body: Any) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()


async def kept_answer(caller: str, act: str, key: str, body: Any) -> dict[str, Any] | None:
    """The answer that was given to this request before, if it was.

    Raises `IdempotencyKeyReused` when the key came with another body.
    """
    async with transaction() as session:
        kept = await session.get(KeptAnswer, (caller, act, key))
    if kept is not None and kept.body_hash != _hash(body):
        raise IdempotencyKeyReused
    return kept.answer if kept else None


async def keep(caller: str, act: str, key: str, body: Any, answer: dict[str, Any]) -> None:
    """Keep an answer for the next time; the first one kept stays.

    Two requests at the same moment both get here: the act itself is done once, because services know its key.
    """
    async with transaction() as session:
        await session.execute(
            insert(KeptAnswer)
            .values(caller=caller, act=act, key=key, body_hash=_hash(body), answer=answer)
            .on_conflict_do_nothing()
        )


async def forget_before(session: AsyncSession, moment: datetime) -> None:
    """Drop answers that were kept before the moment."""
    await session.execute(delete(KeptAnswer).where(KeptAnswer.created_at < moment))

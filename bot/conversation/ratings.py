"""What people think of a talk: a verdict on the assistant, and one on each stay with a human; the last word counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation.models import ConversationRating, Handoff, Message
from hub.kit import clock
from hub.kit.errors import Conflict
from hub.kit.ids import new_id

DISSATISFIED = 2
"""Up to here somebody looks into what went wrong."""


class NothingToRate(Conflict):
    """Nobody has answered yet."""

    code = "nothing_to_rate"
    message = "这次咨询还没有得到答复，请先提问，得到答复后再评价。"


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How often each score was given since a moment, for the assistant or one human."""

    agent: str | None
    scores: dict[int, int]

    @property
    def count(self) -> int:
        """All of them."""
        return sum(self.scores.values())


async def rate(session: AsyncSession, conversation_id: UUID, score: int, comment: str | None) -> ConversationRating:
    """Keep a verdict (1 to 5) on the latest human of the talk, or on the assistant where there was none.

    Raises `NothingToRate`.
    """
    answered = await session.scalar(
        select(Message.id).where(Message.conversation_id == conversation_id, Message.direction == "out").limit(1)
    )
    if answered is None:
        raise NothingToRate
    stay = await session.scalar(
        select(Handoff)
        .where(Handoff.conversation_id == conversation_id, Handoff.claimed_by.is_not(None))
        .order_by(Handoff.queued_at.desc())
        .limit(1)
    )
    values = {"score": score, "comment": comment, "agent": stay.claimed_by if stay else None, "rated_at": clock.now()}
    kept = await session.scalar(
        insert(ConversationRating)
        .values(id=new_id(), conversation_id=conversation_id, handoff_id=stay.id if stay else None, **values)
        .on_conflict_do_update(constraint="uq_conversation_rating_talk", set_=values)
        .returning(ConversationRating)
        .execution_options(populate_existing=True)
    )
    assert kept is not None, "an upsert returns its row"
    return kept


async def of_conversation(session: AsyncSession, conversation_id: UUID) -> Sequence[ConversationRating]:
    """What was said of one conversation, oldest first."""
    rows = await session.scalars(
        select(ConversationRating)
        .where(ConversationRating.conversation_id == conversation_id)
        .order_by(ConversationRating.rated_at)
    )
    return rows.all()


async def verdicts(session: AsyncSession, since: datetime) -> list[Verdicts]:
    """How the assistant (first) and each human were judged since a moment."""
    rows = await session.execute(
        select(ConversationRating.agent, ConversationRating.score, func.count())
        .where(ConversationRating.rated_at >= since)
        .group_by(ConversationRating.agent, ConversationRating.score)
    )
    found: dict[str | None, dict[int, int]] = {}
    for agent, score, count in rows:
        found.setdefault(agent, {})[score] = count
    return [Verdicts(agent, found[agent]) for agent in sorted(found, key=lambda name: name or "")]


async def dissatisfied(
    session: AsyncSession, since: datetime, limit: int, offset: int
) -> tuple[Sequence[ConversationRating], int]:
    """Who was not satisfied since a moment, newest first, with how many there are in all."""
    wanted = (ConversationRating.rated_at >= since, ConversationRating.score <= DISSATISFIED)
    rows = await session.scalars(
        select(ConversationRating)
        .where(*wanted)
        .order_by(ConversationRating.rated_at.desc(), ConversationRating.id.desc())
        .limit(limit)
        .offset(offset)
    )
    total = await session.scalar(select(func.count()).select_from(ConversationRating).where(*wanted))
    return rows.all(), total or 0

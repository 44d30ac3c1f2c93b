"""How satisfied people are: one verdict on the assistant, one on each stay with a human, none before an answer."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from bot.conversation import handoff, ratings
from bot.conversation.models import HandoffReason, State
from bot.conversation.ratings import NothingToRate, dissatisfied, of_conversation, rate, verdicts
from bot.conversation.service import ConversationService
from hub.kit import clock
from hub.kit.db import transaction

COMMENT = "等了太久，电话 13800138000"


async def a_talk(conversations: ConversationService) -> UUID:
    """A talk in which the assistant has answered."""
    conversation_id, token = await conversations.create("web", "zh-CN", consent=True)
    await conversations.say(conversation_id, "你好", "m1", None, token, "")
    return conversation_id


async def with_a_human(conversation_id: UUID, agent: str) -> None:
    """A human takes part and gives the talk back."""
    async with transaction() as session:
        await handoff.hand_off(session, conversation_id, HandoffReason.CUSTOMER_REQUEST)
    async with transaction() as session:
        await handoff.claim(session, conversation_id, agent, "小李")
    async with transaction() as session:
        await handoff.release(session, conversation_id, State.WITH_BOT)


async def verdict(conversation_id: UUID, score: int, comment: str | None = None) -> None:
    async with transaction() as session:
        await rate(session, conversation_id, score, comment)


async def kept(conversation_id: UUID) -> list[tuple[str | None, int, str | None]]:
    async with transaction() as session:
        return [(one.agent, one.score, one.comment) for one in await of_conversation(session, conversation_id)]


async def test_the_last_word_counts(conversations: ConversationService) -> None:
    talk = await a_talk(conversations)
    await verdict(talk, 2, "答非所问")
    await verdict(talk, 4)
    assert await kept(talk) == [(None, 4, None)]


async def test_each_human_is_judged_apart_from_the_assistant(conversations: ConversationService) -> None:
    talk = await a_talk(conversations)
    await verdict(talk, 3)
    await with_a_human(talk, "li")
    await verdict(talk, 5, "很耐心")
    await with_a_human(talk, "zhou")
    await verdict(talk, 1)
    assert await kept(talk) == [(None, 3, None), ("li", 5, "很耐心"), ("zhou", 1, None)]
    async with transaction() as session:
        found = await verdicts(session, clock.now() - timedelta(days=1))
        later = await verdicts(session, clock.now() + timedelta(seconds=1))
    assert [(one.agent, one.scores) for one in found] == [(None, {3: 1}), ("li", {5: 1}), ("zhou", {1: 1})]
    assert later == []


async def test_nothing_can_be_said_of_no_answer(conversations: ConversationService) -> None:
    conversation_id, _ = await conversations.create("web", "zh-CN", consent=True)
    with pytest.raises(NothingToRate):
        await verdict(conversation_id, 5)


async def test_who_was_not_satisfied_is_listed_newest_first(conversations: ConversationService) -> None:
    talks = [await a_talk(conversations) for _ in range(3)]
    for talk, score in zip(talks, (2, 3, 1), strict=True):
        await verdict(talk, score)
    async with transaction() as session:
        rows, total = await dissatisfied(session, clock.now() - timedelta(days=1), 1, 0)
        rest, _ = await dissatisfied(session, clock.now() - timedelta(days=1), 5, 1)
    assert ([one.conversation_id for one in [*rows, *rest]], total) == ([talks[2], talks[0]], 2)
    assert ratings.DISSATISFIED == 2


async def test_a_comment_lies_encrypted_and_goes_with_the_talk(
    conversations: ConversationService, empty_database: str
) -> None:
    talk = await a_talk(conversations)
    await verdict(talk, 1, COMMENT)
    with psycopg.connect(empty_database) as connection:
        [(comment,)] = connection.execute("select comment from conversation_rating").fetchall()
        assert COMMENT.encode() not in bytes(comment)
        connection.execute("delete from conversation")
        assert connection.execute("select count(*) from conversation_rating").fetchone() == (0,)

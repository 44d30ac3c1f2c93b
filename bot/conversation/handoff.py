"""The only ways to a human and back: queue, claim, return, resolve, each with its words for the person."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation import repository
from bot.conversation.models import Author, Conversation, Handoff, HandoffReason, Message, State
from bot.conversation.schemas import Queue
from bot.conversation.states import MoveNotAllowed, check_move
from hub.bureau import bureau
from hub.kit import clock
from hub.kit.errors import NotFound

DEFAULT_HANDLING = timedelta(minutes=5)
AT_WORK_WITHIN = timedelta(minutes=30)
LEAVE_QUEUE = {"title": "取消排队，继续问助手", "payload": "intent:leave_queue"}


class ConversationNotFound(NotFound):
    """There is no such conversation, or it was erased."""

    code = "conversation_not_found"
    message = "会话不存在或已删除，请重新开始咨询。"


async def locked(session: AsyncSession, conversation_id: UUID) -> Conversation:
    """The conversation, locked against other movers.

    Raises `ConversationNotFound`.
    """
    found = await repository.get(session, conversation_id, lock=True)
    if found is None:
        raise ConversationNotFound
    return found


async def hand_off(
    session: AsyncSession, conversation_id: UUID, reason: HandoffReason, note: str | None = None
) -> Queue:
    """Put a chat into the queue for a human; asking again changes nothing.

    Raises `ConversationNotFound`.
    """
    conversation = await locked(session, conversation_id)
    if conversation.state in (State.WITH_BOT, State.RESOLVED):
        if conversation.state is State.RESOLVED:
            conversation.state = State.WITH_BOT
        check_move(State(conversation.state), State.WAITING_FOR_AGENT)
        conversation.state = State.WAITING_FOR_AGENT
        conversation.queued_at = clock.now()
        session.add(
            Handoff(conversation_id=conversation_id, reason=reason, note=note, queued_at=conversation.queued_at)
        )
        await session.flush()
    return await queue_of(session, conversation) or Queue(position=0, wait_seconds=0)


async def queue_of(session: AsyncSession, conversation: Conversation) -> Queue | None:
    """Where a waiting chat stands: the wait is measured from the latest chats and the agents at work."""
    if conversation.state != State.WAITING_FOR_AGENT or conversation.queued_at is None:
        return None
    position = await repository.queue_position(session, conversation.queued_at)
    finished = await repository.recent_handling(session)
    handling = sum(((end - begin) for begin, end, _ in finished), timedelta()) / len(finished) if finished else None
    agents = max(1, await repository.agents_at_work(session, clock.now() - AT_WORK_WITHIN))
    wait = (handling or DEFAULT_HANDLING) * position / agents
    return Queue(position=position, wait_seconds=round(wait.total_seconds()))


def queue_text(queue: Queue) -> str:
    """What a person is told on entering the queue."""
    profile, now = bureau(), clock.now()
    ahead = max(0, queue.position - 1)
    place = f"您前面还有{ahead}位" if ahead else "您排在第一位"
    if not profile.is_open(now):
        return (
            f"已为您转人工。现在不在人工服务时间（{profile.hours_text}），"
            f"工作人员将从{profile.next_opening_text(now)}起按顺序回复，{place}。"
            "您可以先留下问题，回复会显示在这里。"
        )
    minutes = max(1, round(queue.wait_seconds / 60))
    return (
        f"已为您转人工，{place}，预计等待约{minutes}分钟。人工服务时间：{profile.hours_text}。"
        "等待期间可以先把问题写下来，工作人员接入后会看到。"
    )


async def claim(session: AsyncSession, conversation_id: UUID, agent: str, agent_name: str) -> Conversation:
    """An agent takes a waiting chat; taking one's own again changes nothing.

    Raises `ConversationNotFound`, `MoveNotAllowed`.
    """
    conversation = await locked(session, conversation_id)
    if conversation.state == State.WITH_AGENT and conversation.assigned_to == agent:
        return conversation
    check_move(State(conversation.state), State.WITH_AGENT)
    conversation.state, conversation.assigned_to = State.WITH_AGENT, agent
    if stay := await repository.open_handoff(session, conversation_id):
        stay.claimed_at, stay.claimed_by = clock.now(), agent
    await announce(session, conversation_id, f"{agent_name}已接入，为您服务。")
    return conversation


async def release(session: AsyncSession, conversation_id: UUID, target: State, words: str = "", note: str = "") -> None:
    """Give a chat back to the bot, or close it; `words` are said to the person, `note` is for colleagues.

    Raises `ConversationNotFound`, `MoveNotAllowed`.
    """
    conversation = await locked(session, conversation_id)
    check_move(State(conversation.state), target)
    conversation.state, conversation.assigned_to, conversation.queued_at = target, None, None
    if target is State.RESOLVED:
        conversation.active_skill = None
        await repository.forget_dialogue(session, conversation_id)
    if stay := await repository.open_handoff(session, conversation_id):
        stay.ended_at, stay.outcome = clock.now(), str(target)
        stay.note = "\n".join(part for part in (stay.note, note) if part) or None
    if words:
        await announce(session, conversation_id, words)


async def announce(session: AsyncSession, conversation_id: UUID, words: str, *, carried: str | None = None) -> None:
    """A line of the system in the conversation; `carried` names the channel in which the talk went on."""
    message = Message(author=Author.SYSTEM, text=words, payload={"carried": carried} if carried else {})
    await repository.add_outbound(session, conversation_id, [message])


__all__ = [
    "LEAVE_QUEUE",
    "ConversationNotFound",
    "MoveNotAllowed",
    "announce",
    "claim",
    "hand_off",
    "locked",
    "queue_of",
    "queue_text",
    "release",
]

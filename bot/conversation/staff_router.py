"""The staff's side of conversations: list, look, claim, reply, return to the bot, resolve; every act is audited."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from bot.conversation import handoff, repository
from bot.conversation.models import Author, HandoffReason, Message, State
from bot.conversation.router import Service
from bot.conversation.schemas import (
    AgentNote,
    AgentReply,
    ConversationList,
    ConversationSummary,
    MessageRead,
    Messages,
)
from bot.conversation.service import PAGE, read
from hub import audit
from hub.accounts.access import CurrentAgent, Session
from hub.kit.errors import Conflict

router = APIRouter(prefix="/api/v1/staff/conversations", tags=["staff"])


class NotYourChat(Conflict):
    """Another agent holds the chat, or nobody does."""

    code = "not_your_chat"
    message = "该会话不由您接待，请先接入会话。"


@router.get("")
async def list_conversations(
    agent: CurrentAgent,
    session: Session,
    state: State | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> ConversationList:
    """Conversations that concern humans, longest waiting first; with the bot only when asked for by `state`."""
    rows, total = await repository.for_staff(session, state, limit, offset)
    summaries = []
    for conversation, stay in rows:
        queue = await handoff.queue_of(session, conversation)
        last = await repository.last_message(session, conversation.id)
        summaries.append(
            ConversationSummary(
                conversation_id=conversation.id,
                channel=conversation.channel,
                state=State(conversation.state),
                reason=HandoffReason(stay.reason) if stay else None,
                note=stay.note if stay else None,
                queued_at=conversation.queued_at,
                assigned_to=conversation.assigned_to,
                position=queue.position if queue else None,
                last_message=last.text[:80] if last else "",
                updated_at=conversation.updated_at,
            )
        )
    return ConversationList(conversations=summaries, total=total)


@router.get("/{conversation_id}/messages")
async def read_conversation(
    conversation_id: UUID,
    agent: CurrentAgent,
    session: Session,
    conversations: Service,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
) -> Messages:
    """What was said, for a member of staff; the look is written down."""
    await audit.record(session, agent.username, "conversation.read", str(conversation_id))
    return await conversations.history(conversation_id, after, limit)


@router.post("/{conversation_id}/claim")
async def claim_conversation(conversation_id: UUID, agent: CurrentAgent, session: Session) -> dict[str, State]:
    """Take a waiting chat; the bot is silent from now on."""
    conversation = await handoff.claim(session, conversation_id, agent.username, agent.display_name)
    await audit.record(session, agent.username, "conversation.claim", str(conversation_id))
    return {"state": State(conversation.state)}


@router.post("/{conversation_id}/reply")
async def reply_to_conversation(
    conversation_id: UUID, body: AgentReply, agent: CurrentAgent, session: Session
) -> MessageRead:
    """Say something to the person; the same `client_message_id` again says it once."""
    conversation = await handoff.locked(session, conversation_id)
    if conversation.state != State.WITH_AGENT or conversation.assigned_to != agent.username:
        raise NotYourChat
    external_id = f"staff:{body.client_message_id}"
    if said := await repository.message_by_external_id(session, conversation_id, external_id):
        return read(said)
    message = Message(
        author=Author.AGENT, author_name=agent.display_name, text=body.text, payload={}, external_id=external_id
    )
    await repository.add_outbound(session, conversation_id, [message])
    await audit.record(session, agent.username, "conversation.reply", str(conversation_id), message=str(message.id))
    return read(message)


@router.post("/{conversation_id}/return")
async def return_conversation(
    conversation_id: UUID, body: AgentNote, agent: CurrentAgent, session: Session
) -> dict[str, State]:
    """Give the chat back to the bot, which answers the next message."""
    words = "人工服务已结束，接下来由智能助手继续为您服务。需要时随时说“转人工”。"
    await handoff.release(session, conversation_id, State.WITH_BOT, words, body.note)
    await audit.record(session, agent.username, "conversation.return", str(conversation_id))
    return {"state": State.WITH_BOT}


@router.post("/{conversation_id}/resolve")
async def resolve_conversation(
    conversation_id: UUID, body: AgentNote, agent: CurrentAgent, session: Session
) -> dict[str, State]:
    """Close the chat; a new message begins a new talk with the bot."""
    words = "本次咨询已办结，感谢您的耐心等待。如有新的问题，直接发消息即可。"
    await handoff.release(session, conversation_id, State.RESOLVED, words, body.note)
    await audit.record(session, agent.username, "conversation.resolve", str(conversation_id))
    return {"state": State.RESOLVED}

"""The conversation API of architecture §5: begin, say, read, export, erase."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response, status

from bot.conversation import handoff, ratings, repository
from bot.conversation.models import ConversationRating, Message, State
from bot.conversation.schemas import (
    ConversationCreate,
    ConversationCreated,
    ConversationExport,
    MessageCreate,
    Messages,
    RatingCreate,
    RatingRead,
)
from bot.conversation.service import PAGE, ConversationService, read
from hub import audit
from hub.accounts import sessions
from hub.accounts.access import BearerToken, Public, Session, names_access
from hub.kit.errors import Unauthorized
from hub.kit.rates import client_address, rate_limit


def rating_read(rating: ConversationRating) -> RatingRead:
    """A verdict as people see it."""
    return RatingRead(score=rating.score, comment=rating.comment, agent=rating.agent, rated_at=rating.rated_at)


router = APIRouter(prefix="/api/v1/conversations", tags=["conversations"])


async def service(request: Request) -> ConversationService:
    """The conversation service of this process."""
    found: ConversationService = request.app.state.conversations
    return found


Service = Annotated[ConversationService, Depends(service)]


@names_access("conversation")
async def own_conversation(conversation_id: UUID, conversations: Service, credentials: BearerToken) -> UUID:
    """The conversation whose token the caller holds.

    Raises `Unauthorized`, `ConversationNotFound`.
    """
    if credentials is None:
        raise Unauthorized
    await conversations.authorise(conversation_id, credentials.credentials)
    return conversation_id


OwnConversation = Annotated[UUID, Depends(own_conversation)]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[Public, Depends(rate_limit("conversation", lambda s: s.rate_conversation))],
)
async def create_conversation(body: ConversationCreate, conversations: Service) -> ConversationCreated:
    """Begin a conversation. The token is shown once; it opens this conversation and nothing else."""
    conversation_id, token = await conversations.create(body.channel, body.locale, consent=body.consent)
    return ConversationCreated(conversation_id=conversation_id, token=token)


@names_access("conversation")
async def conversation_token(credentials: BearerToken) -> str:
    """The caller's token, checked where the message is stored: one transaction less, and arrivals keep their order.

    Raises `Unauthorized`.
    """
    if credentials is None:
        raise Unauthorized
    return credentials.credentials


@router.post("/{conversation_id}/messages", dependencies=[Depends(rate_limit("message", lambda s: s.rate_message))])
async def create_message(
    conversation_id: UUID,
    token: Annotated[str, Depends(conversation_token)],
    body: MessageCreate,
    conversations: Service,
    request: Request,
) -> Messages:
    """Say something and get what the bot says to it; the same `client_message_id` again returns the first answer."""
    return await conversations.say(
        conversation_id, body.text, body.client_message_id, body.payload, token, client_address(request),
        body.attachments,
    )  # fmt: skip


@router.get("/{conversation_id}/messages")
async def list_messages(
    own: OwnConversation,
    conversations: Service,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
) -> Messages:
    """What was said after a message (from the start without `after`), oldest first; `next` pages on."""
    return await conversations.history(own, after, limit)


@router.get("/{conversation_id}/export")
async def export_conversation(own: OwnConversation, session: Session) -> ConversationExport:
    """Everything that we keep about the conversation (《个人信息保护法》第四十五条: access and copy)."""
    conversation = await repository.get(session, own)
    if conversation is None:
        raise handoff.ConversationNotFound
    said: list[Message] = []
    after: UUID | None = None
    while found := await repository.page(session, own, after, PAGE):
        said += found[:PAGE]
        after = said[-1].id
    await audit.record(session, "taxpayer", "conversation.export", str(own))
    return ConversationExport(
        conversation_id=own,
        channel=conversation.channel,
        created_at=conversation.created_at,
        consented_at=conversation.consented_at,
        state=State(conversation.state),
        messages=[read(message) for message in said],
        ratings=[rating_read(one) for one in await ratings.of_conversation(session, own)],
    )


@router.put("/{conversation_id}/rating", dependencies=[Depends(rate_limit("message", lambda s: s.rate_message))])
async def rate_conversation(own: OwnConversation, body: RatingCreate, session: Session) -> RatingRead:
    """Say how satisfied one is with the latest human of the talk, or with the assistant; the last word counts."""
    return rating_read(await ratings.rate(session, own, body.score, body.comment.strip() or None))


@router.delete("/{conversation_id}", status_code=status.HTTP_204_NO_CONTENT)
async def erase_conversation(own: OwnConversation, session: Session) -> Response:
    """Erase the conversation with everything said in it, Rasa's memory included (《个人信息保护法》第四十七条)."""
    await repository.erase(session, own)
    await repository.forget_dialogue(session, own)
    await sessions.end(session, f"conversation:{own}")
    await repository.notify(session, own)
    await audit.record(session, "taxpayer", "conversation.erase", str(own))
    return Response(status_code=status.HTTP_204_NO_CONTENT)

"""What the conversation API takes and gives (contract of architecture §5)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.conversation.models import Author, HandoffReason, State

MAX_TEXT = 5000


def _storable(text: str) -> str:
    """PostgreSQL and people have no use for NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")


Text = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(_storable)]


class ButtonRead(BaseModel):
    """Something to press."""

    title: str
    payload: str


class MessageRead(BaseModel):
    """One message as people see it; `carried` on the one that says in which channel the talk went on."""

    id: UUID
    author: Author
    author_name: str | None = None
    text: str
    buttons: list[ButtonRead] = []
    citations: list[dict[str, Any]] = []
    related: list[dict[str, Any]] = []
    attachments: list[dict[str, Any]] = []
    created_at: datetime
    client_message_id: str | None = None
    carried: str | None = None


class Queue(BaseModel):
    """Where somebody stands in the queue for a human."""

    position: int
    wait_seconds: int


class ConversationCreate(BaseModel):
    """Begin to talk; `consent` says that the privacy notice was shown and accepted."""

    model_config = ConfigDict(extra="forbid")
    channel: Literal["web", "api"] = "web"
    locale: str = Field("zh-CN", max_length=16, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    consent: bool = False


class ConversationCreated(BaseModel):
    """The key to the conversation; the token is not stored in clear and cannot be read again."""

    conversation_id: UUID
    token: str


class MessageCreate(BaseModel):
    """Say something. `client_message_id` makes a repeat harmless; `payload` is that of a button we showed.

    `attachments` are ids of files that were uploaded into the conversation; the text may then be empty.
    """

    model_config = ConfigDict(extra="forbid")
    text: Text
    client_message_id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")
    payload: str | None = Field(None, max_length=1000)
    attachments: list[UUID] = Field([], max_length=3)


class Messages(BaseModel):
    """What was said, oldest first, and where things stand; `next` pages on."""

    messages: list[MessageRead]
    state: State
    queue: Queue | None = None
    next: UUID | None = None


class RatingCreate(BaseModel):
    """How satisfied somebody is: 5 非常满意, 4 满意, 3 基本满意, 2 不满意, 1 非常不满意."""

    model_config = ConfigDict(extra="forbid")
    score: int = Field(ge=1, le=5)
    comment: Annotated[str, Field(max_length=500), AfterValidator(_storable)] = ""


class RatingRead(BaseModel):
    """A verdict that is kept; `agent` is the human it is on, None for the assistant."""

    score: int
    comment: str | None
    agent: str | None
    rated_at: datetime


class VerdictsRead(BaseModel):
    """How the assistant (`agent` None) or a human was judged: each score's count, and the share from 3 up, 0 to 1."""

    agent: str | None
    scores: dict[int, int]
    count: int
    satisfied: float


class Dissatisfied(BaseModel):
    """Somebody who was not satisfied, with the talk to look into."""

    conversation_id: UUID
    rating: RatingRead


class DissatisfiedList(BaseModel):
    """A page of them, the newest first."""

    ratings: list[Dissatisfied]
    total: int


class ConversationExport(BaseModel):
    """Everything that we keep about a conversation, for the person it belongs to."""

    conversation_id: UUID
    channel: str
    created_at: datetime
    consented_at: datetime | None
    state: State
    messages: list[MessageRead]
    ratings: list[RatingRead] = []


class ConversationSummary(BaseModel):
    """A conversation in the staff's list."""

    conversation_id: UUID
    channel: str
    state: State
    reason: HandoffReason | None
    note: str | None
    queued_at: datetime | None
    assigned_to: str | None
    position: int | None
    last_message: str
    updated_at: datetime


class ConversationList(BaseModel):
    """A page of conversations."""

    conversations: list[ConversationSummary]
    total: int


class AgentReply(BaseModel):
    """What an agent says."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[Text, Field(min_length=1)]
    client_message_id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")


class AgentNote(BaseModel):
    """Why an agent gives the chat back or closes it."""

    model_config = ConfigDict(extra="forbid")
    note: Text = ""

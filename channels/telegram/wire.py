"""What the Bot API says, as far as we read it (https://core.telegram.org/bots/api); what we do not know is ignored."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = int
"""Chats and users have up to 52 significant bits; groups are negative."""


class Wire(BaseModel):
    """Base: fields that are new to us do no harm."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)


class User(Wire):
    """Somebody, perhaps a bot."""

    id: Id
    is_bot: bool = False
    username: str = ""


class Chat(Wire):
    """Where a message stands."""

    id: Id
    type: Literal["private", "group", "supergroup", "channel"]


class Entity(Wire):
    """A special stretch of a text; `offset` and `length` count UTF-16 code units."""

    type: str
    offset: int = Field(ge=0)
    length: int = Field(ge=0)
    user: User | None = None


class File(Wire):
    """A file on Telegram's servers."""

    file_id: str
    file_size: int | None = None
    mime_type: str = ""
    file_name: str = ""
    file_path: str = ""


class RepliedTo(Wire):
    """The message to which another answers."""

    message_id: int
    author: User | None = Field(None, alias="from")


class Message(Wire):
    """One message of a chat; other kinds of content stand in fields that we only know by name."""

    message_id: int
    date: int = 0
    chat: Chat
    author: User | None = Field(None, alias="from")
    message_thread_id: int | None = None
    is_topic_message: bool = False
    reply_to_message: RepliedTo | None = None
    text: str = ""
    entities: list[Entity] = []
    caption: str = ""
    caption_entities: list[Entity] = []
    photo: list[File] = []
    document: File | None = None
    voice: File | None = None
    audio: File | None = None
    video: File | None = None
    video_note: File | None = None
    animation: File | None = None


class CallbackQuery(Wire):
    """A pressed button."""

    id: str
    author: User = Field(alias="from")
    message: Message | None = None
    data: str = ""


class Member(Wire):
    """Somebody's standing in a chat."""

    status: str
    user: User | None = None


class MemberChange(Wire):
    """A change of our own standing in a chat."""

    chat: Chat
    author: User = Field(alias="from")
    new_chat_member: Member


class Update(Wire):
    """One call of the webhook: at most one of the fields beside the number is there."""

    update_id: int
    message: Message | None = None
    callback_query: CallbackQuery | None = None
    my_chat_member: MemberChange | None = None


class Trouble(Wire):
    """Why a request failed and what helps."""

    retry_after: float | None = None
    migrate_to_chat_id: Id | None = None


class Response(Wire):
    """The answer to every request."""

    ok: bool
    result: Any = None
    error_code: int | None = None
    description: str = ""
    parameters: Trouble = Trouble()

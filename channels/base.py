"""What a door is: the protocol that each channel fulfils, the values that pass through it, and its limits as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Literal, Protocol, runtime_checkable
from uuid import UUID

from fastapi import APIRouter

from hub.accounts.models import Strength
from hub.kit.errors import HubError, NotFound, Unauthorized, Unavailable
from hub.outbox.letters import Never
from hub.outbox.models import Failure


class NotVerified(Unauthorized):
    """The call does not prove that it comes from the channel's party; nothing of it is kept."""

    code = "channel_not_verified"
    message = "签名校验未通过。"


class Malformed(HubError):
    """The call is not what the party's protocol says."""

    code = "channel_malformed"
    message = "消息格式不正确。"


class Blocked(Never):
    """The person does not want to hear from us here (blocked, unsubscribed, opted out) until they write again."""

    def __init__(self, reason: str = "blocked") -> None:
        super().__init__(reason)


class Unit(StrEnum):
    """How a party counts the length of a text."""

    CHARACTERS = "characters"
    BYTES = "bytes"
    """of UTF-8"""
    UTF16 = "utf16"
    """code units of UTF-16"""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` messages in `seconds`: for all of an account, to one chat, or to one chat that is a group."""

    count: int
    seconds: float
    per: Literal["account", "chat", "group"] = "account"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can do.

    `passive_seconds`: how long the party waits for an answer in the response to its call; None when it takes none.
    `reply_window`: how long after the person's last message we may write, and `window_messages` how often until they
    write again; with 0 nothing is pushed, and people fetch what waits for them by writing (继续); `text_limit` then
    leaves room for saying so. `strength`: how surely only the person concerned reads what is said there, as
    long as they have not linked it.
    `receipts`: whether the party tells whether a message arrived. `takes_key`: whether a repeat under one key is
    harmless. `choices`: how many choices are offered by number where buttons are none. `citations`: how many of the
    legal basis are shown. `most_parts`: to how many parts an answer is cut, with a hint where to read the rest.
    `link_page`: our page (a path) on which people link the channel to their phone, offered where they are to sign in.
    """

    text_limit: int
    unit: Unit = Unit.CHARACTERS
    buttons: bool = False
    markdown: bool = False
    reply_window: timedelta | None = None
    window_messages: int | None = None
    passive_seconds: float | None = None
    rates: tuple[Rate, ...] = ()
    strength: Strength = Strength.CHAT
    receipts: bool = False
    takes_key: bool = False
    choices: int = 10
    citations: int = 3
    most_parts: int | None = None
    link_page: str = ""

    @property
    def fetched(self) -> bool:
        """Whether nothing may be pushed, so that people fetch what waits for them."""
        return self.window_messages == 0


class Kind(StrEnum):
    """What came with a message, or instead of words."""

    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    FILE = "file"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that stays with the party; `reference` is what the party gives it out for. `size` in bytes."""

    kind: Kind
    reference: str
    content_type: str = ""
    size: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of a message of ours: the `message` of the outbox that carried it, and its place among the buttons."""

    message: UUID
    place: int


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """What a person said, as a door decoded it.

    `sender` is the party's name for the person within the account, `address` what we send to (the same, unless the
    person speaks in a group; what stands behind a slash is a place within it). `external_id` makes a repeat harmless.
    `pressed` is the button that was pressed, `payload` its payload where the party gives that back instead. `kind` says
    what came instead of words when it is not text. `group`: others read along. `notice`: what the door itself says to
    it, instead of the bot and even while a human talks.
    """

    channel: str
    account: str
    sender: str
    external_id: str
    text: str = ""
    payload: str | None = None
    kind: Kind | None = None
    attachments: tuple[Attachment, ...] = ()
    sent_at: datetime | None = None
    address: str = ""
    group: bool = False
    pressed: Pressed | None = None
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the party reports of a message of ours; `reason` is a short stable word, `failure` what it means."""

    party_id: str
    delivered: bool
    reason: str | None = None
    failure: Failure = Failure.PERMANENT


@dataclass(frozen=True, slots=True)
class Gone:
    """The person left: nothing is sent to them until they write again."""

    account: str
    sender: str


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press."""

    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class Part:
    """One message as a party takes it: within its limit, with buttons only where it has them.

    `message` is that of the outbox, `key` the same whenever the same part is sent again.
    """

    text: str
    buttons: tuple[Button, ...] = ()
    markdown: bool = False
    key: str = ""
    message: UUID | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a part goes to."""

    account: str
    address: str
    group: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """An HTTP call of a party, as it came. Header names are in lower case."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    address: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the party is told in the response to its call."""

    body: bytes = b""
    media_type: str = "text/plain"
    status: int = 200


@dataclass(frozen=True, slots=True)
class Received:
    """A verified call, decoded.

    `answer` tells the party that we have it. `passive` makes the response that carries a part to the person; it is
    used only with exactly one message.
    """

    answer: Answer = field(default_factory=Answer)
    messages: Sequence[InboundMessage] = ()
    receipts: Sequence[Receipt] = ()
    gone: Sequence[Gone] = ()
    passive: Callable[[Part], Answer] | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file as the party has it."""

    content: bytes
    content_type: str = ""


class FileGone(NotFound):
    """The party does not have the file any more, or it is larger than what we take."""

    code = "attachment_gone"
    message = "附件已过期或过大，无法打开，请联系对方重新发送。"


class PartyAway(Unavailable):
    """The party does not answer."""

    code = "channel_unavailable"
    message = "渠道平台暂时没有响应，请稍后再试。"


@runtime_checkable
class KeepsFiles(Protocol):
    """A channel whose party keeps the files that people sent."""

    async def fetch(self, reference: str) -> Fetched:
        """The file of this reference, of at most `attachments.LARGEST` bytes.

        Raises `FileGone`, `PartyAway`.
        """
        ...


class Channel(Protocol):
    """A door. It verifies, decodes and sends; it decides nothing and opens no transaction of the conversation."""

    name: ClassVar[str]
    capabilities: ClassVar[Capabilities]

    @property
    def router(self) -> APIRouter | None:
        """Further routes of the door beside its webhook; None when it has none."""
        ...

    async def receive(self, call: Call) -> Received:
        """Verify and decode a call.

        Raises `NotVerified`, `Malformed`.
        """
        ...

    async def send(self, target: Target, part: Part) -> str | None:
        """Hand a part to the party; its own id for it, if it has one.

        Raises `NotNow`, `Uncertain`, `Never`, `Blocked`; anything else counts as `Uncertain`.
        """
        ...

    async def acknowledge(self, messages: Sequence[InboundMessage]) -> None:
        """Called when messages are stored and the response is out: where a party wants more (a pressed button).

        Not called for a call that may be answered in its response. Raises nothing.
        """
        ...

    async def close(self) -> None:
        """Give back what is held."""
        ...

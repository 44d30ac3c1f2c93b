"""Staff of the bureau, and the people who use it: who they proved to be, their sessions, mandates and consents."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit import clock
from hub.kit.crypto import EncryptedText
from hub.kit.db import Base
from hub.kit.ids import new_id


class Role(StrEnum):
    """What a member of staff may do; an administrator may do everything."""

    AGENT = "agent"
    EDITOR = "editor"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class Staff(Base):
    """A member of staff; the bearer token is stored as a fingerprint only."""

    __tablename__ = "staff"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(64))
    role: Mapped[Role] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Person(Base):
    """A human being, known by phone, later by resident ID; found by keyed hashes, readable only with the data keys.

    The id stays when the phone changes and when everything personal is erased, because returns and the audit name it.
    """

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    phone: Mapped[str | None] = mapped_column(EncryptedText)
    phone_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    name: Mapped[str | None] = mapped_column(EncryptedText)
    resident_id: Mapped[str | None] = mapped_column(EncryptedText)
    resident_id_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    proven_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Strength(IntEnum):
    """How surely only the person concerned sees what is said by a way; the order is that of what may be told there."""

    OPEN = 0
    """Others read along: a group."""
    SMS = 10
    """Whoever has the number now; shown on locked screens, kept by carriers in clear."""
    CHAT = 20
    """An account of a messenger of which only the party knows whose it is."""
    OWN = 30
    """A page or an API with a token of our own, or a messenger that the person has linked to their phone."""


TELLS_PERSONAL = Strength.SMS
"""Below this nothing personal is told, wherever somebody proved who they are."""


class PersonSession(Base):
    """A channel identity bound to a person: "conversation:<id>", "token:<fingerprint>" (API), "web:<fingerprint>".

    `strength` is that of the way by which they last proved who they are in it.
    """

    __tablename__ = "person_session"

    subject: Mapped[str] = mapped_column(String(100), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    proven_at: Mapped[datetime | None]
    taxpayer_id: Mapped[str | None] = mapped_column(String(64))
    strength: Mapped[int] = mapped_column(SmallInteger, server_default=text("30"))


class OneTimeCode(Base):
    """A code that went to a phone: only keyed hashes, which are also what the limits count."""

    __tablename__ = "one_time_code"
    __table_args__ = (
        Index("ix_one_time_code_phone", "phone_hash", "made_at"),
        Index("ix_one_time_code_address", "address_hash", "made_at"),
        Index("ix_one_time_code_subject", "subject_hash", "made_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    phone_hash: Mapped[str] = mapped_column(String(64))
    address_hash: Mapped[str] = mapped_column(String(64))
    subject_hash: Mapped[str] = mapped_column(String(64))
    code_hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
    used_by: Mapped[str | None] = mapped_column(String(64))


class Lockout(Base):
    """Failures in a row at one door, by the keyed hash of who failed there, and until when the door stays shut."""

    __tablename__ = "lockout"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class Mandate(Base):
    """A taxpayer for whom a person may act, as the core system said when it was asked last."""

    __tablename__ = "mandate"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    taxpayer_id: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    name: Mapped[str] = mapped_column(EncryptedText)
    kind: Mapped[str] = mapped_column(String(20))
    role: Mapped[str] = mapped_column(String(30))
    position: Mapped[int]
    seen_at: Mapped[datetime]


class ChannelIdentity(Base):
    """Somebody as a channel knows them, found by keyed hash; `conversation_id` is the talk that goes on there now.

    `address` is what we send to, `heard_at` when they wrote last, `pushed` how many messages we sent since,
    `blocked_at` since when they want to hear nothing. `person_id` only when they linked it themselves. `strength` is
    that of the channel; see `identities.strength_of`.
    """

    __tablename__ = "channel_identity"
    __table_args__ = (UniqueConstraint("channel", "account", "sender_hash"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    channel: Mapped[str] = mapped_column(String(14))
    account: Mapped[str] = mapped_column(String(64))
    sender_hash: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(EncryptedText)
    in_group: Mapped[bool] = mapped_column(server_default=text("false"))
    strength: Mapped[int] = mapped_column(SmallInteger, server_default=text("20"))
    conversation_id: Mapped[UUID | None] = mapped_column(index=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    linked_at: Mapped[datetime | None]
    heard_at: Mapped[datetime] = mapped_column(index=True)
    pushed: Mapped[int] = mapped_column(server_default=text("0"))
    blocked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class NoticeWay(StrEnum):
    """By which way notices reach somebody first; by text message where that one cannot."""

    SMS = "sms"
    WECHAT = "wechat"
    CONVERSATION = "conversation"


class NoticeSetting(Base):
    """By which way a person wants to be told; who never chose has no row."""

    __tablename__ = "notice_setting"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    way: Mapped[NoticeWay] = mapped_column(String(20))
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)


class Consent(Base):
    """What a person agreed to: the exact text and its version, when, by which door, and when it was taken back."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_person_id", "person_id", "kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(String)
    channel: Mapped[str] = mapped_column(String(20))
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

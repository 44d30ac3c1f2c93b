"""What the WeChat door remembers: the account's access token, signatures seen, chats carried over, acts of binding."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit import clock
from hub.kit.crypto import EncryptedJson, EncryptedText
from hub.kit.db import Base
from hub.kit.ids import new_id
from services.gateways.behaviour import Control


class AccessToken(Base):
    """The access token that all processes share; whoever holds the lease fetches the next one."""

    __tablename__ = "wechat_token"

    app_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    token: Mapped[str | None] = mapped_column(EncryptedText)
    expires_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]


class SeenCall(Base):
    """The body that came under a signature of plain mode, as hashes."""

    __tablename__ = "wechat_call"

    signature: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[str] = mapped_column(String(64))
    seen_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)


class Carry(Base):
    """A code to scan that carries a conversation over to WeChat: one person, once, for minutes."""

    __tablename__ = "wechat_carry"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    conversation_id: Mapped[UUID]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    scanned_by: Mapped[str | None] = mapped_column(String(64), index=True)
    settled_by: Mapped[str | None] = mapped_column(String(64))
    """Hash of the message in which the person decided."""
    agreed: Mapped[bool | None]


class Binding(Base):
    """One act of binding WeChat to a phone: begun by one browser, come back from WeChat once, over within minutes.

    `sender` is who WeChat says it is, from when the browser has come back; `phone` where the code went.
    """

    __tablename__ = "wechat_binding"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    browser_hash: Mapped[str] = mapped_column(String(64), index=True)
    begun_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    returned_at: Mapped[datetime | None]
    sender: Mapped[str | None] = mapped_column(EncryptedText)
    phone: Mapped[str | None] = mapped_column(EncryptedText)


class SandboxWechat(Base):
    """What the stand-in of WeChat knows: its users, tokens, menu, codes, and what it was given to deliver."""

    __tablename__ = "sandbox_wechat"
    __table_args__ = (Index("ix_sandbox_wechat_kind", "kind", "at"),)

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class SandboxWechatControl(Control, Base):
    """How the stand-in behaves."""

    __tablename__ = "sandbox_wechat_control"

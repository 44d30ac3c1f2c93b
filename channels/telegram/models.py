"""The sandbox's memory: chats of the demonstration, what was said in them, encrypted, and how it is told to behave."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit import clock
from hub.kit.crypto import EncryptedJson
from hub.kit.db import Base
from services.gateways.behaviour import Control


class SandboxTelegramChat(Base):
    """A chat in which somebody has written to the bot; `last_id` numbers its messages."""

    __tablename__ = "sandbox_telegram_chat"

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(12))
    last_id: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    blocked: Mapped[bool] = mapped_column(server_default=text("false"))


class SandboxTelegramMessage(Base):
    """A message of a chat, as the Bot API shows it."""

    __tablename__ = "sandbox_telegram_message"
    __table_args__ = (Index("ix_sandbox_telegram_message_sent_at", "sent_at"),)

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    message_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    from_bot: Mapped[bool]
    content: Mapped[dict[str, Any]] = mapped_column(EncryptedJson)
    sent_at: Mapped[datetime] = mapped_column(default=clock.now)


class SandboxTelegramControl(Control, Base):
    """How the sandbox behaves; `last_update` numbers the updates."""

    __tablename__ = "sandbox_telegram_control"

    last_update: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))

"""Files that people upload into their conversation: kept as ciphertext, sent with a message, erased with the talk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.fernet import InvalidToken
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation import repository
from bot.conversation.handoff import ConversationNotFound
from bot.conversation.models import ConversationFile
from hub.kit import clock
from hub.kit.crypto import vault
from hub.kit.db import reading, transaction
from hub.kit.errors import Conflict, Invalid, NotFound
from hub.kit.ids import new_id

DOOR = "web"
"""The channel that the files of a message are named after."""
MOST_FILES = 50
LONGEST_NAME = 200
NAMES = {"image": "图片", "file": "文件"}
KEPT = "{name}已收到，人工坐席接入后可以查看。请用文字说明您的问题；需要人工服务请说“转人工”。"


class FileNotThere(NotFound):
    """There is no such file in this conversation, or its time is over."""

    code = "attachment_not_found"
    message = "附件不存在或已过期，请重新选择文件再发送。"


class FilesNotThere(Invalid):
    """A message names files that were not uploaded into its conversation."""

    code = "attachments_not_found"
    message = "附件已失效，没有发送。请重新选择文件再发送。"


class TooManyFiles(Conflict):
    """The conversation holds as many files as it may."""

    code = "too_many_attachments"
    message = f"这次咨询的附件已有{MOST_FILES}个，不能再添加。请清空对话后重新咨询，或联系人工坐席。"


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file in clear."""

    id: UUID
    kind: str
    name: str
    content_type: str
    content: bytes


async def keep(conversation_id: UUID, *, kind: str, name: str, content_type: str, content: bytes) -> ConversationFile:
    """Keep a file for a message to come; who may upload into the conversation has been checked.

    Raises `ConversationNotFound`, `TooManyFiles`.
    """
    # large files take long to encrypt, and no transaction is open meanwhile
    sealed = await asyncio.to_thread(vault().encrypt, content)
    kept = ConversationFile(
        id=new_id(), conversation_id=conversation_id, kind=kind, name=name[:LONGEST_NAME], content_type=content_type,
        size=len(content), sealed=sealed, created_at=clock.now(),
    )  # fmt: skip
    async with transaction() as session:
        # locked, so that uploads at once are counted one after the other
        if await repository.get(session, conversation_id, lock=True) is None:
            raise ConversationNotFound
        count = select(func.count()).select_from(ConversationFile)
        held = await session.scalar(count.where(ConversationFile.conversation_id == conversation_id))
        if (held or 0) >= MOST_FILES:
            raise TooManyFiles
        session.add(kept)
    return kept


async def claim(session: AsyncSession, conversation_id: UUID, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """The files that a message is sent with, as the conversation keeps them; a repeat of the message claims them again.

    Raises `FilesNotThere`.
    """
    found = await session.execute(
        update(ConversationFile)
        .where(ConversationFile.id.in_(ids), ConversationFile.conversation_id == conversation_id)
        .values(sent_at=clock.now())
        .returning(
            ConversationFile.id, ConversationFile.kind, ConversationFile.name, ConversationFile.content_type,
            ConversationFile.size,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    rows = {row.id: row for row in found}
    if len(rows) != len(set(ids)):
        raise FilesNotThere
    return [
        {
            "channel": DOOR, "id": str(one), "reference": str(one), "kind": rows[one].kind, "name": rows[one].name,
            "content_type": rows[one].content_type, "size": rows[one].size,
        }
        for one in dict.fromkeys(ids)
    ]  # fmt: skip


async def read(file_id: UUID, conversation_id: UUID | None = None) -> Uploaded:
    """A file, of this conversation where one is given.

    Raises `FileNotThere`.
    """
    async with reading() as session:
        kept = await session.get(ConversationFile, file_id)
    if kept is None or conversation_id not in (None, kept.conversation_id):
        raise FileNotThere
    try:
        content = await asyncio.to_thread(vault().decrypt, kept.sealed)
    except InvalidToken as error:
        raise FileNotThere from error
    return Uploaded(kept.id, kept.kind, kept.name, kept.content_type, content)


async def erase(conversation_id: UUID, file_id: UUID) -> None:
    """Take back a file that has not been sent.

    Raises `FileNotThere`.
    """
    async with transaction() as session:
        gone = await session.scalar(
            delete(ConversationFile)
            .where(
                ConversationFile.id == file_id, ConversationFile.conversation_id == conversation_id,
                ConversationFile.sent_at.is_(None),
            )
            .returning(ConversationFile.id)
        )  # fmt: skip
        if gone is None:
            raise FileNotThere


async def erase_before(session: AsyncSession, moment: datetime, unsent: datetime) -> None:
    """Remove files that are older than a moment, and those from before another that nobody has sent."""
    old = ConversationFile.created_at < moment
    left = ConversationFile.sent_at.is_(None) & (ConversationFile.created_at < unsent)
    await session.execute(delete(ConversationFile).where(old | left))


def label(kept: Sequence[dict[str, Any]]) -> str:
    """How a message without words stands in the transcript."""
    return "".join(f"[{NAMES.get(one['kind'], '附件')}]" for one in kept)


def notice(kept: Sequence[dict[str, Any]]) -> str:
    """What is said to a message without words, if nothing can be read in its files."""
    return KEPT.format(name=NAMES.get(kept[0]["kind"], "附件"))

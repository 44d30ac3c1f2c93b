"""What files people may send: by kind, type and size; files stay with the party, we keep how to fetch them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from channels import wording
from channels.base import Attachment, InboundMessage, Kind

MEGABYTE = 1024 * 1024
LARGEST: Mapping[Kind, int] = {
    Kind.IMAGE: 10 * MEGABYTE,
    Kind.VOICE: 5 * MEGABYTE,
    Kind.VIDEO: 20 * MEGABYTE,
    Kind.FILE: 20 * MEGABYTE,
}
FILE_TYPES = frozenset(
    {
        "application/pdf", "application/ofd", "application/msword", "application/vnd.ms-excel",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "text/plain", "text/csv", "application/xml",
        "text/xml", "application/zip",
    }
)  # fmt: skip
FILE_ENDINGS = (".pdf", ".ofd", ".doc", ".docx", ".xls", ".xlsx", ".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp",
                ".txt", ".csv", ".xml", ".zip")  # fmt: skip
MOST = 10
LARGEST_OF_ALL = max(LARGEST.values())
LONGEST_REFERENCE = 1000


def accepted(message: InboundMessage) -> tuple[list[Attachment], str | None]:
    """The files that are kept, and what the person is told about one that is not."""
    kept: list[Attachment] = []
    refusal: str | None = None
    for one in message.attachments[:MOST]:
        problem = _problem(one)
        if problem is None:
            kept.append(one)
        refusal = refusal or problem
    return kept, refusal


def as_payload(attachments: Sequence[Attachment], channel: str) -> list[dict[str, Any]]:
    """As the conversation keeps them."""
    return [
        {
            "channel": channel,
            "kind": one.kind.value, "reference": one.reference, "content_type": one.content_type[:100],
            "size": one.size, "name": one.name[:200],
        }
        for one in attachments
    ]  # fmt: skip


def notice(message: InboundMessage) -> str | None:
    """What a person is told who sent no words; None when there are words to answer."""
    kept, refusal = accepted(message)
    if refusal:
        return refusal
    if message.text.strip() or message.payload:
        return None
    kind = message.kind or (message.attachments[0].kind if message.attachments else None)
    if kind is None:
        return None
    return (wording.KEPT if kept else wording.CANNOT_READ).format(name=wording.NAMES[kind])


def _problem(one: Attachment) -> str | None:
    limit = LARGEST.get(one.kind)
    if limit is None or len(one.reference) > LONGEST_REFERENCE:
        return wording.CANNOT_READ.format(name=wording.NAMES[one.kind])
    if one.size is not None and one.size > limit:
        return wording.TOO_LARGE.format(name=wording.NAMES[one.kind], limit=limit // MEGABYTE)
    if one.kind is Kind.FILE and one.content_type not in FILE_TYPES and not one.name.lower().endswith(FILE_ENDINGS):
        return wording.WRONG_TYPE
    return None

"""Files from the widget: what they are by their own first bytes, and how they are got again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from uuid import UUID
from zipfile import BadZipFile, ZipFile

from bot.conversation import files
from channels import wording
from channels.attachments import LARGEST, MEGABYTE
from channels.base import Fetched, FileGone, Kind
from hub.kit.errors import HubError, Invalid

IMAGES: Mapping[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/bmp": (".bmp",),
}
MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"%PDF-", "application/pdf"),
)
OFFICE = "application/vnd.openxmlformats-officedocument"
DOCUMENTS: Mapping[str, str] = {
    ".pdf": "application/pdf",
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".docx": f"{OFFICE}.wordprocessingml.document",
    ".xlsx": f"{OFFICE}.spreadsheetml.sheet",
    ".ofd": "application/ofd",
    ".zip": "application/zip",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".xml": "application/xml",
}
INSIDE: Mapping[str, str] = {".docx": "word/", ".xlsx": "xl/", ".ofd": "OFD.xml", ".zip": ""}
OLE, ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
LONGEST_NAME = 200


class WrongType(Invalid):
    """A file that is none of those that we take, or not what its name says."""

    code = "attachment_type"
    message = wording.NOT_WHAT_IT_SAYS


class TooLargeFile(HubError):
    """A file above the limit of its kind."""

    status = 413
    code = "attachment_too_large"
    message = wording.TOO_LARGE.format(name=wording.NAMES[Kind.FILE], limit=LARGEST[Kind.FILE] // MEGABYTE)


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file is."""

    kind: Kind
    name: str
    content_type: str


async def recognised(name: str, content: bytes) -> Recognised:
    """What a file is, by its first bytes; its name must not say otherwise.

    Raises `WrongType`, `TooLargeFile`.
    """
    if not content:
        raise WrongType(wording.EMPTY_FILE)
    plain = _plain_name(name)
    # looking into archives takes a while
    found = await asyncio.to_thread(_content_type, plain.lower(), content)
    if found is None:
        raise WrongType
    kind = Kind.IMAGE if found in IMAGES else Kind.FILE
    if len(content) > LARGEST[kind]:
        raise TooLargeFile(wording.TOO_LARGE.format(name=wording.NAMES[kind], limit=LARGEST[kind] // MEGABYTE))
    return Recognised(kind, plain or wording.NAMES[kind], found)


def _plain_name(name: str) -> str:
    """The name without folders and without what no screen shows."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable()).strip()[-LONGEST_NAME:]


def _content_type(name: str, content: bytes) -> str | None:
    ending = name[name.rfind(".") :] if "." in name else ""
    found = next((kind for magic, kind in MAGIC if content.startswith(magic)), None)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        found = "image/webp"
    if found is not None:
        endings = IMAGES.get(found, (".pdf",))
        # pictures from the clipboard have no name, and phones call any picture a .jpg
        known = not ending or ending in endings or (found in IMAGES and any(ending in one for one in IMAGES.values()))
        return found if known else None
    if ending in (".doc", ".xls"):
        return DOCUMENTS[ending] if content.startswith(OLE) else None
    if ending in INSIDE:
        return DOCUMENTS[ending] if content.startswith(ZIP) and _holds(content, INSIDE[ending]) else None
    if ending in (".txt", ".csv", ".xml"):
        return DOCUMENTS[ending] if _is_text(content, xml=ending == ".xml") else None
    return None


def _holds(content: bytes, path: str) -> bool:
    try:
        with ZipFile(BytesIO(content)) as archive:
            return any(name.startswith(path) for name in archive.namelist())
    except (BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        return False


def _is_text(content: bytes, *, xml: bool) -> bool:
    if b"\x00" in content:
        return False
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return not xml or text.lstrip().startswith("<")
    return False


class WebFiles:
    """The widget as a door that keeps files; see `channels.base.KeepsFiles`."""

    async def fetch(self, reference: str) -> Fetched:
        """The file of this reference.

        Raises `FileGone`.
        """
        try:
            kept = await files.read(UUID(reference))
        except (ValueError, files.FileNotThere) as error:
            raise FileGone from error
        return Fetched(kept.content, kept.content_type)

"""Pictures that people send: fetched from their party, and looked through for the code of an invoice to inspect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.conversation.attachments import HANDED, Meant, handing
from bot.dialogue.replies import HUMAN_BUTTON, Reply
from channels import wording
from channels.attachments import LARGEST
from channels.base import FileGone, KeepsFiles, Kind, PartyAway
from hub.kit.logging import get_logger
from hub.kit.pictures import NotAPicture, codes_in
from services.invoices.codes import ScannedInvoice, scanned
from services.invoices.skills import NAME as INSPECTION
from services.invoices.wording import SEVERAL_SCANNED

log = get_logger(__name__)

AT_ONCE = 2
"""Pictures that a process looks through at a time: the work takes processor and memory."""
MOST_PICTURES = 3
MOST_OFFERED = 5
FETCHED_WITHIN_SECONDS = 12.0
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")


class InvoicePictures:
    """Reads the codes of invoices in pictures, wherever the party gives files out; see `ReadsAttachments`."""

    def __init__(self, keepers: Callable[[], Mapping[str, KeepsFiles]]) -> None:
        self._keepers = keepers
        self._room = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, attachments: Sequence[Mapping[str, Any]]) -> Meant | None:
        """What the pictures among the files mean."""
        pictures = [one for one in attachments if _is_picture(one)][:MOST_PICTURES]
        found: list[str] = []
        trouble: str | None = None
        for one in pictures:
            keeper = self._keepers().get(one.get("channel", ""))
            if keeper is None:
                return None
            try:
                found += await self._codes(keeper, one["reference"])
            except FileGone:
                trouble = wording.PICTURE_GONE
            except (PartyAway, TimeoutError):
                trouble = wording.PICTURE_AWAY
            except NotAPicture as reason:
                log.info("picture_not_read", reason=str(reason))
                trouble = wording.NOT_A_PICTURE
            except Exception:
                # a turn that raises is repeated for ever
                log.exception("picture_failed")
                trouble = wording.NOT_A_PICTURE
        if not pictures:
            return None
        invoices = scanned(found)
        if not invoices:
            words = trouble or (wording.NO_INVOICE_CODE if found else wording.NO_CODE)
            return Meant(reply=Reply(words, buttons=(HUMAN_BUTTON,)))
        return _one(invoices[0]) if len(invoices) == 1 else _several(invoices)

    async def _codes(self, keeper: KeepsFiles, reference: str) -> list[str]:
        async with asyncio.timeout(FETCHED_WITHIN_SECONDS):
            file = await keeper.fetch(reference)
        if len(file.content) > LARGEST[Kind.IMAGE]:
            raise NotAPicture("too many bytes")
        async with self._room:
            return await asyncio.to_thread(codes_in, file.content)


def _is_picture(one: Mapping[str, Any]) -> bool:
    if one.get("kind") == Kind.IMAGE:
        return True
    named = str(one.get("name", "")).lower().endswith(ENDINGS)
    return one.get("kind") == Kind.FILE and (named or str(one.get("content_type", "")).startswith("image/"))


def _one(invoice: ScannedInvoice) -> Meant:
    return Meant(INSPECTION, invoice.values, invoice.told)


def _several(invoices: Sequence[ScannedInvoice]) -> Meant:
    """Each can be inspected once for the asking: nobody knows which one was meant."""
    buttons = tuple(
        {"title": one.title, "payload": HANDED + handing(INSPECTION, one.values)} for one in invoices[:MOST_OFFERED]
    )
    return Meant(reply=Reply(SEVERAL_SCANNED.format(count=len(invoices)), buttons=buttons))

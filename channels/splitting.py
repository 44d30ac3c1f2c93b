"""Cutting a text into pieces that a party takes: at ends of sentences, never inside a character or a number."""

from __future__ import annotations

import re
import unicodedata

from channels.base import Unit

_NUMBER = re.compile(r"[0-9０-９][0-9０-９,，.．/:：-]*[0-9０-９%％]|[0-9０-９]+[%％]?", re.ASCII)
_ADDRESS = re.compile(r"https?://[^\s，。；）】」]+")
_ENDS = ("\n\n", "\n", "。！？!?…", "；;", "，,、：: \t")
_CLOSING = "”’」』）】》)]\"'"
ZERO_WIDTH_JOINER = "\u200d"


def length(text: str, unit: Unit) -> int:
    """How long the party says that a text is."""
    if unit is Unit.BYTES:
        return len(text.encode("utf-8", "surrogatepass"))
    if unit is Unit.UTF16:
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    return len(text)


def split(text: str, limit: int, unit: Unit = Unit.CHARACTERS) -> list[str]:
    """The pieces of a text, none longer than `limit` and none empty; white space at the cuts is dropped.

    Raises `ValueError` when the limit is below 16, which holds no character with its accents.
    """
    if limit < 16:
        raise ValueError("limit below 16")
    pieces: list[str] = []
    rest = text.strip()
    while rest:
        if length(rest, unit) <= limit:
            pieces.append(rest)
            break
        cut = _cut(rest, _fitting(rest, limit, unit))
        piece, rest = rest[:cut].rstrip(), rest[cut:].lstrip()
        if piece:
            pieces.append(piece)
    return pieces


def shortened(text: str, limit: int, unit: Unit = Unit.CHARACTERS) -> str:
    """A text that fits, its end replaced by "…" where it does not."""
    if length(text, unit) <= limit:
        return text
    keep = _fitting(text, limit - length("…", unit), unit)
    while keep > 0 and not _between_characters(text, keep):
        keep -= 1
    return text[:keep].rstrip() + "…"


def _fitting(text: str, limit: int, unit: Unit) -> int:
    """How many code points from the start fit."""
    low, high = 0, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if length(text[:middle], unit) <= limit else (low, middle - 1)
    return low


def _cut(text: str, most: int) -> int:
    """Where to cut within the first `most` code points: the last good place in the second half, else anywhere."""
    whole = [found.span() for pattern in (_NUMBER, _ADDRESS) for found in pattern.finditer(text, 0, most + 64)]
    for ends in _ENDS:
        if (cut := _last_end(text, most, ends, whole)) is not None:
            return cut
    for cut in range(most, max(0, most - 64), -1):
        if _between_characters(text, cut) and not _inside(cut, whole):
            return cut
    # a number or an address longer than a message: only characters are kept whole
    cut = most
    while cut > 1 and not _between_characters(text, cut):
        cut -= 1
    return cut


def _last_end(text: str, most: int, ends: str, whole: list[tuple[int, int]]) -> int | None:
    for cut in range(most, most // 2, -1):
        ended = text[:cut].endswith("\n\n") if ends == "\n\n" else _ends_with(text, cut, ends)
        closes = cut < len(text) and text[cut] in _CLOSING
        if ended and not closes and _between_characters(text, cut) and not _inside(cut, whole):
            return cut
    return None


def _ends_with(text: str, cut: int, ends: str) -> bool:
    """Whether a sentence ends before the cut, its closing quotes and brackets included."""
    last = cut - 1
    while last > 0 and cut - last < 4 and text[last] in _CLOSING:
        last -= 1
    return text[last] in ends


def _inside(cut: int, whole: list[tuple[int, int]]) -> bool:
    return any(begin < cut < end for begin, end in whole)


def _between_characters(text: str, cut: int) -> bool:
    """Whether a cut leaves characters whole: accents, variation selectors, joined and coloured pictures, flags."""
    if not 0 < cut < len(text):
        return True
    before, after = text[cut - 1], text[cut]
    if unicodedata.combining(after) or unicodedata.category(after) in ("Mn", "Me", "Mc"):
        return False
    if ZERO_WIDTH_JOINER in (before, after) or "\U0001f3fb" <= after <= "\U0001f3ff":
        return False
    return not (_flag(before) and _flag(after))


def _flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"

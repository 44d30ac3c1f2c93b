"""How many text messages a text is for the network: 160 letters of GSM 03.38, or 70 of UCS-2, fewer when joined."""

from __future__ import annotations

from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
"""Letters that take an escape before them."""
GSM_ONE, GSM_JOINED, UCS2_ONE, UCS2_JOINED = 160, 153, 70, 67


@dataclass(frozen=True, slots=True)
class Count:
    """`units` are septets of GSM 03.38 or code units of UCS-2."""

    gsm: bool
    units: int
    segments: int


def count(text: str) -> Count:
    """What a text costs, its signature included by the caller; a joined pair is never torn apart."""
    if all(letter in _BASIC or letter in _EXTENDED for letter in text):
        sizes, one, joined, gsm = [1 + (letter in _EXTENDED) for letter in text], GSM_ONE, GSM_JOINED, True
    else:
        sizes, one, joined, gsm = [1 + (ord(letter) > 0xFFFF) for letter in text], UCS2_ONE, UCS2_JOINED, False
    units = sum(sizes)
    if units <= one:
        return Count(gsm, units, 1)
    segments, used = 1, 0
    for size in sizes:
        if used + size > joined:
            segments, used = segments + 1, 0
        used += size
    return Count(gsm, units, segments)

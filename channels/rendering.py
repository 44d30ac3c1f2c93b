"""What a party is sent of a message: plain words, citations as short lines, choices, all within the party's limit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from channels import wording
from channels.base import Button, Capabilities, Part
from channels.choices import buttons_of, labels
from channels.splitting import length, shortened, split

_MARKS = (
    (re.compile(r"^ {0,3}```.*\n?", re.MULTILINE), ""),
    (re.compile(r"^ {0,3}#{1,6} +", re.MULTILINE), ""),
    (re.compile(r"^( *)[*+-] +(?=\S)", re.MULTILINE), r"\1· "),
    (re.compile(r"(?<![0-9A-Za-z*])\*\*(?=\S)([^*\n]+)(?<=\S)\*\*(?![0-9A-Za-z*])"), r"\1"),
    (re.compile(r"`([^`\n]+)`"), r"\1"),
    (re.compile(r"!?\[([^\[\]\n]+)\]\((https?://[^\s()]+)\)"), r"\1（\2）"),
)


def render(text: str, payload: Mapping[str, Any], capabilities: Capabilities) -> list[Part]:
    """The parts of a message, in order; buttons and choices stand on the last. `payload` is as it is stored."""
    words = text if capabilities.markdown else plain(text)
    blocks = [block for block in (words.strip(), _citations(payload, capabilities.citations)) if block]
    body = "\n\n".join(blocks)
    if capabilities.buttons:
        pieces = _abridged(split(body, capabilities.text_limit, capabilities.unit) or ["…"], body, "", capabilities)
        tail: Sequence[Button] = buttons_of(payload)
    else:
        offer = _offer(payload, capabilities)
        pieces, tail = _abridged(_with_choices(body, offer, capabilities), body, offer, capabilities), ()
    last = len(pieces) - 1
    return [
        Part(piece, tuple(tail) if index == last else (), capabilities.markdown) for index, piece in enumerate(pieces)
    ]


def plain(markdown: str) -> str:
    """A text without the marks of Markdown; what could be arithmetic or a name (2*3*4, a_b) is left as it stands."""
    words = markdown
    for pattern, instead in _MARKS:
        words = pattern.sub(instead, words)
    return words.strip()


def _citations(payload: Mapping[str, Any], most: int) -> str:
    """The legal basis in one line each; more than a few are counted."""
    cited = payload.get("citations") or ()
    lines = []
    for one in cited[:most]:
        number = f"（{one['document_number']}）" if one.get("document_number") else ""
        lines.append(f"《{str(one.get('title') or '').strip('《》')}》{number}{one.get('article') or ''}")
    if not lines:
        return ""
    more = wording.MORE_BASIS.format(count=len(cited)) if len(cited) > most else ""
    return wording.BASIS + "；\n".join(dict.fromkeys(lines)) + more


def _offer(payload: Mapping[str, Any], capabilities: Capabilities) -> str:
    """The choices with their labels, shortened so that all of them fit into half a message."""
    names = labels(payload, capabilities.choices)
    if not names:
        return ""
    room = max(12, (capabilities.text_limit // 2 - 24) // len(names) - 4)
    head = wording.CHOOSE_BY_NUMBER if names[0] == "1" else wording.CHOOSE_BY_LETTER
    offered = zip(names, buttons_of(payload), strict=False)
    return "\n".join([head, *(f"{name}. {shortened(one.title, room, capabilities.unit)}" for name, one in offered)])


def _abridged(pieces: list[str], body: str, offer: str, capabilities: Capabilities) -> list[str]:
    """The pieces, or fewer of them with a hint where to read the rest; the choices stay whole in one of their own."""
    most, unit = capabilities.most_parts, capabilities.unit
    if most is None or len(pieces) <= most:
        return pieces
    tail = split(offer, capabilities.text_limit, unit) if offer else []
    kept = split(body, capabilities.text_limit, unit)[: max(1, most - len(tail))]
    room = capabilities.text_limit - length(wording.READ_ON, unit) - 1
    kept[-1] = f"{split(kept[-1], room, unit)[0]}\n{wording.READ_ON}"
    return kept + tail


def _with_choices(body: str, offer: str, capabilities: Capabilities) -> list[str]:
    """The pieces of a text, the choices whole at the end of the last or in one of their own."""
    pieces = split(body, capabilities.text_limit, capabilities.unit) or ([] if offer else ["…"])
    if not offer:
        return pieces
    joined = f"{pieces[-1]}\n\n{offer}" if pieces else offer
    if length(joined, capabilities.unit) <= capabilities.text_limit:
        return [*pieces[:-1], joined]
    return pieces + split(offer, capabilities.text_limit, capabilities.unit)

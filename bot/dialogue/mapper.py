"""Between the conversation's words and Rasa's: what a person wrote can never become a command, our buttons can."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from opencc import OpenCC

from bot.dialogue.replies import Reply
from hub.kit.taxtext import normalise

LONGEST_FOR_RASA = 1000


# the example sentences are written with Chinese punctuation; marks inside numbers (1,130.00 and 12:30) stay
PUNCTUATION = {",": "，", "?": "？", "!": "！", ";": "；", ":": "："}
MARK = re.compile(r"(?<!\d),|,(?!\d{3}(?!\d))|(?<!\d)[?!;:]|[?!;:](?!\d)")


@lru_cache
def _to_simplified() -> OpenCC:
    return OpenCC("t2s")


def text_for_rasa(text: str) -> str:
    """What Rasa may see of a person's text: normalised, simplified, short enough, and never a command.

    Rasa executes a text that begins with "/" as an intent (`/restart` would wipe the chat).
    """
    plain = str(_to_simplified().convert(normalise(text)))
    plain = MARK.sub(lambda mark: PUNCTUATION[mark[0]], plain)
    return plain.lstrip("/ \t\r\n").strip()[:LONGEST_FOR_RASA]


def command_for_payload(payload: str) -> str | None:
    """Rasa's command for the payload of a button of ours; None when the payload is plain text."""
    kind, _, name = payload.partition(":")
    return f"/{name}" if kind in ("intent", "skill") and name.isidentifier() else None


def text_for_payload(payload: str) -> str:
    """The words that a button of ours stands for when it is not a command."""
    kind, separator, rest = payload.partition(":")
    return rest if separator and kind == "ask" else payload


def replies_from_rest(entries: Iterable[Mapping[str, Any]]) -> list[Reply]:
    """Replies from what Rasa's REST channel returns: text, text with buttons, or our own custom payload.

    A custom payload without text only adds to the message before it (the generator marks asks of forms that way).
    """
    replies: list[Reply] = []
    for entry in entries:
        custom = entry.get("custom") or {}
        text = str(entry.get("text") or custom.get("text") or "").strip()
        if text:
            replies.append(_reply(text, {**custom, "buttons": custom.get("buttons") or entry.get("buttons") or ()}))
        elif custom and replies:
            replies[-1] = _reply(replies[-1].text, {**replies[-1].as_payload(), **custom, "text": replies[-1].text})
    return replies


def replies_from_events(events: Iterable[Mapping[str, Any]]) -> list[Reply]:
    """Replies from the bot events of a tracker."""
    entries = []
    for event in events:
        if event.get("event") == "bot":
            data = event.get("data") or {}
            entries.append({"text": event.get("text"), "buttons": data.get("buttons"), "custom": data.get("custom")})
    return replies_from_rest(entries)


def _reply(text: str, custom: Mapping[str, Any]) -> Reply:
    known = {"text", "buttons", "citations", "related", "skill"}
    return Reply(
        text=text,
        buttons=tuple({"title": str(b["title"]), "payload": str(b["payload"])} for b in custom.get("buttons") or ()),
        citations=tuple(custom.get("citations") or ()),
        related=tuple(custom.get("related") or ()),
        skill=custom.get("skill"),
        extra={key: value for key, value in custom.items() if key not in known},
    )

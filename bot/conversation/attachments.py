"""What files that people send mean to the bot: read before the dialogue is asked, by whoever knows the doors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.dialogue.replies import Reply

CARRIER = "invoice_number"
"""Rasa drops what its domain does not know, and prints it into its log: so all values travel in one that it knows."""
HANDED = "handed:"
"""Begins the payload of a button that begins a skill with values; nobody but us can have issued it."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What files mean: a skill with values for its form, told to the person with `lead`; or `reply`, what to say.

    The reply is for a message without words; where there are some, they are answered.
    """

    skill: str = ""
    values: Mapping[str, str] | None = None
    lead: str = ""
    reply: Reply | None = None


class ReadsAttachments(Protocol):
    """Finds out what files mean."""

    async def __call__(self, attachments: Sequence[Mapping[str, Any]]) -> Meant | None:
        """What the files of a message mean, as the message keeps them; None when that is nothing to the bot.

        Raises nothing; the same files always mean the same, so that a turn can be repeated.
        """
        ...


def handing(skill: str, values: Mapping[str, str]) -> str:
    """The command for Rasa that begins a skill with values that the hub read."""
    carried = json.dumps({CARRIER: dict(values)}, ensure_ascii=True, separators=(",", ":"))
    return f"/{skill}{carried}"


def handed_values(command: str) -> Mapping[str, str]:
    """The values that a command of `handing` carries; none in any other text."""
    begin = command.find("{")
    if begin < 0 or not command.startswith("/"):
        return {}
    try:
        values = json.loads(command[begin:])[CARRIER]
    except (ValueError, TypeError, LookupError):
        return {}
    return {str(name): str(value) for name, value in values.items()} if isinstance(values, dict) else {}

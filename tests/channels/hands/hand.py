"""What the contract test needs to play a channel's party: real wire bytes in, and what the party got out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from channels.base import Call, Channel


class Trouble(StrEnum):
    """How the party fails at the next message that we send."""

    BUSY = "busy"
    """refuses it for now: certainly not taken"""
    DOWN = "down"
    """cannot be reached: certainly not taken"""
    LOST = "lost"
    """takes it, and the answer is lost"""
    NEVER = "never"
    """refuses it for good"""
    BLOCKED = "blocked"
    """says that the person wants to hear nothing"""


@dataclass(frozen=True, slots=True)
class Got:
    """A message as it reached the person's device; `buttons` are titles, `reference` whatever pressing one takes."""

    address: str
    text: str
    buttons: tuple[str, ...] = ()
    party_id: str = ""
    reference: tuple[str, ...] = ()


@dataclass
class Party:
    """The party's side: what people got, and how it fails next."""

    got: list[Got] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    broken: bool = False
    """while it is, it takes nothing, and what it answers to anything is of no use"""

    def texts(self) -> list[str]:
        return [one.text for one in self.got]


class Hand(Protocol):
    """One channel, played."""

    channel: Channel
    party: Party

    def text(self, sender: str, words: str, number: int) -> Call:
        """A person writes; the same sender and number again is the party's retry of the same message."""
        ...

    def unsupported(self, sender: str, number: int) -> list[Call]:
        """Messages of every kind that the bot cannot read, numbered from `number` on."""
        ...

    def press(self, sender: str, got: Got, title: str, number: int) -> Call:
        """A person presses a button natively; only asked of channels that have buttons."""
        ...

    def forged(self, words: str) -> list[Call]:
        """Messages that do not come from the party: no signature, a wrong one, one for another body, a stale one."""
        ...

    def signed(self, body: bytes) -> Call:
        """Any bytes at all, signed as the party would."""
        ...

    def malformed(self) -> list[Call]:
        """Calls with a good signature that say what no party says."""
        ...

    def receipt(self, got: Got, *, delivered: bool) -> Call | None:
        """The party reports of a message; None when it never does."""
        ...

    def passive_text(self, body: bytes) -> str | None:
        """The words to the person in the response to a call; None when it carries none."""
        ...

    async def close(self) -> None:
        """Put away what was opened."""
        ...

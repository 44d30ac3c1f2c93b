"""What passes between the outbox and those who prepare and deliver: letters, what came of them, and troubles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol, runtime_checkable
from uuid import UUID

from hub.outbox.models import Content, Failure


class DeliveryTrouble(Exception):
    """Base: the message did not go out as it should. `reason` is a short stable word."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


AWAY = frozenset({"unreachable", "http_502", "http_503", "http_504", "every_carrier_left_out"})
"""Reasons that say that nobody is there: what waits for them goes as soon as anything goes there again."""


class NotNow(DeliveryTrouble):
    """The other side certainly has not taken it and may do so later: `after` so long, where it said."""

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Uncertain(DeliveryTrouble):
    """The other side may or may not have taken it."""


class Never(DeliveryTrouble):
    """The other side certainly has not taken it and never will."""

    def __init__(self, reason: str, failure: Failure = Failure.PERMANENT) -> None:
        super().__init__(reason)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as preparers and deliverers see it.

    Under `key` the other side knows this very content; `first` says that it certainly has never seen the key.
    """

    id: UUID
    key: str
    channel: str
    topic: str
    person_id: UUID | None
    conversation_id: UUID | None
    content: Content
    first: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """The other side has taken the message; `delivered` when it has reached the person by that."""

    carrier_id: str | None = None
    delivered: bool = False


class Deliverer(Protocol):
    """One way to bring messages to people; `takes_key` says that a repeat under the same key does nothing."""

    takes_key: bool

    async def deliver(self, letter: Letter) -> Taken:
        """Hand the letter over.

        Raises `NotNow`, `Uncertain` or `Never`; anything else counts as `Uncertain`.
        """
        ...

    async def arrived(self, letter: Letter, day: date) -> bool | None:
        """Whether a letter that was taken on this day (in China) reached the person; None while nobody knows."""
        ...


@runtime_checkable
class Probes(Protocol):
    """A way that can ask whether the other side answers at all, without doing anything there.

    An attempt whose end nobody knows may be repeated only once; with this it is not repeated into the same outage.
    """

    async def probe(self) -> bool:
        """Whether it does; raises nothing."""
        ...


Preparer = Callable[[Letter], Awaitable[Content | None]]
"""Makes what is sent of what was stored, by what is true now; None when it is not wanted any more.

May raise `NotNow`; anything else counts as that.
"""

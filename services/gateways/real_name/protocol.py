"""What the real-name service is asked and what it answers; `docs/developers/identity.md` is the wire form."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pydantic import TypeAdapter


class Outcome(StrEnum):
    """What the service says."""

    MATCH = "match"
    MISMATCH = "mismatch"
    NOT_FOUND = "not_found"
    LOCKED = "locked"
    """Too many mismatches for this resident ID today."""


@dataclass(frozen=True, slots=True)
class RealNameRequest:
    """Do name, resident ID and phone belong to one person? `request_id` identifies the question."""

    request_id: str
    name: str
    resident_id: str
    phone: str


@dataclass(frozen=True, slots=True)
class RealNameReply:
    """The answer."""

    request_id: str
    outcome: Outcome


REQUEST = TypeAdapter(RealNameRequest)
REPLY = TypeAdapter(RealNameReply)


class RealNameGateway(Protocol):
    """Where identities are checked."""

    async def check(self, request: RealNameRequest) -> RealNameReply:
        """Ask about one person.

        Raises `GatewayUnavailable`, `GatewayTimeout` or `GatewayFault`; after any of them the same request may be
        repeated under the same `request_id`, which is answered from memory.
        """
        ...

    async def close(self) -> None:
        """Give back what the gateway holds."""
        ...

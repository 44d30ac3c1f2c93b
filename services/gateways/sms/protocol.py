"""What the carrier of text messages is asked and what it answers, whichever carrier it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol


class Refusal(StrEnum):
    """Why the carrier does not take a message."""

    LIMITED = "limited"
    """This phone has had too many messages for now; later it works again."""
    NUMBER = "number"
    """This is no number that can be reached."""
    TEMPLATE = "template"
    """Template, signature or parameters are not as registered: ours to put right."""
    ACCOUNT = "account"
    """The bureau's account with the carrier is closed or empty: the operator's to put right."""
    UNWANTED = "unwanted"
    """The person wants to hear nothing: they opted out with us, or are on the carrier's list."""
    OTHER = "other"


class DeliveryState(StrEnum):
    """Where a message is that the carrier has taken."""

    ON_ITS_WAY = "on_its_way"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SmsRequest:
    """One message. `template` is a name of `templates.TEMPLATES`, `parameters` its variables.

    `message_id` identifies it (64 characters at most). Carriers take no key, so unless `first` says that this id was
    never tried before, the gateway asks the carrier first whether it has the message already.
    """

    message_id: str
    phone: str
    template: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    first: bool = False


@dataclass(frozen=True, slots=True)
class SmsReply:
    """Whether the carrier has taken the message; `carrier_id` is its own number for it, empty for a repeat.

    `carrier` names the one that took it, where there are several.
    """

    accepted: bool
    carrier_id: str = ""
    refusal: Refusal | None = None
    carrier: str = ""


class SmsGateway(Protocol):
    """Where text messages go.

    `tells_at_once`: whether a message that `delivery` does not know has certainly not been taken.
    """

    tells_at_once: bool

    async def send(self, request: SmsRequest) -> SmsReply:
        """Send one message; a repeat under the same `message_id`, today or the day after, sends nothing.

        Raises `GatewayUnavailable` (certainly not sent), `GatewayTimeout` or `GatewayFault` (perhaps sent).
        """
        ...

    async def delivery(self, message_id: str, phone: str, day: date) -> DeliveryState | None:
        """What became of a message that was sent on this day; None when the carrier does not have it."""
        ...

    async def close(self) -> None:
        """Give back what the gateway holds."""
        ...

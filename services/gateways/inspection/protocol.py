"""What the inspection platform is asked and what it answers; `docs/developers/inspection-gateway.md` is the wire form.

Both dataclasses are the wire format: their JSON, as pydantic writes it, is what travels and what the sandbox keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from pydantic import TypeAdapter


class InvoiceKind(StrEnum):
    """What kind of invoice it is, as the platform knows it."""

    DIGITAL_SPECIAL = "digital_special"
    DIGITAL_ORDINARY = "digital_ordinary"
    DIGITAL_RAIL = "digital_rail"
    DIGITAL_AIR = "digital_air"
    DIGITAL_VEHICLE = "digital_vehicle"
    DIGITAL_USED_CAR = "digital_used_car"
    DIGITAL_TOLL = "digital_toll"
    SPECIAL = "special"
    E_SPECIAL = "e_special"
    ORDINARY = "ordinary"
    ROLL = "roll"
    E_ORDINARY = "e_ordinary"
    TOLL = "toll"
    VEHICLE = "vehicle"
    USED_CAR = "used_car"

    @property
    def digital(self) -> bool:
        """Whether it is issued by the digital platform: known there at once, and without an invoice code."""
        return self.startswith("digital_")


class Outcome(StrEnum):
    """What the platform says."""

    MATCH = "match"
    MISMATCH = "mismatch"
    NOT_FOUND = "not_found"
    VOIDED = "voided"
    RED_LETTERED = "red_lettered"
    PARTLY_RED_LETTERED = "partly_red_lettered"
    TOO_MANY_CHECKS = "too_many_checks"
    NOT_SYNCHRONISED = "not_synchronised"
    TOO_OLD = "too_old"


SHOWS_INVOICE = frozenset({Outcome.MATCH, Outcome.VOIDED, Outcome.RED_LETTERED, Outcome.PARTLY_RED_LETTERED})


@dataclass(frozen=True, slots=True)
class InspectionRequest:
    """One check. `request_id` identifies it: the platform answers a repeat from memory and does not count it again.

    Next to number and date exactly one proof is needed; which one depends on the kind of invoice.
    """

    request_id: str
    number: str
    issued_on: date
    code: str = ""
    total_with_tax: Decimal | None = None
    amount_without_tax: Decimal | None = None
    vehicle_total: Decimal | None = None
    check_code: str | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or buyer; a private buyer has no number."""

    name: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceItem:
    """One line of an invoice."""

    name: str
    amount: Decimal
    tax: Decimal
    quantity: Decimal | None = None
    unit: str = ""
    rate: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceFace:
    """What stands on an invoice."""

    kind: InvoiceKind
    number: str
    issued_on: date
    seller: Party
    buyer: Party
    items: tuple[InvoiceItem, ...]
    amount: Decimal
    tax: Decimal
    total: Decimal
    code: str = ""


@dataclass(frozen=True, slots=True)
class InspectionReply:
    """The platform's answer; `invoice` is there when the outcome shows it, `checks_today` counts this check in."""

    request_id: str
    outcome: Outcome
    answered_at: datetime
    checks_today: int
    invoice: InvoiceFace | None = None

    def __post_init__(self) -> None:
        if (self.invoice is not None) != (self.outcome in SHOWS_INVOICE):
            raise ValueError(f"outcome {self.outcome} and invoice do not fit together")


REQUEST = TypeAdapter(InspectionRequest)
REPLY = TypeAdapter(InspectionReply)


class InspectionGateway(Protocol):
    """Where invoices are inspected."""

    async def inspect(self, request: InspectionRequest) -> InspectionReply:
        """Ask about one invoice.

        Raises `GatewayUnavailable`, `GatewayTimeout` or `GatewayFault`; after any of them the same request may be
        repeated under the same `request_id`.
        """
        ...

    async def close(self) -> None:
        """Give back what the gateway holds."""
        ...

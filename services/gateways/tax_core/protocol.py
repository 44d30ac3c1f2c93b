"""What the core system is asked and what it answers; `docs/developers/core-gateway.md` is the wire form.

The dataclasses are the wire format: their JSON, as pydantic writes it, is what travels and what the sandbox keeps.
A taxpayer is named by `taxpayer_id`, the core system's own number (登记序号), which says nothing about the person.
Amounts are decimals in 元 with two places; days are calendar days in China.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


class CoreRefusal(Exception):
    """The core system understood and says no; `code` is stable, `message` is Chinese and fit for the taxpayer."""

    def __init__(self, code: Refusal, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")


class Refusal(StrEnum):
    """Why the core system says no."""

    UNKNOWN_TAXPAYER = "unknown_taxpayer"
    UNKNOWN_OBLIGATION = "unknown_obligation"
    UNKNOWN_RETURN = "unknown_return"
    UNKNOWN_CHARGE = "unknown_charge"
    ALREADY_FILED = "already_filed"
    NOT_YET_OPEN = "not_yet_open"
    WRONG_FORM = "wrong_form"
    AMOUNTS_DO_NOT_FIT = "amounts_do_not_fit"
    ALREADY_PAID = "already_paid"
    NO_AGREEMENT = "no_agreement"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    REQUEST_REUSED = "request_reused"
    """The request id came before with other content."""


class Role(StrEnum):
    """In what capacity a person acts for a taxpayer."""

    SELF = "self"
    LEGAL_REPRESENTATIVE = "legal_representative"
    FINANCE_OFFICER = "finance_officer"
    TAX_HANDLER = "tax_handler"


class TaxpayerKind(StrEnum):
    """What kind of taxpayer it is."""

    COMPANY = "company"
    SOLE_TRADER = "sole_trader"
    PERSON = "person"


class VatKind(StrEnum):
    """How it is registered for VAT."""

    SMALL_SCALE = "small_scale"
    GENERAL = "general"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Mandate:
    """One taxpayer for whom a person may act."""

    taxpayer_id: str
    name: str
    kind: TaxpayerKind
    role: Role


@dataclass(frozen=True, slots=True)
class Taxpayer:
    """A taxpayer's file; `credit_code` is empty for natural persons."""

    taxpayer_id: str
    name: str
    kind: TaxpayerKind
    vat: VatKind
    region: str
    credit_code: str = ""
    place: str = "city"
    """city, town (also the seat of a county) or other: decides the rate of city maintenance tax."""
    small_low_profit: bool = False
    registered_on: date | None = None
    bank_agreement: bool = False
    """Whether a tripartite agreement allows direct debit."""


class ObligationState(StrEnum):
    """Where an obligation stands."""

    OPEN = "open"
    FILED = "filed"


@dataclass(frozen=True, slots=True)
class Obligation:
    """One return that is to be filed for one period, until `due_on` (inclusive).

    `form` names the form of the return (for example "vat_small_scale"), which says what `Figures` and payload hold.
    `opens_on` is the first day on which it may be filed; None stands for the day after the period.
    """

    obligation_id: str
    taxpayer_id: str
    form: str
    title: str
    period_from: date
    period_to: date
    due_on: date
    state: ObligationState
    return_id: str | None = None
    opens_on: date | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What the core system already knows for a return, by field of the form (invoiced sales …), for prefilling."""

    obligation_id: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TaxItem:
    """An amount of one tax or charge within a return, 元."""

    tax: str
    title: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class FilingRequest:
    """A return. `request_id` identifies the act: a repeat is answered from memory. `replaces` names a return that
    this one corrects. `filed_by` is the person's name with the role, as it will stand on the receipt.
    """

    request_id: str
    taxpayer_id: str
    obligation_id: str
    form: str
    payload: Mapping[str, str]
    items: tuple[TaxItem, ...]
    filed_by: str
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """The core system has accepted a return."""

    request_id: str
    return_id: str
    receipt_number: str
    obligation_id: str
    accepted_at: datetime
    items: tuple[TaxItem, ...]
    total: Decimal
    due_on: date
    replaces: str | None = None


class ChargeState(StrEnum):
    """Whether a charge has been settled."""

    UNPAID = "unpaid"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Charge:
    """What a return makes payable: `amount` as filed, `paid` so far; late-payment surcharges are worked out by us."""

    charge_id: str
    taxpayer_id: str
    return_id: str
    title: str
    amount: Decimal
    paid: Decimal
    due_on: date
    state: ChargeState


@dataclass(frozen=True, slots=True)
class SettlementRequest:
    """Money has arrived for charges of one taxpayer: `amount` for the charges, `late_fee` for surcharges on top.

    `method` and `reference` say how it was paid; `request_id` makes a repeat harmless.
    """

    request_id: str
    taxpayer_id: str
    charge_ids: tuple[str, ...]
    amount: Decimal
    late_fee: Decimal
    paid_at: datetime
    method: str
    reference: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """The core system has booked a payment and issued the tax payment receipt (完税凭证号码)."""

    request_id: str
    receipt_number: str
    booked_at: datetime
    amount: Decimal
    late_fee: Decimal


@dataclass(frozen=True, slots=True)
class DebitRequest:
    """Take what is owed from the account of the tripartite agreement; settles the charges by itself."""

    request_id: str
    taxpayer_id: str
    charge_ids: tuple[str, ...]
    amount: Decimal
    late_fee: Decimal


class TaxCoreGateway(Protocol):
    """The core system.

    Every method raises `GatewayUnavailable`, `GatewayTimeout` or `GatewayFault` when no usable answer came (the same
    request may be repeated under the same `request_id`), and `CoreRefusal` when the core system says no.
    """

    async def mandates(self, resident_id: str) -> Sequence[Mandate]:
        """For whom the person with this resident ID may act, themselves first; empty when unknown."""
        ...

    async def taxpayer(self, taxpayer_id: str) -> Taxpayer:
        """A taxpayer's file."""
        ...

    async def obligations(self, taxpayer_id: str, period_from: date, period_to: date) -> Sequence[Obligation]:
        """Obligations whose period ends within the days given, by due day."""
        ...

    async def figures(self, taxpayer_id: str, obligation_id: str) -> Figures:
        """What is known already for a return."""
        ...

    async def file(self, request: FilingRequest) -> Filed:
        """File a return, or replace one."""
        ...

    async def filed(self, taxpayer_id: str, request_id: str) -> Filed | None:
        """What became of a filing request; None when it never arrived."""
        ...

    async def returns(self, taxpayer_id: str, period_from: date, period_to: date) -> Sequence[Filed]:
        """Returns in force (replaced ones left out) for obligations whose period ends within the days, newest first."""
        ...

    async def charges(self, taxpayer_id: str, *, unpaid_only: bool = True) -> Sequence[Charge]:
        """What is payable, by due day."""
        ...

    async def settle(self, request: SettlementRequest) -> Settlement:
        """Book a payment that arrived elsewhere."""
        ...

    async def debit(self, request: DebitRequest) -> Settlement:
        """Debit by the tripartite agreement."""
        ...

    async def settlement(self, taxpayer_id: str, request_id: str) -> Settlement | None:
        """What became of a settlement or debit request; None when it never arrived."""
        ...

    async def close(self) -> None:
        """Give back what the gateway holds."""
        ...

"""How questions and answers travel: `POST /v1/<operation>` with JSON, as `docs/developers/core-gateway.md` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from services.gateways.tax_core.protocol import (
    Charge,
    CoreRefusal,
    DebitRequest,
    Figures,
    Filed,
    FilingRequest,
    Mandate,
    Obligation,
    Refusal,
    Settlement,
    SettlementRequest,
    Taxpayer,
)

T = TypeVar("T")

PATH = "/v1/"


class Operation(StrEnum):
    """What can be asked, by the name that it has on the wire."""

    MANDATES = "mandates"
    TAXPAYER = "taxpayer"
    OBLIGATIONS = "obligations"
    FIGURES = "figures"
    FILE = "file"
    FILED = "filed"
    RETURNS = "returns"
    CHARGES = "charges"
    SETTLE = "settle"
    DEBIT = "debit"
    SETTLEMENT = "settlement"


@dataclass(frozen=True, slots=True)
class PersonAsked:
    """Who is meant."""

    resident_id: str


@dataclass(frozen=True, slots=True)
class TaxpayerAsked:
    """Which taxpayer is meant."""

    taxpayer_id: str


@dataclass(frozen=True, slots=True)
class PeriodAsked:
    """Periods of a taxpayer that end within the days given."""

    taxpayer_id: str
    period_from: date
    period_to: date


@dataclass(frozen=True, slots=True)
class ObligationAsked:
    """One obligation of a taxpayer."""

    taxpayer_id: str
    obligation_id: str


@dataclass(frozen=True, slots=True)
class RequestAsked:
    """What became of a request of a taxpayer."""

    taxpayer_id: str
    request_id: str


@dataclass(frozen=True, slots=True)
class ChargesAsked:
    """What is payable."""

    taxpayer_id: str
    unpaid_only: bool = True


QUESTIONS: Mapping[Operation, TypeAdapter[Any]] = {
    Operation.MANDATES: TypeAdapter(PersonAsked),
    Operation.TAXPAYER: TypeAdapter(TaxpayerAsked),
    Operation.OBLIGATIONS: TypeAdapter(PeriodAsked),
    Operation.FIGURES: TypeAdapter(ObligationAsked),
    Operation.FILE: TypeAdapter(FilingRequest),
    Operation.FILED: TypeAdapter(RequestAsked),
    Operation.RETURNS: TypeAdapter(PeriodAsked),
    Operation.CHARGES: TypeAdapter(ChargesAsked),
    Operation.SETTLE: TypeAdapter(SettlementRequest),
    Operation.DEBIT: TypeAdapter(DebitRequest),
    Operation.SETTLEMENT: TypeAdapter(RequestAsked),
}


@dataclass(frozen=True, slots=True)
class Refused:
    """The core system's no, in place of a result."""

    code: Refusal
    message: str

    def error(self) -> CoreRefusal:
        """What the client raises."""
        return CoreRefusal(self.code, self.message)


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What stands in the body of every answer with status 200: a result or a refusal.

    The result is always named, so that nothing else is taken for "null: that never arrived".
    """

    result: T | None
    refused: Refused | None = None


ANSWERS: Mapping[Operation, TypeAdapter[Any]] = {
    Operation.MANDATES: TypeAdapter(Answer[Sequence[Mandate]]),
    Operation.TAXPAYER: TypeAdapter(Answer[Taxpayer]),
    Operation.OBLIGATIONS: TypeAdapter(Answer[Sequence[Obligation]]),
    Operation.FIGURES: TypeAdapter(Answer[Figures]),
    Operation.FILE: TypeAdapter(Answer[Filed]),
    Operation.FILED: TypeAdapter(Answer[Filed]),
    Operation.RETURNS: TypeAdapter(Answer[Sequence[Filed]]),
    Operation.CHARGES: TypeAdapter(Answer[Sequence[Charge]]),
    Operation.SETTLE: TypeAdapter(Answer[Settlement]),
    Operation.DEBIT: TypeAdapter(Answer[Settlement]),
    Operation.SETTLEMENT: TypeAdapter(Answer[Settlement]),
}

"""Pieces for tests of the inspection: a day to stand on, true requests of seeded invoices, the sandbox's behaviour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.ids import new_id
from knowledge_base.parameters.loader import parameters
from services.gateways.inspection import sandbox
from services.gateways.inspection.models import InvoiceState, Mode
from services.gateways.inspection.protocol import InspectionRequest, InvoiceKind, Outcome
from services.gateways.inspection.seed import SeededInvoice, read_seed

SEED = read_seed()
ROWS = {(row["code"], row["number"]): row for row in SEED.rows()}
TODAY = date(2026, 11, 22)


def stand_on(day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it noon in China on this day."""
    parameters()  # kept from here on: they may have been verified after that day, which must not be in the future
    moment = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)


def seeded(number: str, code: str = "") -> SeededInvoice:
    """A seeded invoice by its number and code."""
    return next(invoice for invoice in SEED.invoices if (invoice.number, invoice.code) == (number, code))


def total_of(invoice: SeededInvoice) -> Decimal:
    """Its amount with tax."""
    return Decimal(str(ROWS[invoice.code, invoice.number]["total"]))


def issued_on(invoice: SeededInvoice) -> date:
    """The day on which it was issued, seen from today."""
    return invoice.issued_on or clock.today() - timedelta(days=invoice.issued_days_ago or 0)


def proof_of(invoice: SeededInvoice) -> dict[str, object]:
    """The proof that its kind needs, as its holder reads it off the paper."""
    match invoice.kind:
        case kind if kind.digital:
            return {"total_with_tax": total_of(invoice)}
        case InvoiceKind.SPECIAL | InvoiceKind.E_SPECIAL | InvoiceKind.VEHICLE:
            return {"amount_without_tax": Decimal(str(ROWS[invoice.code, invoice.number]["amount"]))}
        case InvoiceKind.USED_CAR:
            return {"vehicle_total": total_of(invoice)}
        case _:
            return {"check_code": (invoice.check_code or "")[-6:]}


def true_request(invoice: SeededInvoice, **changes: object) -> InspectionRequest:
    """The request that the holder of the invoice would make, with changes."""
    values = {"request_id": str(new_id()), "number": invoice.number, "code": invoice.code}
    return InspectionRequest(**(values | {"issued_on": issued_on(invoice)} | proof_of(invoice) | changes))  # type: ignore[arg-type]


def expected_outcome(invoice: SeededInvoice) -> Outcome:
    """What the platform must say to a true request, standing on `TODAY`."""
    if invoice.issued_on and invoice.issued_on < date(2021, 11, 22):
        return Outcome.TOO_OLD
    if invoice.issued_days_ago == 0 and not invoice.kind.digital:
        return Outcome.NOT_SYNCHRONISED
    return Outcome.MATCH if invoice.state is InvoiceState.NORMAL else Outcome(invoice.state.value)


async def tell_sandbox(mode: Mode = Mode.NORMAL, delay_ms: int = 0) -> None:
    """Have the sandbox behave so from now on."""
    async with transaction() as session:
        await sandbox.control(session, mode=mode, delay_ms=delay_ms)

"""The invoices that the sandbox starts with, read from `invoices.yaml` and written into its tables."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge_base.yaml_files import read_yaml
from services.gateways.inspection.models import InvoiceState, SandboxControl, SandboxInvoice
from services.gateways.inspection.protocol import InvoiceItem, InvoiceKind, Party

SEED_FILE = Path(__file__).with_name("invoices.yaml")
SEED_LOCK = 12366_010


class SeededInvoice(BaseModel):
    """One invoice as the file has it; seller, buyer and items are names from the file's other parts."""

    model_config = ConfigDict(extra="forbid")

    kind: InvoiceKind
    number: str = Field(pattern=r"^(\d{20}|\d{8})$")
    code: str = Field("", pattern=r"^(\d{10}|\d{12})?$")
    state: InvoiceState = InvoiceState.NORMAL
    issued_on: date | None = None
    issued_days_ago: int | None = None
    seller: str
    buyer: str
    items: list[str]
    check_code: str | None = Field(None, pattern=r"^\d{20}$")


class SeedFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    parties: dict[str, Party]
    items: dict[str, InvoiceItem]
    invoices: list[SeededInvoice]

    def rows(self) -> list[dict[str, object]]:
        """The invoices as rows of `sandbox_invoice`."""
        rows = []
        for invoice in self.invoices:
            seller, buyer = self.parties[invoice.seller], self.parties[invoice.buyer]
            items = [self.items[name] for name in invoice.items]
            amount = sum((item.amount for item in items), Decimal(0))
            tax = sum((item.tax for item in items), Decimal(0))
            rows.append(
                invoice.model_dump(exclude={"seller", "buyer", "items"})
                | {"seller_name": seller.name, "seller_number": seller.number}
                | {"buyer_name": buyer.name, "buyer_number": buyer.number}
                | {"items": [_plain(item) for item in items], "amount": amount, "tax": tax, "total": amount + tax}
            )
        return rows


def _plain(item: InvoiceItem) -> dict[str, object]:
    return {key: str(value) if isinstance(value, Decimal) else value for key, value in asdict(item).items()}


def read_seed(path: Path = SEED_FILE) -> SeedFile:
    """The seed file, checked.

    Raises `pydantic.ValidationError` when it is not as it should be.
    """
    return SeedFile.model_validate(read_yaml(path))


async def seed(session: AsyncSession) -> int:
    """Write every seeded invoice as the file has it (checks already made are kept); returns how many there are."""
    await session.execute(select(func.pg_advisory_xact_lock(SEED_LOCK)))
    rows = read_seed().rows()
    statement = insert(SandboxInvoice).values(rows)
    columns = set(rows[0]) - {"number", "code"}
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["number", "code"], set_={name: statement.excluded[name] for name in columns}
        )
    )
    await session.execute(insert(SandboxControl).values(id=1, mode="normal", delay_ms=0).on_conflict_do_nothing())
    return len(rows)

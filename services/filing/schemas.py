"""What callers see of obligations, sheets, returns and batches; amounts are decimals in 元, written as strings."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.filing.models import ReturnStatus


class Standing(StrEnum):
    """Where an obligation stands today; overdue ones are open, too late."""

    OPEN = "open"
    OVERDUE = "overdue"
    NOT_YET_OPEN = "not_yet_open"
    FILED = "filed"


class ObligationRead(BaseModel):
    """A return that is to be filed; `here` says whether it can be filed here."""

    obligation_id: str
    form: str
    title: str
    period: str
    period_from: date
    period_to: date
    due_on: date
    standing: Standing
    days_left: int
    here: bool
    return_id: str | None


class ObligationList(BaseModel):
    """What a taxpayer has to file, by due day."""

    taxpayer_id: str
    taxpayer_name: str
    obligations: list[ObligationRead]


class FieldRead(BaseModel):
    """A field of a return."""

    name: str
    label: str
    prompt: str
    required: bool


class Prefilled(BaseModel):
    """An obligation with what is known for its return, line by line, and where from.

    `many` returns take several lines, others one; `form` is the JSON Schema of a line.
    """

    obligation: ObligationRead
    many: bool
    source: str
    known: list[dict[str, str]]
    fields: list[FieldRead]
    form: dict[str, Any]


class Entry(BaseModel):
    """A figure of the sheet: what is declared, as people read it (`shown`), and where it comes from."""

    line: int
    name: str
    label: str
    value: str
    shown: str
    source: str


class Item(BaseModel):
    """An amount of one tax."""

    tax: str
    title: str
    amount: Decimal


class Earlier(BaseModel):
    """The return in force that a correction replaces; `paid` is what has been paid on it so far."""

    return_id: str
    receipt_number: str
    total: Decimal
    paid: Decimal


class Source(BaseModel):
    """A document behind the calculation."""

    title: str
    document_number: str | None
    effective_from: date
    effective_to: date | None


class Sheet(BaseModel):
    """Everything that a return will carry, as it is confirmed; `payload` is what the core system gets.

    `difference` is what the correction adds to the earlier return, less than nothing when it takes away;
    `days_late` counts from the due day on for a first return, 0 for one in time.
    """

    taxpayer_id: str
    taxpayer_name: str
    filed_by: str
    obligation_id: str
    form: str
    title: str
    period: str
    period_from: date
    period_to: date
    due_on: date
    entries: list[Entry]
    payload: dict[str, str]
    items: list[Item]
    total: Decimal
    nil: bool
    days_late: int
    earlier: Earlier | None
    remarks: list[str]
    notes: list[str]
    citations: list[Source]
    explained: str

    @property
    def difference(self) -> Decimal:
        """What changes against the return in force."""
        return self.total - (self.earlier.total if self.earlier else Decimal(0))


class SheetRead(BaseModel):
    """A sheet as callers see it; it can be filed until `valid_until`."""

    sheet_id: UUID
    trace_id: UUID
    valid_until: datetime
    difference: Decimal
    sheet: Sheet
    text: str


class PreviewBody(BaseModel):
    """What is filled in: one line, or several where the return takes them; what is left out is taken as known."""

    model_config = ConfigDict(extra="forbid")

    lines: list[dict[str, Any]] = Field(default_factory=list, max_length=100)


class FileBody(BaseModel):
    """The sheet that is confirmed."""

    model_config = ConfigDict(extra="forbid")

    sheet_id: UUID


class RefusalRead(BaseModel):
    """Why the core system did not take a return."""

    code: str
    message: str


class ReturnSummary(BaseModel):
    """A return in a list; `id`, and the `trace_id` that prints its steps, are there for those that were filed here."""

    id: UUID | None
    return_id: str | None
    form: str
    title: str
    period: str
    status: ReturnStatus
    receipt_number: str | None
    total: Decimal
    due_on: date
    confirmed_at: datetime
    replaces: str | None
    refusal: RefusalRead | None
    trace_id: UUID | None = None


class ReturnList(BaseModel):
    """Returns, newest first; `complete` is false while the core system cannot be asked for those filed elsewhere."""

    returns: list[ReturnSummary]
    complete: bool


class ReturnRead(BaseModel):
    """A return with everything that it carries."""

    summary: ReturnSummary
    trace_id: UUID
    sheet: Sheet
    text: str


class Receipt(BaseModel):
    """A signed receipt; `content` is what was signed, in its canonical form."""

    content: dict[str, Any]
    algorithm: str
    key_id: str
    signature: str


class ReceiptKeys(BaseModel):
    """The public keys that check receipts, by key id."""

    algorithm: str
    keys: dict[str, str]


class Verified(BaseModel):
    """Whether a receipt is ours and unchanged."""

    genuine: bool


class BatchRowState(StrEnum):
    """Where a row of a batch stands."""

    WAITING = "waiting"
    READY = "ready"
    REJECTED = "rejected"
    PENDING = "pending"
    FILED = "filed"
    REFUSED = "refused"


class BatchRowRead(BaseModel):
    """One return of a batch: the spreadsheet's rows that make it, what will be or was declared, or what to correct."""

    rows: list[int]
    obligation_id: str
    taxpayer_name: str | None
    period: str | None
    state: BatchRowState
    total: Decimal | None
    receipt_number: str | None
    return_id: UUID | None
    problem: str | None


class BatchRead(BaseModel):
    """A batch with a report for each of its returns."""

    batch_id: UUID
    uploaded_at: datetime
    confirmed_at: datetime | None
    ready: int
    filed: int
    rejected: int
    waiting: int
    total: Decimal
    rows: list[BatchRowRead]


class BatchForm(BaseModel):
    """A return that can be filed by spreadsheet."""

    form: str
    title: str


class BatchForms(BaseModel):
    """Every return that can be filed by spreadsheet."""

    forms: list[BatchForm]


class StaffReturnSummary(BaseModel):
    """A return as officers find it in a list: who, what, when, how it stands; not what it declares."""

    id: UUID
    taxpayer_id: str
    taxpayer_name: str
    form: str
    title: str
    period: str
    due_on: date
    late: bool
    correction: bool
    status: ReturnStatus
    channel: str
    confirmed_at: datetime
    answered_at: datetime | None
    attempts: int


class StaffReturnList(BaseModel):
    """Returns, newest first; the next page begins before the last one's `confirmed_at`."""

    returns: list[StaffReturnSummary]


class StaffReturnRead(BaseModel):
    """A return as officers see it."""

    taxpayer_id: str
    filed_by: str
    filing: ReturnRead

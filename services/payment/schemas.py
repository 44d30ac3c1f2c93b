"""What people fill in to pay, and what callers see of dues and orders; amounts are decimals in 元, as strings."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict

from hub.kit.taxtext import normalise, parse_amount
from hub.skills import Values, ask
from services.gateways.payments.protocol import Device
from services.gateways.payments.registry import own_address
from services.payment import choices, wording
from services.payment.dues import ALL
from services.payment.models import Method, PaymentOrder, State

NONE = "none"
"""The choice of somebody who owes nothing: the form goes straight to saying so."""
LONGEST_INPUT = 2000
_IDS = re.compile(r"[0-9A-Za-z_-]{1,64}(?:,[0-9A-Za-z_-]{1,64}){0,30}")


def _read_charges(value: object) -> str:
    """All, or charge ids with commas between.

    A list of ids comes from programs.
    """
    if isinstance(value, list | tuple) and value and all(isinstance(one, str) for one in value):
        value = ",".join(value)
    if not isinstance(value, str) or len(value) > LONGEST_INPUT:
        raise ValueError(wording.CHARGES_INVALID)
    text = value.strip()
    if text in (ALL, NONE) or _IDS.fullmatch(text):
        return text
    if any(name in normalise(text) for name in wording.ALL_NAMES):
        return ALL
    raise ValueError(wording.CHARGES_INVALID)


def _read_method(value: object) -> Method | None:
    if value is None or isinstance(value, Method):
        return value
    text = normalise(value).lower() if isinstance(value, str) and len(value) <= LONGEST_INPUT else ""
    for method, names in wording.METHOD_NAMES.items():
        if text == method or any(name in text for name in names):
            return method
    raise ValueError(wording.METHOD_INVALID)


def _read_part(value: object) -> Decimal | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    text = str(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else ""
    found = parse_amount(text) if len(text) <= 40 else None
    if found is None or found <= 0:
        raise ValueError(wording.PART_INVALID)
    return found


def _read_device(value: object) -> object:
    if isinstance(value, str) and (said := normalise(value)):
        return Device.PHONE if "手机" in said else Device.COMPUTER if "电脑" in said else value
    return value


class PayTax(BaseModel):
    """What is to be paid and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    charges: Annotated[str, BeforeValidator(_read_charges)] = ask(
        prompt="要缴哪一笔税款？", invalid=wording.CHARGES_INVALID, label="税款",
        hint="待缴税款的编号（多笔用逗号隔开），或 all 表示全部",
        synonyms=("缴哪笔", "待缴税款"), options=choices.charge_choices,
    )  # fmt: skip
    method: Annotated[Method | None, BeforeValidator(_read_method)] = ask(
        None, prompt="怎么缴款？", invalid=wording.METHOD_INVALID, label="缴款方式",
        synonyms=("付款方式", "支付方式", "怎么付"), options=choices.method_choices,
    )  # fmt: skip
    device: Annotated[Device, BeforeValidator(_read_device)] = ask(
        Device.COMPUTER, prompt="您在电脑上还是手机上付款？", invalid="请选择电脑或手机。", label="付款设备",
        hint="computer 给出二维码内容，phone 给出手机上打开的链接", choices=choices.DEVICES,
    )  # fmt: skip
    part: Annotated[Decimal | None, BeforeValidator(_read_part)] = ask(
        None, prompt="这次先缴多少税款（不含滞纳金）？", invalid=wording.PART_INVALID, label="先缴金额",
        hint="只缴一部分时填写：这次缴的税款，元", entity="amount", only_named=True,
        synonyms=("先缴", "部分缴纳", "只缴", "先交", "只交"),
    )  # fmt: skip


def required(values: Values) -> list[str]:
    """Charges and method; somebody who owes nothing is asked nothing."""
    return ["charges"] if values.get("charges") == NONE else ["charges", "method"]


class PaymentStatus(BaseModel):
    """Nothing is asked: it is about the latest order."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DueRead(BaseModel):
    """An unpaid charge, with the late fee that paying it today brings."""

    charge_id: str
    title: str
    due_on: date
    amount: Decimal
    late_fee: Decimal


class DueList(BaseModel):
    """What a taxpayer owes now; `methods` are the ways in which it can be paid."""

    charges: list[DueRead]
    total: Decimal
    methods: list[Method]


class OpenedRead(BaseModel):
    """What to pay with: the content of a QR code, a link, or a code for the bank; `page` shows it to a person."""

    kind: str
    content: str
    page: str


class ReceiptRead(BaseModel):
    """The tax payment receipt (完税凭证)."""

    number: str
    booked_at: AwareDatetime
    taxpayer: str
    charges: list[DueRead]
    amount: Decimal
    late_fee: Decimal


class OrderRead(BaseModel):
    """A payment order; `opened` is there while it can be paid, `receipt_number` once it is booked."""

    id: UUID
    state: State
    reason: str | None
    method: Method
    taxpayer: str
    charges: list[DueRead]
    amount: Decimal
    late_fee: Decimal
    total: Decimal
    opened: OpenedRead | None
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    receipt_number: str | None
    booked_at: datetime | None
    trace_id: UUID | None


def order_read(row: PaymentOrder) -> OrderRead:
    """An order as callers see it."""
    dues = [DueRead.model_validate(item) for item in row.sheet["items"]]
    amount, late_fee = sum_of(dues, "amount"), sum_of(dues, "late_fee")
    receipt: dict[str, Any] = row.receipt or {}
    shown = row.state == State.AWAITING and row.opened
    return OrderRead(
        id=row.id, state=State(row.state), reason=row.reason, method=Method(row.method),
        taxpayer=row.sheet["taxpayer"], charges=dues, amount=amount, late_fee=late_fee, total=amount + late_fee,
        opened=_opened(row) if shown else None,
        created_at=row.created_at, expires_at=row.expires_at,
        paid_at=datetime.fromisoformat(row.arrived["paid_at"]) if row.arrived else None,
        receipt_number=receipt.get("number"),
        booked_at=datetime.fromisoformat(receipt["booked_at"]) if receipt else None, trace_id=row.trace_id,
    )  # fmt: skip


def _opened(row: PaymentOrder) -> OpenedRead:
    assert row.opened is not None
    page = f"{own_address()}/payment/{row.id.hex}/{row.opened['ticket']}"
    return OpenedRead(kind=row.opened["kind"], content=row.opened["content"], page=page)


def sum_of(dues: list[DueRead], name: str) -> Decimal:
    """The sum of one of the amounts."""
    return sum((getattr(due, name) for due in dues), Decimal("0.00"))


class Finding(BaseModel):
    """One difference between a party's statement and our orders; see `services.payment.reconciliation.Kind`."""

    kind: str
    order: str
    transaction_id: str | None
    there: Decimal | None
    here: Decimal | None
    state: State | None


class ReconciliationRead(BaseModel):
    """What comparing a day with one channel's statement found: "balanced", "different" or "unavailable"."""

    day: date
    method: Method
    state: str
    made_at: datetime
    rows: int
    findings: list[Finding]

"""What people fill in to have an invoice inspected, and what may come of it."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from hub.kit import clock
from hub.kit.taxtext import (
    normalise,
    parse_amount,
    parse_check_code,
    parse_date,
    parse_invoice_code,
    parse_invoice_number,
)
from hub.skills import Choice, Values, ask
from services.invoices import wording
from services.invoices.kinds import PaperKind, is_digital, needed, paper_kind

LONGEST_INPUT = 200
LARGEST_AMOUNT = Decimal("1e13")
_PAIR = re.compile(r"\D*(\d{10}|\d{12})(?:[\s,，、/]|号码|发票|:|：)+(\d{8})\D*")
_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_DATE_LIKE = re.compile(r"\d{4}\s?[-./年]\s?\d{1,2}\s?[-./月]\s?\d{1,2}")


class InspectionStatus(StrEnum):
    """What came of an inspection."""

    CONSISTENT = "consistent"
    INCONSISTENT = "inconsistent"
    NOT_FOUND = "not_found"
    VOIDED = "voided"
    RED_LETTERED = "red_lettered"
    PARTLY_RED_LETTERED = "partly_red_lettered"
    TOO_MANY_CHECKS = "too_many_checks"
    NOT_SYNCHRONISED = "not_synchronised"
    TOO_OLD = "too_old"
    UNSUPPORTED_KIND = "unsupported_kind"
    UNAVAILABLE = "unavailable"


def _missing(name: str) -> InitErrorDetails:
    return {"type": "value_error", "loc": (name,), "input": None, "ctx": {"error": ValueError(wording.MISSING[name])}}


def _text(value: object) -> str | None:
    """The value as text, None when there is nothing in it."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(wording.NOT_TEXT)
    # abs first: Python refuses to print integers of thousands of digits
    text = "" if isinstance(value, int) and abs(value) >= 10**LONGEST_INPUT else str(value)
    if (not text and value != "") or len(text) > LONGEST_INPUT:
        raise ValueError(wording.TOO_LONG)
    return normalise(text) or None


def _read_number(value: object) -> str:
    text = _text(value)
    if text is None:
        raise ValueError(wording.MISSING["invoice_number"])
    found = None if _DATE_LIKE.search(text) else parse_invoice_number(text)
    if found is None:
        raise ValueError(wording.number_invalid(text))
    return found


def _read_code(value: object) -> str | None:
    text = _text(value)
    if text is None:
        return None
    found = parse_invoice_code(text)
    if found is None:
        raise ValueError(wording.code_invalid(text))
    return found


def _read_kind(value: object) -> PaperKind | None:
    text = _text(value)
    if text is None:
        return None
    for kind, names in wording.KIND_NAMES.items():
        if text == kind or any(name in text for name in names):
            return kind
    raise ValueError(wording.KIND_INVALID)


def _read_date(value: object) -> date | None:
    today = clock.today()
    if isinstance(value, date):
        found: date | None = value.date() if isinstance(value, datetime) else value
    else:
        text = _text(value)
        if text is None:
            return None
        found = parse_date(text, today)
    if found is None:
        raise ValueError(wording.DATE_INVALID)
    if found > today:
        raise ValueError(wording.date_in_future(found, today))
    return found


def _read_amount(value: object) -> Decimal | None:
    text = _text(str(value) if isinstance(value, float) else value)
    if text is None:
        return None
    found = _plain_amount(text) if not isinstance(value, str) or _PLAIN.fullmatch(text) else parse_amount(text)
    if found is None:
        raise ValueError(wording.AMOUNT_INVALID)
    if found == 0:
        raise ValueError(wording.AMOUNT_ZERO)
    return found


def _plain_amount(text: str) -> Decimal | None:
    """A number as programs write it: exact to the fen, or nothing."""
    try:
        amount = Decimal(text)
        if not amount.is_finite() or abs(amount) >= LARGEST_AMOUNT or amount != amount.quantize(Decimal("0.01")):
            return None
    except InvalidOperation:
        return None
    return amount.quantize(Decimal("0.01"))


def _read_check_code(value: object) -> str | None:
    text = _text(value)
    if text is None:
        return None
    found = parse_check_code(text)
    if found is None:
        raise ValueError(wording.check_code_invalid(text))
    return found


Amount = Annotated[Decimal | None, BeforeValidator(_read_amount)]


class InspectInvoice(BaseModel):
    """An invoice to inspect. Which of the optional fields are needed depends on its kind: see `required`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    invoice_number: Annotated[str, BeforeValidator(_read_number)] = ask(
        prompt="请告诉我发票号码。数电票是20位数字，在票面右上角；以前的税控发票是8位。",
        invalid="发票号码应为20位（数电票）或8位（税控发票）数字，请对照票面右上角再输入一次。",
        label="发票号码",
        hint="20位（数电票）或8位（税控发票）数字，在票面右上角",
        entity="invoice_number",
        synonyms=("号码", "票号", "发票号"),
    )
    invoice_code: Annotated[str | None, BeforeValidator(_read_code)] = ask(
        None,
        prompt="8位号码的发票还需要发票代码：10位或12位数字，在票面左上角（机打发票在号码上方）。",
        invalid="发票代码应为10位或12位数字，在票面左上角，请再输入一次。",
        label="发票代码",
        hint="只有8位号码的发票才有：10位或12位数字",
        entity="invoice_code",
        synonyms=("代码",),
    )
    invoice_kind: Annotated[PaperKind | None, BeforeValidator(_read_kind)] = ask(
        None,
        prompt="从代码看不出票种，请问票面上方印的是哪一种发票？",
        invalid=wording.KIND_INVALID,
        label="票种",
        hint="代码看不出票种时才需要",
        synonyms=("发票种类", "发票类型"),
        choices=tuple(Choice(title, kind) for kind, title in wording.KIND_TITLES.items()),
    )
    issued_on: Annotated[date | None, BeforeValidator(_read_date)] = ask(
        None,
        prompt="开票日期是哪一天？例如2026年9月3日。",
        invalid=wording.DATE_INVALID,
        label="开票日期",
        hint="票面上的开票日期",
        entity="date",
        synonyms=("日期", "开票时间", "时间"),
    )
    total_with_tax: Amount = ask(
        None,
        prompt="价税合计（小写）是多少元？铁路、航空电子客票请填票价或合计金额。",
        invalid=wording.AMOUNT_INVALID,
        label="价税合计",
        hint="数电票需要：含税总金额，元，最多两位小数",
        entity="amount",
        synonyms=("金额", "含税金额", "总金额", "票价"),
    )
    amount_without_tax: Amount = ask(
        None,
        prompt="不含税金额是多少元？是“合计”那一行的金额，不是价税合计。",
        invalid=wording.AMOUNT_INVALID,
        label="不含税金额",
        hint="增值税专用发票、机动车销售统一发票需要：不含税金额，元",
        entity="amount",
        synonyms=("金额", "税前金额", "不含税价", "不含税"),
    )
    vehicle_total: Amount = ask(
        None,
        prompt="车价合计（小写）是多少元？",
        invalid=wording.AMOUNT_INVALID,
        label="车价合计",
        hint="二手车销售统一发票需要：车价合计，元",
        entity="amount",
        synonyms=("金额", "车价"),
    )
    check_code: Annotated[str | None, BeforeValidator(_read_check_code)] = ask(
        None,
        prompt="校验码后六位是多少？校验码在票面右上角，开票日期的下方。",
        invalid="请输入校验码的最后6位数字（或完整的20位）。校验码在票面右上角，开票日期的下方。",
        label="校验码后六位",
        hint="增值税普通发票、卷票、电子普通发票、通行费发票需要",
        entity="check_code",
        synonyms=("校验码",),
    )

    @model_validator(mode="before")
    @classmethod
    def _split_pair(cls, data: Any) -> Any:
        """People copy code and number in one go: 011001900211 12345678."""
        if isinstance(data, dict) and not data.get("invoice_code") and isinstance(data.get("invoice_number"), str):
            text = data["invoice_number"]
            pair = _PAIR.fullmatch(normalise(text)) if len(text) <= LONGEST_INPUT else None
            if pair:
                return data | {"invoice_code": pair[1], "invoice_number": pair[2]}
        return data

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """What this kind of invoice needs is missing: said at the field itself, so that a form can point at it."""
        missing = [name for name in required(self.model_dump()) if getattr(self, name) is None]
        if missing:
            raise ValidationError.from_exception_data(type(self).__name__, [_missing(name) for name in missing])
        return self

    @property
    def digital(self) -> bool:
        """Whether it is a digital invoice."""
        return is_digital(self.invoice_number)

    @property
    def kind(self) -> PaperKind | None:
        """The family of a tax-control invoice; None for a digital one."""
        return None if self.digital else paper_kind(self.invoice_code, self.invoice_kind)


def required(values: Values) -> list[str]:
    """The fields that are needed, in order of asking, given what is known; never raises, whatever the values are."""
    number, code, kind = (
        _known(values, name, read)
        for name, read in (
            ("invoice_number", parse_invoice_number),
            ("invoice_code", parse_invoice_code),
            ("invoice_kind", _read_kind),
        )
    )  # fmt: skip
    return needed(number, code, None if kind is None else PaperKind(kind))


def _known(values: Values, name: str, read: Any) -> str | None:
    value = values.get(name)
    try:
        found: str | None = read(value) if isinstance(value, str) and len(value) <= LONGEST_INPUT else None
    except ValueError:
        return None
    return found

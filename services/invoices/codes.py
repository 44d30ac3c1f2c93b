"""What the QR code on an invoice says, as far as it is beyond doubt.

The code is `01,kind,code,number,amount,yyyymmdd,check code,…`, with nothing in place of what a kind does not have. No
law publishes the layout; the kinds below are those whose amount is known for sure, all others are asked for theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hub.forms import check, shown, summary
from services.invoices import wording
from services.invoices.kinds import PaperKind, needed, paper_kind
from services.invoices.schemas import InspectInvoice

VERSION = "01"
FIELDS = 6
LONGEST = 200
PAPER: Mapping[str, PaperKind] = {
    "01": PaperKind.SPECIAL,
    "08": PaperKind.SPECIAL,
    "03": PaperKind.VEHICLE,
    "04": PaperKind.ORDINARY,
    "10": PaperKind.ORDINARY,
    "11": PaperKind.ORDINARY,
    "14": PaperKind.ORDINARY,
    "15": PaperKind.USED_CAR,
}
AMOUNT: Mapping[str, str] = {
    # 数电票 carries 价税合计, the tax-control system's special invoices carry 合计金额 without tax
    "31": "total_with_tax",
    "32": "total_with_tax",
    "01": "amount_without_tax",
    "08": "amount_without_tax",
}
_DATE = re.compile(r"\d{8}", re.ASCII)
_AMOUNT = re.compile(r"-?\d{1,12}(?:\.\d{1,2})?", re.ASCII)
_CHECK_CODE = re.compile(r"\d{20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ScannedInvoice:
    """An invoice as its code tells it; `values` are those of the form `InspectInvoice`, all of them valid."""

    values: Mapping[str, str]

    @property
    def title(self) -> str:
        """A few words that tell it from others, for a button."""
        number = self.values["invoice_number"]
        day = self.values.get("issued_on")
        on = f"，{shown(InspectInvoice, 'issued_on', day)}" if day else ""
        return wording.SCANNED_TITLE.format(number=number[-8:], on=on)

    @property
    def told(self) -> str:
        """What was read, a line each."""
        return f"{wording.SCANNED}\n{summary(InspectInvoice, self.values, self.values)}"


def scanned(texts: Iterable[str]) -> Sequence[ScannedInvoice]:
    """The invoices among what the codes in a picture say, each once."""
    found = [invoice for text in texts if (invoice := _read(text))]
    return [one for place, one in enumerate(found) if one not in found[:place]]


def _read(text: str) -> ScannedInvoice | None:
    fields = [field.strip() for field in text.split(",")] if len(text) <= LONGEST else []
    if len(fields) < FIELDS or fields[0] != VERSION:
        return None
    kind, code, number, amount, day = fields[1:FIELDS]
    proof = fields[FIELDS] if len(fields) > FIELDS else ""
    if not _is_invoice(code, number):
        return None
    values = {"invoice_code": code} if code else {}
    values["invoice_number"] = number
    family = PAPER.get(kind)
    if code and family and paper_kind(code, None) is not family:
        values["invoice_kind"] = family
    if _DATE.fullmatch(day):
        values["issued_on"] = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    if kind in AMOUNT and _AMOUNT.fullmatch(amount):
        values[AMOUNT[kind]] = amount
    if _CHECK_CODE.fullmatch(proof):
        values["check_code"] = proof[-6:]
    return ScannedInvoice(_valid(values))


def _is_invoice(code: str, number: str) -> bool:
    """Whether these are code and number of an invoice; receipts of the finance offices have other lengths."""
    if not (number.isascii() and number.isdigit() and (not code or (code.isascii() and code.isdigit()))):
        return False
    return (len(number) == 20 and not code) or (len(number) == 8 and len(code) in (10, 12))


def _valid(values: Mapping[str, str]) -> Mapping[str, str]:
    """What the form takes (no day after today), and no proof that this kind is not asked for."""
    valid = check(InspectInvoice, values, {}).values
    said = valid.get("invoice_kind")
    wanted = needed(valid["invoice_number"], valid.get("invoice_code"), PaperKind(said) if said else None)
    return {name: valid[name] for name in values if name in valid and name in wanted}

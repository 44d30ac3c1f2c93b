"""What must be known of an invoice to inspect it, as its number, its code and, where they are silent, its name tell."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class PaperKind(StrEnum):
    """Families of invoices of the tax-control system, by the proof that the platform wants."""

    SPECIAL = "special"
    ORDINARY = "ordinary"
    VEHICLE = "vehicle"
    USED_CAR = "used_car"
    OTHER = "other"


PROOF_OF_DIGITAL = "total_with_tax"
PROOF: Mapping[PaperKind, str] = {
    PaperKind.SPECIAL: "amount_without_tax",
    PaperKind.ORDINARY: "check_code",
    PaperKind.VEHICLE: "amount_without_tax",
    PaperKind.USED_CAR: "vehicle_total",
}

# positions 11-12 of a code that begins with 0: 04 05 folded, 06 07 roll, 11 electronic, 12 toll, 13 electronic special
_BY_ENDING: Mapping[str, PaperKind] = {
    **dict.fromkeys(("04", "05", "06", "07", "11", "12"), PaperKind.ORDINARY),
    "13": PaperKind.SPECIAL,
}


def is_digital(number: str) -> bool:
    """Whether the number is that of a digital invoice, which has twenty digits and no code."""
    return len(number) == 20


def year_in_number(number: str) -> int | None:
    """The year of issue that a digital number begins with."""
    return 2000 + int(number[:2]) if is_digital(number) else None


def paper_kind(code: str | None, said: PaperKind | None) -> PaperKind | None:
    """The family of a tax-control invoice; None while neither its code nor its holder tells.

    Codes of ten digits are special invoices, except for older folded ordinary ones: there the holder's word counts.
    """
    if said is PaperKind.OTHER or code is None:
        return said if said is PaperKind.OTHER else None
    if len(code) == 10:
        return said or PaperKind.SPECIAL
    told = _BY_ENDING.get(code[10:]) if code.startswith("0") else None
    return told or said


def needed(number: str | None, code: str | None, said: PaperKind | None) -> list[str]:
    """The fields that an inspection needs, in order of asking, as far as they can be told by now."""
    if number is not None and is_digital(number):
        return ["invoice_number", "issued_on", PROOF_OF_DIGITAL]
    if said is PaperKind.OTHER:
        return ["invoice_number", "invoice_kind"]
    fields = ["invoice_number"]
    if number is not None or code is not None:
        fields.append("invoice_code")
    kind = paper_kind(code, said)
    if code is not None and (kind is None or said is kind):
        fields.append("invoice_kind")
    fields.append("issued_on")
    if kind is not None:
        fields.append(PROOF[kind])
    return fields

"""Check digits: unified social credit code (GB 32100), identity number (GB 11643), organisation code (GB 11714)."""

from __future__ import annotations

import re
from datetime import date

_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(3**place % 31 for place in range(17))
_USCC_SHAPE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}")
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_EARLIEST_BIRTH = date(1900, 1, 1)


def uscc_ok(value: str) -> bool:
    """Whether the text is a unified social credit code with the right check character; letter case is ignored."""
    code = value.strip().upper()
    if not _USCC_SHAPE.fullmatch(code):
        return False
    total = sum(
        _USCC_ALPHABET.index(character) * weight for character, weight in zip(code, _USCC_WEIGHTS, strict=False)
    )
    return code[17] == _USCC_ALPHABET[(31 - total % 31) % 31]


def resident_id_ok(value: str, today: date) -> bool:
    """Whether the text is an identity number: right check digit, a real birth date since 1900 and not after today."""
    number = value.strip().upper()
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number) or number[17] != _resident_check(number):
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return _EARLIEST_BIRTH <= born <= today


def upgrade_resident_id(value: str) -> str | None:
    """The 18-digit form of an identity number of 15 digits; None where it is none."""
    if not re.fullmatch(r"[0-9]{15}", value):
        return None
    body = f"{value[:6]}19{value[6:]}"
    return body + _resident_check(body)


def organisation_code_ok(value: str) -> bool:
    """Whether the text is an organisation code (with or without its hyphen) with the right check character."""
    code = value.strip().upper().replace("-", "")
    if not re.fullmatch(r"[0-9A-Z]{8}[0-9X]", code):
        return False
    total = sum(int(character, 36) * weight for character, weight in zip(code, _ORGANISATION_WEIGHTS, strict=False))
    return code[8] == {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11))


def _resident_check(number: str) -> str:
    return "10X98765432"[
        sum(int(digit) * weight for digit, weight in zip(number, _RESIDENT_WEIGHTS, strict=False)) % 11
    ]

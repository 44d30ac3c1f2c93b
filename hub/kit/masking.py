"""How much of a name or a number is shown to somebody who has not proved who they are."""

from __future__ import annotations


def mask_name(name: str) -> str:
    """A name with its middle hidden: 张*, 示例****有限公司."""
    if len(name) <= 4:
        return name[:1] + "*" * (len(name) - 1)
    tail = 4 if len(name) >= 9 else 2
    return name[:2] + "*" * (len(name) - 2 - tail) + name[-tail:]


def mask_number(number: str) -> str:
    """A number of which the first and last four characters remain, or only the last two when it is short."""
    if len(number) <= 8:
        return "*" * max(len(number) - 2, 0) + number[-2:]
    return number[:4] + "*" * (len(number) - 8) + number[-4:]


def mask_phone(phone: str) -> str:
    """A mobile number with its middle hidden: 199****0001."""
    return f"{phone[:3]}****{phone[-4:]}"


def mask_resident_id(number: str) -> str:
    """A resident ID of which the first and the last character remain."""
    return number[:1] + "*" * (len(number) - 2) + number[-1:]

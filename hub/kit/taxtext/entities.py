"""Everything recognisable in a sentence: invoice identifiers, amounts, days, taxpayer and identity numbers, phones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from hub.kit.taxtext.amounts import amounts_in, bare_amounts_in
from hub.kit.taxtext.dates import dates_in
from hub.kit.taxtext.identifiers import resident_id_ok, upgrade_resident_id, uscc_ok
from hub.kit.taxtext.normalise import normalise, with_offsets, without_denied


@dataclass(frozen=True)
class Entity:
    """A recognised thing: its canonical value, and where it stands in the text as it was given."""

    kind: str
    value: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class _Found:
    kind: str
    value: str
    start: int
    end: int


# groups of digits set apart by single blanks are one number only if all are short: "011001900211 12345678" is a pair
_RUN = re.compile(r"(?<![0-9A-Za-z])(?<!\d\.)[0-9A-Za-z]+(?![0-9A-Za-z])")
_GROUPED = re.compile(r"(?<![0-9A-Za-z.])\d{2,6}(?: \d{2,6}){2,9}(?![0-9A-Za-z.])")
_LANDLINE = re.compile(r"(?<!\d)0\d{2,3}-\d{7,8}(?!\d)")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_CODE_SHAPED = re.compile(r"(?:1[1239]|5[1239]|9[123])\d{5,6}[0-9A-Z]+")
_MONEY_FOLLOWS = re.compile(r"\.\d|\s?[元块圆万亿]")
_SAYS_CHECK_CODE = re.compile(r"校验码(?:的?后?(?:六|6)位)?[^0-9A-Za-z]{0,6}$")
_SAYS_NUMBER = re.compile(r"(?:发票号码?|票号|号码)[^0-9A-Za-z]{0,4}$")
_SAYS_TAXPAYER = re.compile(r"(?:信用代码|税号|识别号)[^0-9A-Za-z]{0,4}$")
_SAYS_IDENTITY = re.compile(r"身份证[^0-9A-Za-z]{0,6}$")
_SAYS_AMOUNT = re.compile(r"(?:金额|合计|总额|总价|¥)[^0-9A-Za-z]{0,4}$")


def extract(text: str, today: date) -> list[Entity]:
    """What the text states beyond doubt, in order of place and without overlaps.

    A bare number that could be several things (six digits, a small number) is left out: whoever asked for it
    knows what it is and reads it with one of the `parse_…` functions.
    """
    clean, origin = with_offsets(text)
    clean = without_denied(clean)
    taken: list[_Found] = []
    for found in _candidates(clean, today, taken):
        if all(found.end <= other.start or other.end <= found.start for other in taken):
            taken.append(found)
    entities = []
    for found in sorted(taken, key=lambda item: item.start):
        start, end = origin[found.start], origin[found.end - 1] + 1
        if found.kind:
            entities.append(Entity(found.kind, found.value, start, end, text[start:end]))
    return entities


def parse_invoice_number(text: str) -> str | None:
    """The invoice number (20 or 8 digits) that a whole answer states."""
    return _only_digits(text, (20, 8))


def parse_invoice_code(text: str) -> str | None:
    """The invoice code (10 or 12 digits) that a whole answer states."""
    return _only_digits(text, (12, 10))


def parse_check_code(text: str) -> str | None:
    """The last six digits of the check code that a whole answer states, in full or shortened."""
    digits = _only_digits(text, (20, 6))
    return digits[-6:] if digits else None


def _only_digits(text: str, lengths: tuple[int, ...]) -> str | None:
    clean = without_denied(normalise(text))
    runs: list[str] = [run.replace(" ", "") for run in re.findall(r"(?<![0-9A-Za-z])\d+(?![0-9A-Za-z])", clean)]
    joined = re.sub(r"(?<=\d)[ -](?=\d)", "", clean)
    runs += re.findall(r"(?<![0-9A-Za-z])\d+(?![0-9A-Za-z])", joined)
    for length in lengths:
        for run in runs:
            if len(run) == length:
                return run
    return None


def _candidates(text: str, today: date, taken: list[_Found]) -> Iterator[_Found]:
    """Candidates, most specific first; a span that is taken keeps later candidates out."""
    for found in _LANDLINE.finditer(text):
        yield _Found("phone", found[0], *found.span())
    yield from _long_numbers(text, today)
    yield from _numbers_after_code(text, taken)
    for start, end, value in dates_in(text, today):
        if not (_is_eight_digits(text[start:end]) and _SAYS_NUMBER.search(text[:start])):
            yield _Found("date" if value else "", value.isoformat() if value else "", start, end)
    for start, end, amount in amounts_in(text):
        yield _Found("amount", str(amount), start, end)
    for found in _RUN.finditer(text):
        if _is_eight_digits(found[0]) and not _reads_as_money(text, found):
            yield _Found("invoice_number", found[0], *found.span())
    yield from _check_code_of_pair(text, taken)
    yield from _amount_of_invoice(text, taken)


def _long_numbers(text: str, today: date) -> Iterator[_Found]:
    for found in _RUN.finditer(text):
        if _reads_as_money(text, found):
            continue
        kind, value = _classify(found[0].upper(), text[: found.start()], today)
        if kind:
            yield _Found(kind, value, *found.span())
    for found in _GROUPED.finditer(text):
        digits = found[0].replace(" ", "")
        if len(digits) == 20:
            kind = "check_code" if _SAYS_CHECK_CODE.search(text[: found.start()]) else "invoice_number"
            yield _Found(kind, digits[-6:] if kind == "check_code" else digits, *found.span())


def _classify(run: str, before: str, today: date) -> tuple[str, str]:
    if run.isdigit():
        if len(run) in (6, 20) and _SAYS_CHECK_CODE.search(before):
            return "check_code", run[-6:]
        if len(run) == 20:
            return "invoice_number", run
        if len(run) in (10, 12):
            return "invoice_code", run
        if _MOBILE.fullmatch(run):
            return "phone", run
        upgraded = upgrade_resident_id(run) if _SAYS_IDENTITY.search(before) else None
        if upgraded and resident_id_ok(upgraded, today):
            return "resident_id", upgraded
    return _taxpayer(run, before, today)


def _taxpayer(run: str, before: str, today: date) -> tuple[str, str]:
    if len(run) == 18:
        if resident_id_ok(run, today):
            return "resident_id", run
        if uscc_ok(run):
            return "uscc", run
    says_so = bool(_SAYS_TAXPAYER.search(before)) and 16 <= len(run) <= 20
    has_letter = any(character.isalpha() for character in run[:-1])
    if (says_so and len(run) != 20) or (has_letter and 17 <= len(run) <= 19 and _CODE_SHAPED.match(run)):
        return "uscc_invalid", run
    return "", ""


def _numbers_after_code(text: str, taken: list[_Found]) -> Iterator[_Found]:
    """Eight digits right after an invoice code are its number, even if they look like a day."""
    for code in [found for found in taken if found.kind == "invoice_code"]:
        following = re.compile(r"[^0-9A-Za-z]{0,8}(?P<number>\d{8})(?![0-9A-Za-z]|\.\d)").match(text, code.end)
        if following and not re.search(r"[日期]", following[0]):
            yield _Found("invoice_number", following["number"], *following.span("number"))


def _check_code_of_pair(text: str, taken: list[_Found]) -> Iterator[_Found]:
    """Once code and number of a paper invoice are there, a further number of 20 or 6 digits is its check code."""
    kinds = {found.kind for found in taken}
    if "invoice_code" not in kinds or "check_code" in kinds:
        return
    pair_end = max(found.end for found in taken if found.kind == "invoice_code")
    if any(found.kind == "invoice_number" and found.end - found.start == 8 for found in taken):
        for found in [item for item in taken if item.kind == "invoice_number" and len(item.value) == 20]:
            taken.remove(found)
            yield _Found("check_code", found.value[-6:], found.start, found.end)
            return
        for run in _RUN.finditer(text, pair_end):
            if run[0].isdigit() and len(run[0]) == 6 and not _reads_as_money(text, run):
                yield _Found("check_code", run[0], *run.span())
                return


def _amount_of_invoice(text: str, taken: list[_Found]) -> Iterator[_Found]:
    """Next to the number and the date of an invoice, the only other number is its amount."""
    kinds = {found.kind for found in taken}
    if "amount" in kinds or not {"invoice_number", "date"} <= kinds:
        return
    free = [
        (start, end, value)
        for start, end, value in bare_amounts_in(text)
        if all(end <= found.start or found.end <= start for found in taken)
    ]
    if len(free) == 1:
        start, end, value = free[0]
        yield _Found("amount", str(value), start, end)


def _is_eight_digits(text: str) -> bool:
    return len(text) == 8 and text.isascii() and text.isdigit()


def _reads_as_money(text: str, found: re.Match[str]) -> bool:
    return bool(
        _MONEY_FOLLOWS.match(text, found.end()) or (len(found[0]) < 18 and _SAYS_AMOUNT.search(text[: found.start()]))
    )

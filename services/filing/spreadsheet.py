"""Spreadsheets (.xlsx) of batches: the template with what is known, reading what was filled in, and the report."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from hub.skills import question_of
from services.filing import wording
from services.filing.errors import SpreadsheetInvalid
from services.filing.return_kind import ReturnKind
from services.filing.schemas import BatchRead

MOST_ROWS = 200
LARGEST_UNPACKED = 20 * 1024 * 1024
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

OBLIGATION, CORRECT = "申报编号", "更正"
SHOWN = ("纳税人", "所属期", "申报截止")
_YES = frozenset({"是", "y", "yes", "true", "1"})


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was filled in: its number in the spreadsheet, the obligation, whether it is meant as a correction."""

    number: int
    obligation_id: str
    correct: bool
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """What the template shows of an obligation, and what is known for its return by field."""

    obligation_id: str
    shown: tuple[str, str, str]
    known: Mapping[str, str]


def template(kind: ReturnKind, rows: Sequence[TemplateRow]) -> bytes:
    """The spreadsheet to fill in, with a second sheet that explains the columns."""
    book = openpyxl.Workbook(write_only=True)
    fields = list(kind.line.model_fields)
    page = book.create_sheet(wording.SHEET_TO_FILL)
    page.append(_line(page, [OBLIGATION, *SHOWN, *(kind.label(name) for name in fields), CORRECT], bold=True))
    for row in rows:
        page.append(_line(page, [row.obligation_id, *row.shown, *(row.known.get(name, "") for name in fields), ""]))
    told = book.create_sheet(wording.SHEET_EXPLAINED)
    told.append(_line(told, [wording.COLUMN, wording.EXPLANATION], bold=True))
    told.append(_line(told, [OBLIGATION, wording.EXPLAIN_OBLIGATION]))
    for name in fields:
        question = question_of(kind.line, name)
        choices = "、".join(choice.title for choice in question.choices)
        told.append(_line(told, [question.label, question.prompt + (f"（{choices}）" if choices else "")]))
    told.append(_line(told, [CORRECT, wording.EXPLAIN_CORRECT]))
    return _bytes(book)


def report(batch: BatchRead) -> bytes:
    """What became of every row, as a spreadsheet."""
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet(wording.SHEET_REPORT)
    page.append(_line(page, list(wording.REPORT_COLUMNS), bold=True))
    for row in batch.rows:
        page.append(
            _line(
                page,
                [
                    "、".join(str(number) for number in row.rows), row.obligation_id, row.taxpayer_name or "",
                    row.period or "", wording.ROW_STATES[row.state], "" if row.total is None else str(row.total),
                    row.receipt_number or "", row.problem or "",
                ],
            )
        )  # fmt: skip
    return _bytes(book)


def read(content: bytes, kind: ReturnKind) -> list[Row]:
    """The rows that were filled in.

    Raises `SpreadsheetInvalid` when it is no spreadsheet, not this template, empty or too long.
    """
    lines = list(_lines(content))
    if not lines:
        raise SpreadsheetInvalid(wording.SPREADSHEET_EMPTY)
    columns = _columns(kind, lines[0])
    rows = [
        _row(number, {name: line[place] for name, place in columns.items() if place < len(line)})
        for number, line in enumerate(lines[1:], 2)
        if any(line)
    ]
    if not rows:
        raise SpreadsheetInvalid(wording.SPREADSHEET_EMPTY)
    if len(rows) > MOST_ROWS:
        raise SpreadsheetInvalid(wording.SPREADSHEET_TOO_LONG.format(most=MOST_ROWS))
    return rows


def _columns(kind: ReturnKind, head: Sequence[str]) -> dict[str, int]:
    """Where each field stands.

    Raises `SpreadsheetInvalid` when a column is missing.
    """
    labels = {OBLIGATION: OBLIGATION, CORRECT: CORRECT, **{kind.label(name): name for name in kind.line.model_fields}}
    places = {labels[text]: place for place, text in enumerate(head) if text in labels}
    missing = [label for label, name in labels.items() if name not in places and label != CORRECT]
    if missing:
        raise SpreadsheetInvalid(wording.SPREADSHEET_COLUMNS.format(columns="、".join(missing)))
    return places


def _row(number: int, values: Mapping[str, str]) -> Row:
    filled = {name: text for name, text in values.items() if text and name not in (OBLIGATION, CORRECT)}
    return Row(number, values.get(OBLIGATION, "")[:120], values.get(CORRECT, "").lower() in _YES, filled)


def _lines(content: bytes) -> Iterator[tuple[str, ...]]:
    """Every row of the first sheet as texts; not unpacked when it is a bomb."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > LARGEST_UNPACKED:
                raise SpreadsheetInvalid(wording.SPREADSHEET_TOO_LONG.format(most=MOST_ROWS))
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        page = book.worksheets[0]
        for line in page.iter_rows(max_row=MOST_ROWS + 2, max_col=64, values_only=True):
            yield tuple(_text(value) for value in line)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, IndexError, SyntaxError):
        raise SpreadsheetInvalid from None


def _text(value: Any) -> str:
    """A cell as text: numbers as people would type them."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{Decimal(str(value)):f}"
    return str(value).strip()


def _line(page: Worksheet, values: Sequence[str], *, bold: bool = False) -> list[Cell]:
    """Cells that are texts, whatever they look like: a name that begins with = must not become a formula."""
    cells = []
    for value in values:
        cell = WriteOnlyCell(page, value)
        cell.data_type = "s"
        if bold:
            cell.font = Font(bold=True)
        cells.append(cell)
    return cells


def _bytes(book: openpyxl.Workbook) -> bytes:
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()

"""Rows of a spreadsheet: .xlsx by openpyxl, .csv in UTF-8 or GB 18030 as Excel saves it here."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from knowledge_base.ingest.imports.fields import FieldError, name_of
from knowledge_base.ingest.imports.texts import read_text

Row = tuple[str, dict[str, Any]]  # where it stands, and its cells by name


def sheet_rows(path: Path) -> Iterator[Row]:
    """Every row that is not empty, below the row of headings.

    Raises `FieldError` when the file cannot be read, or a heading is unknown, missing or twice there.
    """
    table = _xlsx(path) if path.suffix.lower() == ".xlsx" else _csv(path)
    names: list[str] | None = None
    for number, cells in enumerate(table, 1):
        if not any(value is not None and str(value).strip() for value in cells):
            continue
        if names is None:
            names = _headings(cells)
        else:
            yield f"第{number}行", {name: value for name, value in zip(names, cells, strict=False) if name}


def _headings(cells: Sequence[Any]) -> list[str]:
    names: list[str] = []
    for cell in cells:
        heading = "" if cell is None else str(cell).strip()
        name = name_of(heading) if heading else ""
        if name is None:
            raise FieldError(f"表头“{heading}”不认识")
        if name and name in names:
            raise FieldError(f"表头“{heading}”出现了两次")
        names.append(name)
    if missing := [word for word in ("id", "title", "questions", "answer") if word not in names]:
        raise FieldError(f"表头缺少：{'、'.join(missing)}")
    return names


def _xlsx(path: Path) -> Iterator[Sequence[Any]]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError) as error:
        raise FieldError(f"不是可读的 Excel 文件：{error}") from None
    try:
        yield from book.worksheets[0].iter_rows(values_only=True)
    finally:
        book.close()


def _csv(path: Path) -> Iterable[Sequence[Any]]:
    try:
        return list(csv.reader(io.StringIO(read_text(path), newline="")))
    except csv.Error as error:
        raise FieldError(f"不是可读的 CSV 文件：{error}") from None

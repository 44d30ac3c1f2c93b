"""Rows that others wrote → content files, checked like any other entry; a report says what became of each row."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from knowledge_base.ingest.checks import Found, Surroundings, entry_problems, shelf_problems
from knowledge_base.ingest.content import FOLDER, Content, read_file
from knowledge_base.ingest.imports.fields import FieldError, entry_of
from knowledge_base.ingest.imports.markdown import markdown_rows
from knowledge_base.ingest.imports.sheets import Row, sheet_rows
from knowledge_base.schemas import ContentEntry
from knowledge_base.yaml_files import problems_of

Fate = Literal["新增", "更新", "未变", "错误"]
_TOPIC = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class RowReport:
    """What became of a row."""

    where: str
    entry_id: str
    fate: Fate
    problems: tuple[str, ...] = ()

    def line(self) -> str:
        """The row as a line of the report."""
        return f"{self.where} {self.entry_id or '—'}：{self.fate}" + "".join(f"\n    {one}" for one in self.problems)


@dataclass(frozen=True, slots=True)
class _Read:
    where: str
    topic: str
    raw: dict[str, Any]
    found: Found | None
    problems: tuple[str, ...]


def rows_of(path: Path) -> list[Row]:
    """The rows of a spreadsheet (.xlsx, .csv) or of Markdown (.md, or a folder of such files).

    Raises `FieldError`.
    """
    kind = path.suffix.lower()
    if path.is_dir() or kind == ".md":
        return list(markdown_rows(path))
    if kind in (".xlsx", ".csv"):
        return list(sheet_rows(path))
    raise FieldError(f"不支持的文件类型“{kind or path.name}”，可用：.xlsx、.csv、.md 或装有 .md 的文件夹")


def import_entries(
    rows: Iterable[Row], name: str, existing: Content, skills: Collection[str] | None, folder: Path = FOLDER
) -> tuple[list[RowReport], dict[Path, str]]:
    """Judge every row, and say which files are to be written with those that are right.

    Rows that an earlier import of the same name brought are replaced; an id that stands in another file is an error.
    """
    file_name = f"imported_{re.sub(r'[^a-z0-9_]+', '_', name.lower()).strip('_') or 'file'}.yaml"
    # as the file has them: `existing` has the questions of `asked` among theirs
    written = [found for path in sorted(folder.glob(f"*/{file_name}")) for found in read_file(path)[0]]
    mine = {found.entry.id: found for found in written}
    others = [found for found in existing.entries if found.entry.id not in mine]
    around = Surroundings(existing.documents, existing.parameters, skills)
    read = [_read(where, cells, file_name, around) for where, cells in rows]
    clashes = _clashes(read, others)
    reports: list[RowReport] = []
    kept: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in read:
        problems = (*row.problems, *clashes.get(id(row), ()))
        entry_id = str(row.raw.get("id", ""))
        if problems or row.found is None:
            reports.append(RowReport(row.where, entry_id, "错误", problems))
            continue
        old = mine.get(entry_id)
        same = old is not None and (old.topic, old.entry) == (row.topic, row.found.entry)
        reports.append(RowReport(row.where, entry_id, "未变" if same else "更新" if old else "新增"))
        kept[row.topic].append(row.raw)
    # what an earlier import brought and this one has not, or has wrong, stays as it was
    replaced = {str(raw["id"]) for rows_ in kept.values() for raw in rows_}
    for found in mine.values():
        stays = kept[found.topic]  # a file of which everything has moved to another topic is written empty
        if found.entry.id not in replaced:
            stays.append({**found.entry.stored(), "literals": list(found.entry.literals)})
    return reports, {folder / topic / file_name: _file(topic, entries) for topic, entries in kept.items()}


def write(files: dict[Path, str], check: Callable[[], object]) -> None:
    """Write the files, each at once or not at all; then everything must still be right together.

    Raises what `check` raises (`ContentError`), with the files as they were before.
    """
    before = {path: path.read_bytes() if path.exists() else None for path in files}
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text.encode())
    try:
        check()
    except ValueError:
        for path, old in before.items():
            if old is None:
                path.unlink()
            else:
                _replace(path, old)
        raise


def _replace(path: Path, content: bytes) -> None:
    aside = path.with_suffix(".part")
    aside.write_bytes(content)
    os.replace(aside, path)


def _read(where: str, cells: dict[str, Any], file_name: str, around: Surroundings) -> _Read:
    try:
        topic, raw = entry_of(cells)
    except FieldError as error:
        return _Read(where, "", {"id": cells.get("id") or ""}, None, (str(error),))
    if not _TOPIC.fullmatch(topic):
        return _Read(where, topic, raw, None, ("“主题”要用小写英文，即 content/ 下的文件夹名，例如 vat",))
    try:
        found = Found(f"{topic}/{file_name}", topic, ContentEntry.model_validate(raw))
    except ValidationError as error:
        return _Read(where, topic, raw, None, tuple(problems_of(error)))
    return _Read(where, topic, raw, found, tuple(entry_problems(found, around)))


def _clashes(read: list[_Read], others: list[Found]) -> dict[int, list[str]]:
    """What is wrong between the rows, or between a row and an entry that stands already."""
    right = {id(row): row.found for row in read if row.found and not row.problems}
    known = set(shelf_problems(others))
    clashes: dict[int, list[str]] = defaultdict(list)
    for problem in shelf_problems([*others, *right.values()]):
        if problem not in known:
            to_blame = [key for key, found in right.items() if problem.startswith(found.says(""))]
            # a family that is spread over topics is said of its first entry, which may not be among the rows
            for key in to_blame or [key for key, found in right.items() if found.entry.family in problem]:
                clashes[key].append(problem)
    return clashes


def _file(topic: str, entries: list[dict[str, Any]]) -> str:
    body = {"topic": topic, "entries": entries}
    return yaml.safe_dump(body, allow_unicode=True, sort_keys=False, width=10**6)

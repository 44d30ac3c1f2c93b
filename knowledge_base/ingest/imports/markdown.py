"""Entries in Markdown: a first-level heading is a title, second-level headings are the other parts by name.

# 小规模纳税人增值税起征点
## 编号
vat.small_scale.threshold
## 问法
- 小规模一个月卖多少不用交税
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from knowledge_base.ingest.imports.fields import FieldError, name_of
from knowledge_base.ingest.imports.sheets import Row
from knowledge_base.ingest.imports.texts import read_text


def markdown_rows(path: Path) -> Iterator[Row]:
    """Every entry of a file, or of all .md files of a folder.

    Raises `FieldError` for text outside any part, and for headings that name none.
    """
    files = sorted(path.glob("**/*.md")) if path.is_dir() else [path]
    for file in files:
        yield from _entries(file.name, read_text(file))


def _entries(name: str, text: str) -> Iterator[Row]:
    lines = text.splitlines()
    heads = list(_headings(text))
    before = "\n".join(lines[: heads[0][1] if heads else len(lines)]).strip()
    if before:
        raise FieldError(f"{name}：第一个标题之前有文字“{before[:20]}”")
    cells: dict[str, Any] = {}
    where = ""
    for place, (level, start, end, title) in enumerate(heads):
        until = heads[place + 1][1] if place + 1 < len(heads) else len(lines)
        body = "\n".join(lines[end:until]).strip()
        if level == 1:
            if where:
                yield where, cells
            where, cells = f"{name} 第{start + 1}行", {"title": title}
            if body:
                raise FieldError(f"{where}：标题下面要先有“## 编号”等小节")
            continue
        part = name_of(title)
        if part is None or not where:
            raise FieldError(f"{name} 第{start + 1}行：小节“{title}”不认识")
        if part in cells:
            raise FieldError(f"{name} 第{start + 1}行：小节“{title}”出现了两次")
        cells[part] = body
    if where:
        yield where, cells


def _headings(text: str) -> Iterator[tuple[int, int, int, str]]:
    """Level, first line, line after, and words of each heading; deeper ones belong to the text."""
    tokens = MarkdownIt().parse(text)
    for token, inside in pairwise(tokens):
        if token.type == "heading_open" and token.tag in ("h1", "h2") and token.map:
            yield int(token.tag[1]), token.map[0], token.map[1], inside.content.strip()

"""What editors call the parts of an entry, and how a cell or a section becomes one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from knowledge_base.schemas import NATIONAL, TAXPAYER_TYPES

NAMES: Mapping[str, str] = {
    "编号": "id", "主题": "topic", "标题": "title", "问法": "questions", "答复": "answer", "说明": "detail",
    "条件": "conditions", "步骤": "steps", "下一步": "next", "依据": "citations", "生效": "from", "失效": "to",
    "纳税人类型": "taxpayer_types", "地区": "region", "办理事项": "skills", "可信度": "evidence", "同题": "family",
    "固定数字": "literals",
}  # fmt: skip
"""Column or heading → part of an entry; the English name serves as well."""

_TYPES: Mapping[str, str] = {name: kind for kind, name in TAXPAYER_TYPES.items()} | {"小规模": "small_scale"}
_LISTS = frozenset({"questions", "conditions", "steps"})
_SETS = frozenset({"taxpayer_types", "skills", "literals"})
_BETWEEN = re.compile(r"[、,，;；\s]+")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.、)）])\s*")


class FieldError(ValueError):
    """A cell cannot be read; the message says which and why."""


def name_of(heading: str) -> str | None:
    """The part of an entry that a heading means."""
    heading = heading.strip()
    return NAMES.get(heading) or (heading if heading in NAMES.values() else None)


def entry_of(cells: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The topic and the raw entry of named cells; empty cells are left out.

    Raises `FieldError`.
    """
    raw: dict[str, Any] = {"region": NATIONAL, "evidence": "R"}
    for name, value in cells.items():
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        if name in ("from", "to"):
            raw[name] = _day(value)
        elif name in _LISTS:
            raw[name] = [_BULLET.sub("", line).strip() for line in str(value).splitlines() if line.strip()]
        elif name == "taxpayer_types":
            raw[name] = [_TYPES.get(word, word) for word in _words(value)]
        elif name in _SETS:
            raw[name] = _words(value)
        elif name == "citations":
            raw[name] = [_citation(line) for line in re.split(r"[;；\n]", str(value)) if line.strip()]
        else:
            raw[name] = str(value).strip()
    if "from" not in raw:
        raise FieldError("没有填“生效”日期")
    raw["valid"] = {"from": raw.pop("from"), "to": raw.pop("to", None)}
    return str(raw.pop("topic", "")), raw


def _words(value: Any) -> list[str]:
    return [word for word in _BETWEEN.split(str(value).strip()) if word]


def _citation(line: str) -> dict[str, str]:
    """“vat-law 第十条”: the key in the register, then the article if it is known."""
    document, _, article = _BULLET.sub("", line).strip().partition(" ")
    return {"document": document, **({"article": article.strip()} if article.strip() else {})}


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    found = re.fullmatch(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", str(value).strip())
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise FieldError(f"日期“{value}”看不懂，请写成 2026-01-01")

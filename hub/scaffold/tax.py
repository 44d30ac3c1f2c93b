"""A new tax: a rate with its document and day, a calculator and its cases with the arithmetic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from pathlib import Path

from hub.kit import clock
from hub.scaffold import lists
from hub.scaffold.drafts import Draft
from hub.scaffold.errors import CannotAdd
from hub.scaffold.names import camel, check_name, check_title
from knowledge_base.register import RegisteredDocument, register
from services.taxes.registry import CALCULATORS
from services.taxes.worksheet import CENT, cents, percent

FINEST_RATE = 6
"""Places after the point."""
LARGEST_BASE = Decimal("9999999999999.99")
PLAIN_BASES = (Decimal("1.00"), Decimal("1000000.00"), Decimal("2345678.90"), LARGEST_BASE)
_ARTICLE = re.compile(r"第[一二三四五六七八九十百千零〇]+条(?:第[一二三四五六七八九十]+[款项])*")


@dataclass(frozen=True, slots=True)
class Case:
    """One case of the table: what is given, and the amount or the error that comes out."""

    name: str
    day: date
    base: str
    payable: Decimal | None = None
    arithmetic: str = ""
    error: str = ""


def draft_tax(root: Path, name: str, title: str, *, rate: str, document: str, begins: date, article: str = "") -> Draft:
    """Everything that a new tax takes; nothing is written yet. The rate, its document and its first day are given.

    Raises `CannotAdd`.
    """
    files = {
        path.stem for folder in ("services/taxes", "knowledge_base/parameters") for path in (root / folder).iterdir()
    }
    check_name(name, files | {one.name for one in CALCULATORS})
    check_title(title, {one.title for one in CALCULATORS})
    if article and not _ARTICLE.fullmatch(article):
        raise CannotAdd(f"条款“{article}”的写法不对，请写成“第三条”或“第三条第二款”。")
    share, source = _rate(rate), _document(document, begins)
    values = {
        "name": name, "title": title, "camel": camel(name), "upper": name.upper(), "rate": f"{share:f}",
        "percent": percent(share), "begins": begins, "document": document, "document_title": _cited(source, article),
        "article": article, "evidence": source.evidence, "today": clock.today(), "cases": list(cases(share, begins)),
    }  # fmt: skip
    draft = Draft(root)
    draft.add(f"knowledge_base/parameters/{name}.yaml", "tax/parameters.yaml.jinja", values)
    draft.add(f"services/taxes/{name}.py", "tax/calculator.py.jinja", values)
    draft.add(f"tests/services/taxes/cases/{name}.yaml", "tax/cases.yaml.jinja", values)
    draft.change(
        "services/taxes/registry.py",
        lambda text, file: lists.with_import(text, f"from services.taxes.{name} import {name.upper()}", file),
        lambda text, file: lists.with_items(text, "CALCULATORS", name.upper(), file),
    )
    return draft


def cases(rate: Decimal, begins: date) -> Iterator[Case]:
    """First days, the amount from which a cent is to be paid, rounding, the largest amount, and wrong values."""
    up = (Decimal("0.5") / rate).to_integral_value(ROUND_CEILING) * CENT
    yield _right("first day", begins, Decimal("120000.00"), rate)
    yield _right("a year later", begins + timedelta(days=365), Decimal("120000.00"), rate)
    yield _right("smallest amount of which a cent is to be paid", begins, up, rate)
    if up > CENT:
        yield _right("a cent less", begins, up - CENT, rate)
    for base in PLAIN_BASES:
        yield _right(f"{base:,} 元", begins, base, rate)
    yield Case("the day before is not on record", begins - timedelta(days=1), "120000.00", error="no_law_for_the_day")
    for name, wrong in (
        ("nothing", "0"), ("below zero", "-0.01"), ("parts of a cent", "100.001"), ("no number", "很多"),
        ("more than a form holds", "10000000000000.00"),
    ):  # fmt: skip
        yield Case(name, begins, wrong, error="form_invalid")


def _right(name: str, day: date, base: Decimal, rate: Decimal) -> Case:
    exact = (base * rate).normalize()
    payable = cents(exact)
    rounded = "" if exact == payable else f" → {payable:,}"
    shown = f"{payable:,}" if exact == payable else f"{exact:,f}"
    return Case(f'"{name}"', day, f"{base:f}", payable, f"{base:,} × {percent(rate)} = {shown}{rounded}")


def _rate(text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal(0)
    if not rate.is_finite() or not 0 < rate < 1 or rate != round(rate, FINEST_RATE):
        raise CannotAdd(f"税率“{text}”不能用：请写成大于0、小于1的小数，最多{FINEST_RATE}位，例如 3% 写成 0.03。")
    return rate.normalize()


def _document(key: str, begins: date) -> RegisteredDocument:
    found = register().get(key)
    if found is None:
        raise CannotAdd(f"文件库里没有“{key}”。请先在 knowledge_base/content/documents/ 登记这份文件，再用它的编号。")
    if not found.in_force(begins, begins):
        raise CannotAdd(f"《{found.title}》在{begins.isoformat()}没有施行，请核对文件和起始日期。")
    return found


def _cited(document: RegisteredDocument, article: str) -> str:
    return f"《{document.title}》{article}" + (f"（{document.number}）" if document.number else "")

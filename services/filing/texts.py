"""What people read of a sheet, of a return that was filed, of their calendar and their returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from services.filing import wording
from services.filing.schemas import ObligationRead, ReturnList, ReturnSummary, Sheet, Standing
from services.taxes.worksheet import money

MOST_LISTED = 8
"""As many of each kind as fit into a chat message."""


def sheet_text(sheet: Sheet, today: date) -> str:
    """The confirmation sheet: every figure, where it comes from, every tax, and what follows from filing."""
    lines = [
        wording.SHEET_HEAD.format(title=sheet.title),
        f"纳税人：{sheet.taxpayer_name}",
        f"申报人：{sheet.filed_by}",
        f"所属期：{sheet.period}（{sheet.period_from}至{sheet.period_to}），申报截止{sheet.due_on}",
    ]
    several = len({entry.line for entry in sheet.entries}) > 1
    for entry in sheet.entries:
        mark = f"第{entry.line}行 " if several else ""
        lines.append(f"· {mark}{entry.label}：{entry.shown}（{entry.source}）")
    lines += _amounts(sheet)
    lines += [f"· {remark}" for remark in sheet.remarks]
    if sheet.nil:
        lines.append(wording.NIL)
    if sheet.days_late:
        lines.append(wording.late(sheet.days_late, sheet.due_on))
    if sheet.earlier:
        lines.append(correction_text(sheet, today))
    elif not sheet.total:
        lines.append(wording.NO_TAX)
    return "\n".join([*lines, wording.SHEET_FOOT])


def _amounts(sheet: Sheet) -> list[str]:
    told = "，".join(f"{item.title}{money(item.amount)}" for item in sheet.items)
    return [f"税额：{told}", f"合计应缴：{money(sheet.total)}"] if len(sheet.items) > 1 else [f"合计应缴：{told}"]


def correction_text(sheet: Sheet, today: date) -> str:
    """What the correction replaces."""
    assert sheet.earlier is not None, "only of corrections"
    return wording.correction(
        sheet.earlier.receipt_number, sheet.earlier.total, sheet.earlier.paid, sheet.difference,
        overdue=sheet.due_on < today,
    )  # fmt: skip


def to_pay(sheet: Sheet) -> Decimal:
    """What is left to be paid after the return, never less than nothing."""
    return max(sheet.total - (sheet.earlier.paid if sheet.earlier else Decimal("0.00")), Decimal("0.00"))


def filed_text(sheet: Sheet, receipt_number: str, today: date) -> str:
    """That a return was accepted, and what to do next."""
    lines = [
        wording.CORRECTED_HEAD if sheet.earlier else wording.FILED_HEAD,
        f"回执号：{receipt_number}",
        f"{sheet.taxpayer_name}，{sheet.period}，{sheet.title}",
        *_amounts(sheet),
    ]
    if sheet.earlier:
        lines.append(correction_text(sheet, today))
    if to_pay(sheet):
        said = wording.PAY_UNTIL if today <= sheet.due_on else wording.PAY_NOW
        lines.append(said.format(day=sheet.due_on.isoformat()))
    elif not sheet.earlier:
        lines.append(wording.NO_TAX)
    return "\n".join(lines)


def refused_text(message: str) -> str:
    """That a return was not accepted, why, and what to do next."""
    return f"{wording.REFUSED_HEAD}{message}\n{wording.REFUSED_NEXT}"


def calendar_text(name: str, obligations: Sequence[ObligationRead], today: date) -> str:
    """Everything to be filed, the most urgent first."""
    if not obligations:
        return wording.CALENDAR_EMPTY.format(name=name)
    lines = [wording.CALENDAR_HEAD.format(name=name, today=today.isoformat())]
    for standing, title in wording.STANDINGS.items():
        found = [one for one in obligations if one.standing == standing]
        if not found:
            continue
        if standing == Standing.FILED:
            found = found[::-1]
        lines.append(title)
        lines += [_obligation_line(one) for one in found[:MOST_LISTED]]
        if len(found) > MOST_LISTED:
            lines.append(f"  还有{len(found) - MOST_LISTED}项")
    return "\n".join(lines)


def _obligation_line(one: ObligationRead) -> str:
    told = f"· {one.title}，{one.period}，截止{one.due_on.isoformat()}"
    if one.standing is Standing.OVERDUE:
        told += f"（逾期{-one.days_left}天）"
    elif one.standing is Standing.OPEN:
        told += f"（还有{one.days_left}天）" if one.days_left else "（今天截止）"
    return told if one.here or one.standing is Standing.FILED else f"{told}，请到电子税务局申报"


def returns_text(name: str, listed: ReturnList) -> str:
    """The latest returns, those without a result first."""
    if not listed.returns:
        head = [wording.RETURNS_EMPTY.format(name=name)]
    else:
        head = [wording.RETURNS_HEAD.format(name=name)]
        head += [_return_line(one) for one in listed.returns[:MOST_LISTED]]
    return "\n".join(head if listed.complete else [*head, wording.RETURNS_INCOMPLETE])


def _return_line(one: ReturnSummary) -> str:
    told = f"· {one.title}，{one.period}：{wording.STATUS[one.status]}，税额{money(one.total)}"
    if one.receipt_number:
        told += f"，回执号{one.receipt_number}"
    return f"{told}。{one.refusal.message}" if one.refusal else told

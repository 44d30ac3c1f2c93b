"""What came of an inspection, put together for a person to read: the result first, then what to do next."""

from __future__ import annotations

from datetime import date

from hub.kit import clock
from hub.kit.masking import mask_name, mask_number
from knowledge_base.parameters.loader import parameters
from services.gateways.inspection.protocol import InvoiceFace
from services.invoices import wording
from services.invoices.kinds import PROOF, PROOF_OF_DIGITAL, year_in_number
from services.invoices.schemas import InspectionStatus
from services.invoices.service import Inspection

ITEMS_SHOWN = 3


def result_text(inspection: Inspection, today: date) -> str:
    """The whole message."""
    law = parameters().at(today)
    limit = int(law.decimal("invoices.inspection_times_per_day"))
    filling = {
        "proof": wording.PROOF_LABELS[_proof(inspection)],
        "limit": limit,
        "years": int(law.decimal("invoices.inspection_years")),
    }
    lines = [wording.HEADLINE[inspection.status]]
    reply = inspection.reply
    if reply and reply.invoice:
        lines += _face_lines(reply.invoice)
    lines.append(wording.ADVICE[inspection.status].format(**filling))
    if inspection.status in {InspectionStatus.INCONSISTENT, InspectionStatus.NOT_FOUND}:
        lines += _hints(inspection)
    if reply and reply.checks_today and inspection.status is not InspectionStatus.TOO_MANY_CHECKS:
        lines.append(wording.checks_left(max(limit - reply.checks_today, 0)))
    if reply:
        lines.append(wording.SOURCE.format(at=clock.shown(inspection.at)))
    return "\n".join(lines)


def _proof(inspection: Inspection) -> str:
    kind = inspection.form.kind
    return PROOF_OF_DIGITAL if kind is None else PROOF.get(kind, PROOF_OF_DIGITAL)


def _hints(inspection: Inspection) -> list[str]:
    """What we can see ourselves that may be the reason."""
    form = inspection.form
    year = year_in_number(form.invoice_number)
    if year and form.issued_on and form.issued_on.year != year:
        return [wording.YEAR_DIFFERS.format(year=year, said=form.issued_on.year)]
    if form.invoice_code and len(form.invoice_code) == 10 and form.invoice_kind is None and not form.digital:
        return [wording.OLD_ORDINARY]
    return []


def _face_lines(face: InvoiceFace) -> list[str]:
    lines = [wording.FACE_TITLES[face.kind]]
    if face.code:
        lines.append(f"发票代码：{face.code}")
    lines += [
        f"发票号码：{face.number}",
        f"开票日期：{face.issued_on.isoformat()}",
        f"销售方：{_party(face.seller.name, face.seller.number)}",
        f"购买方：{_party(face.buyer.name, face.buyer.number)}",
    ]
    names = "、".join(item.name for item in face.items[:ITEMS_SHOWN])
    more = f"等{len(face.items)}项" if len(face.items) > ITEMS_SHOWN else ""
    lines.append(f"项目：{names}{more}")
    lines.append(f"金额{face.amount:,}元，税额{face.tax:,}元，价税合计{face.total:,}元")
    return lines


def _party(name: str, number: str) -> str:
    return f"{mask_name(name)}（{mask_number(number)}）" if number else mask_name(name)

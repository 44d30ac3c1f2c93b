"""发票查验 as a skill: declared here, reachable by chat, API and web form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.kit.masking import mask_name, mask_number
from hub.skills import Access, Button, Skill, SkillContext, SkillResult
from services.gateways.inspection.protocol import InvoiceFace
from services.invoices import wording
from services.invoices.kinds import PROOF, PROOF_OF_DIGITAL
from services.invoices.results import result_text
from services.invoices.schemas import InspectInvoice, InspectionStatus, required
from services.invoices.service import Inspection, inspect

NAME = "invoice_inspection"
BUTTONS = (Button(wording.AGAIN, f"skill:{NAME}"), Button(wording.TALK_TO_HUMAN, "intent:talk_to_human"))


async def submit(context: SkillContext, form: InspectInvoice) -> SkillResult:
    """Inspect, and put into words what came of it."""
    inspection = await inspect(form, caller=context.caller, key=context.key, channel=context.channel)
    return SkillResult(
        status=inspection.status,
        text=result_text(inspection, context.today),
        result=_data(inspection),
        receipt=str(inspection.id),
        buttons=BUTTONS,
        retry_fields=_retry_fields(inspection),
    )


def _retry_fields(inspection: Inspection) -> tuple[str, ...]:
    """What the person may have mistyped: the platform does not tell, so all that it compared is asked for again."""
    form = inspection.form
    if inspection.status is InspectionStatus.INCONSISTENT:
        return ("issued_on", PROOF_OF_DIGITAL if form.kind is None else PROOF[form.kind])
    if inspection.status is InspectionStatus.NOT_FOUND:
        return ("invoice_number",) if form.digital else ("invoice_number", "invoice_code")
    return ()


def _data(inspection: Inspection) -> Mapping[str, Any]:
    reply = inspection.reply
    return {
        "status": inspection.status,
        "checked_at": inspection.at.isoformat(),
        "checks_today": reply.checks_today if reply else None,
        "invoice": _face(reply.invoice) if reply and reply.invoice else None,
    }


def _face(face: InvoiceFace) -> dict[str, Any]:
    """What stands on the invoice, as JSON has it; parties partly hidden, since nobody proved to be one of them."""
    return {
        "kind": face.kind,
        "title": wording.FACE_TITLES[face.kind],
        "code": face.code or None,
        "number": face.number,
        "issued_on": face.issued_on.isoformat(),
        "seller": {"name": mask_name(face.seller.name), "number": mask_number(face.seller.number) or None},
        "buyer": {"name": mask_name(face.buyer.name), "number": mask_number(face.buyer.number) or None},
        "items": [
            {
                "name": item.name,
                "quantity": None if item.quantity is None else str(item.quantity),
                "unit": item.unit or None,
                "amount": str(item.amount),
                "rate": item.rate or None,
                "tax": str(item.tax),
            }
            for item in face.items
        ],
        "amount": str(face.amount),
        "tax": str(face.tax),
        "total": str(face.total),
    }


INSPECT = Skill(
    name=NAME,
    title="发票查验",
    plan_action=10,
    summary="核对一张发票在税务机关有没有记录、票面信息是否一致、有没有作废或红冲。",
    form=InspectInvoice,
    submit=submit,
    access=Access.ANONYMOUS,
    offer="查验一张发票",
    required=required,
)

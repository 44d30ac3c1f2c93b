"""Invoice inspection: asks the national platform once per act and says what came of it.

It keeps two short transactions of its own, one before and one after the call: the platform may take seconds, and a
pooled connection held meanwhile would starve everybody else (the sandbox needs one, too). So it takes no session.
A crash in between loses nothing: the record's id is the platform's request id, and a repeat of the act asks again
under it without counting as a second check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.kit import clock
from hub.kit.crypto import fingerprint
from hub.kit.db import transaction
from hub.kit.idempotency import IdempotencyKeyReused
from hub.kit.ids import new_id
from hub.kit.logging import get_logger
from hub.kit.masking import mask_number
from services.gateways.errors import GatewayError
from services.gateways.inspection.protocol import REPLY, InspectionReply, InspectionRequest, Outcome
from services.gateways.registry import inspection_gateway
from services.invoices import repository
from services.invoices.kinds import PROOF, PROOF_OF_DIGITAL, PaperKind
from services.invoices.models import InvoiceInspection
from services.invoices.schemas import InspectInvoice, InspectionStatus

log = get_logger(__name__)

STATUS: Mapping[Outcome, InspectionStatus] = {
    Outcome.MATCH: InspectionStatus.CONSISTENT,
    Outcome.MISMATCH: InspectionStatus.INCONSISTENT,
    Outcome.NOT_FOUND: InspectionStatus.NOT_FOUND,
    Outcome.VOIDED: InspectionStatus.VOIDED,
    Outcome.RED_LETTERED: InspectionStatus.RED_LETTERED,
    Outcome.PARTLY_RED_LETTERED: InspectionStatus.PARTLY_RED_LETTERED,
    Outcome.TOO_MANY_CHECKS: InspectionStatus.TOO_MANY_CHECKS,
    Outcome.NOT_SYNCHRONISED: InspectionStatus.NOT_SYNCHRONISED,
    Outcome.TOO_OLD: InspectionStatus.TOO_OLD,
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """What came of an inspection; `reply` is the platform's answer where there is one."""

    id: UUID
    status: InspectionStatus
    form: InspectInvoice
    at: datetime
    reply: InspectionReply | None = None


async def inspect(form: InspectInvoice, *, caller: str, key: str, channel: str) -> Inspection:
    """Have an invoice inspected; a repeat by the same caller under the same key gets the first answer again.

    Raises `IdempotencyKeyReused` when the key stands for another invoice. Trouble with the platform is a status.
    """
    record = await _claim(form, caller, key, channel)
    if record.reply is not None:
        return _inspection(record.id, form, REPLY.validate_python(record.reply))
    if form.kind is PaperKind.OTHER:
        return await _without_answer(record.id, form, InspectionStatus.UNSUPPORTED_KIND)
    try:
        reply = await inspection_gateway().inspect(_request(str(record.id), form))
    except GatewayError as error:
        log.warning("inspection_gateway_failed", error=type(error).__name__, reason=error.reason, channel=channel)
        return await _without_answer(record.id, form, InspectionStatus.UNAVAILABLE)
    async with transaction() as session:
        await repository.finish(session, record.id, STATUS[reply.outcome], REPLY.dump_python(reply, mode="json"))
    log.info("invoice_inspected", status=STATUS[reply.outcome], kind=record.kind, channel=channel)
    return _inspection(record.id, form, reply)


async def _claim(form: InspectInvoice, caller: str, key: str, channel: str) -> InvoiceInspection:
    asked = form.model_dump(mode="json")
    ours = InvoiceInspection(
        id=new_id(),
        key_hash=fingerprint(f"{caller}\n{key}"),
        form=asked,
        number_masked=mask_number(form.invoice_number),
        kind=form.kind or "digital",
        channel=channel,
        asked_at=clock.now(),
    )
    async with transaction() as session:
        record = await repository.claim(session, ours)
    if record.form != asked:
        raise IdempotencyKeyReused
    return record


async def _without_answer(inspection_id: UUID, form: InspectInvoice, status: InspectionStatus) -> Inspection:
    async with transaction() as session:
        await repository.finish(session, inspection_id, status)
    return Inspection(inspection_id, status, form, clock.now())


def _inspection(inspection_id: UUID, form: InspectInvoice, reply: InspectionReply) -> Inspection:
    return Inspection(inspection_id, STATUS[reply.outcome], form, reply.answered_at, reply)


def _request(request_id: str, form: InspectInvoice) -> InspectionRequest:
    """What the platform is asked: number, date and the one proof that this kind needs; nothing else is sent."""
    assert form.issued_on is not None, "the form has checked it"
    proof = PROOF_OF_DIGITAL if form.kind is None else PROOF[form.kind]
    return InspectionRequest(
        request_id=request_id,
        number=form.invoice_number,
        code="" if form.digital else form.invoice_code or "",
        issued_on=form.issued_on,
        **{proof: getattr(form, proof)},
    )

"""What WeChat reports of template and subscribe messages, in events, as receipts of the outbox."""

from __future__ import annotations

from channels.base import Malformed, Receipt
from channels.wechat import wire
from channels.wechat.client import subscribed_name
from hub.outbox.models import Failure

ARRIVED = "success"
BLOCKED, PARTY = "user block", "system failed"
SENT = "0"


def of(said: wire.Incoming, document: str) -> list[Receipt]:
    """The receipts in an event of WeChat; a repeat of it tells the same.

    Raises `Malformed`.
    """
    if said.event.lower() == "templatesendjobfinish":
        return [_of_template(said)] if said.job else []
    try:
        reported = wire.sent(document)
    except ValueError as error:
        raise Malformed from error
    return [receipt for one in reported for receipt in _of_subscribed(one, said.sender)]


def _of_template(said: wire.Incoming) -> Receipt:
    status = said.status.lower()
    if status == ARRIVED:
        return Receipt(said.job, delivered=True)
    if BLOCKED in status:
        return Receipt(said.job, delivered=False, reason="user_block")
    party = PARTY in status
    return Receipt(
        said.job, delivered=False, reason="system_failed" if party else "undelivered",
        failure=Failure.TEMPORARY if party else Failure.PERMANENT,
    )  # fmt: skip


def _of_subscribed(sent: wire.Sent, open_id: str) -> list[Receipt]:
    """By its number, and by template and person, where WeChat gave no number when it took the message."""
    names = [name for name in (sent.job, subscribed_name(sent.template, open_id) if sent.template else "") if name]
    arrived = sent.code == SENT
    reason = None if arrived else f"errcode_{sent.code}"
    return [Receipt(name, delivered=arrived, reason=reason) for name in names]

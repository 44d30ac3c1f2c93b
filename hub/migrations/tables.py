"""The one list of the rooms that own tables."""

from __future__ import annotations

from importlib import import_module

from hub.kit.db import Base

OWNERS = (
    "bot.conversation.models",
    "channels.models",
    "channels.telegram.models",
    "channels.wechat.models",
    "hub.accounts.models",
    "hub.audit",
    "hub.kit.idempotency",
    "hub.outbox.models",
    "knowledge_base.models",
    "services.calculations.models",
    "services.filing.models",
    "services.gateways.inspection.models",
    "services.gateways.payments.models",
    "services.gateways.real_name.models",
    "services.gateways.sms.models",
    "services.gateways.tax_core.models",
    "services.identity.models",
    "services.invoices.models",
    "services.payment.models",
    "services.reminders.models",
)
for owner in OWNERS:
    import_module(owner)

metadata = Base.metadata


def include_name(name: str | None, type_: str, parent_names: object) -> bool:
    """Leave the tables of procrastinate and of Rasa's tracker store to their owners."""
    return not (type_ == "table" and name is not None and name.startswith(("procrastinate_", "dialogue_tracker")))

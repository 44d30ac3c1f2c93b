"""What a person is offered: their taxpayer's unpaid charges, and the ways in which they can be paid."""

from __future__ import annotations

from collections.abc import Sequence

from hub.skills import Choice, SkillContext, Values
from services.gateways.errors import GatewayError
from services.gateways.payments.protocol import Device
from services.gateways.payments.registry import open_channels
from services.gateways.registry import tax_core
from services.gateways.tax_core.protocol import CoreRefusal
from services.payment import wording
from services.payment.dues import ALL, CoreUnavailable, Due, dues_of
from services.payment.models import Method

DEVICES = (Choice("电脑", Device.COMPUTER), Choice("手机", Device.PHONE))


def taxpayer_of(context: SkillContext) -> str:
    """The taxpayer for whom somebody acts; a skill of this access is never run without one."""
    assert context.principal is not None
    assert context.principal.taxpayer_id is not None
    return context.principal.taxpayer_id


async def charge_choices(context: SkillContext, values: Values) -> Sequence[Choice]:
    """Each unpaid charge, and all of them.

    Raises `CoreUnavailable`.
    """
    dues = await dues_of(taxpayer_of(context))
    found = [Choice(_title(due), due.charge_id) for due in dues]
    if len(dues) > 1:
        total = sum(due.total for due in dues)
        found.append(Choice(wording.ALL_TITLE.format(count=len(dues), total=total), ALL))
    return found


def _title(due: Due) -> str:
    return wording.CHARGE_TITLE.format(title=due.title, total=due.total, due=due_words(due))


def due_words(due: Due) -> str:
    """Until when it was to be paid."""
    if due.worked_out is None and not due.late_fee:
        return wording.DUE.format(day=due.due_on)
    return wording.OVERDUE.format(day=due.due_on, fee=due.late_fee)


async def method_choices(context: SkillContext, values: Values) -> Sequence[Choice]:
    """The ways that are open to this taxpayer.

    Raises `CoreUnavailable`.
    """
    return [Choice(wording.METHODS[method], method) for method in await methods_for(taxpayer_of(context))]


async def methods_for(taxpayer_id: str) -> list[Method]:
    """Direct debit where there is an agreement, and the channels that are not switched off.

    Raises `CoreUnavailable`.
    """
    try:
        agreed = (await tax_core().taxpayer(taxpayer_id)).bank_agreement
    except GatewayError as error:
        raise CoreUnavailable from error
    except CoreRefusal:
        agreed = False
    return [*([Method.TRIPARTITE] if agreed else []), *(Method(name) for name in open_channels())]

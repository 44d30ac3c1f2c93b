"""What is due now: unpaid charges with the late fees that paying today brings, and how long those amounts hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from hub.kit import clock
from hub.kit.errors import Conflict, Invalid, NotFound, Unavailable
from services.gateways.errors import GatewayError
from services.gateways.registry import tax_core
from services.gateways.tax_core.protocol import Charge, CoreRefusal
from services.payment import wording
from services.payment.models import Method
from services.taxes.calculator import Result
from services.taxes.late_fee import LATE_FEE, Debt, LateFeeForm

LIFE = timedelta(minutes=30)
CODE_LIFE = timedelta(days=3)
SHORTEST_LIFE = timedelta(minutes=3)
"""Wallets want at least a minute, and people need some."""
ALL = "all"
NOTHING = Decimal("0.00")


class ChargeNotFound(NotFound):
    """There is no such unpaid charge, or not for this taxpayer."""

    code = "charge_not_found"
    message = "没有找到这笔待缴税款，可能已经缴清。请重新查看待缴清单。"


class NothingDue(NotFound):
    """The taxpayer owes nothing."""

    code = "nothing_due"
    message = "目前没有待缴的税款。"


class PartNotPossible(Invalid):
    """A part is paid of one charge, and is at most what is unpaid."""

    code = "part_not_possible"
    message = "分次缴纳时请只选一笔税款，金额要大于0，且不超过未缴的税款。"


class TooLateToday(Conflict):
    """The amounts change at midnight, which is only minutes away."""

    code = "too_late_today"
    message = "马上就到零点，过了零点滞纳金会变化。请在零点以后再缴款。"


class CoreUnavailable(Unavailable):
    """The core system does not answer."""

    code = "core_unavailable"
    message = "税务系统暂时没有回应，没有产生任何扣款。请过几分钟再试。"


@dataclass(frozen=True, slots=True)
class Due:
    """An unpaid charge; `late_fee` is what paying `amount` today adds, `worked_out` how that was worked out."""

    charge_id: str
    title: str
    due_on: date
    amount: Decimal
    late_fee: Decimal = NOTHING
    worked_out: Result | None = None

    @property
    def total(self) -> Decimal:
        """What is to be paid, 元."""
        return self.amount + self.late_fee

    def plain(self) -> dict[str, Any]:
        """The due as an order's sheet has it."""
        return {
            "charge_id": self.charge_id, "title": self.title, "due_on": self.due_on.isoformat(),
            "amount": str(self.amount), "late_fee": str(self.late_fee),
        }  # fmt: skip


async def dues_of(taxpayer_id: str) -> list[Due]:
    """What the taxpayer owes, by due day, with late fees as of today.

    Raises `CoreUnavailable`; a taxpayer that the core system does not know owes nothing.
    """
    try:
        charges = await tax_core().charges(taxpayer_id)
    except GatewayError as error:
        raise CoreUnavailable from error
    except CoreRefusal:
        return []
    return [_due(charge) for charge in charges]


async def chosen(taxpayer_id: str, choice: str, part: Decimal | None = None) -> list[Due]:
    """The dues that somebody chose: all, or charge ids with commas between; `part` pays less of a single one.

    Raises `NothingDue`, `ChargeNotFound`, `PartNotPossible`, `CoreUnavailable`.
    """
    known = {due.charge_id: due for due in await dues_of(taxpayer_id)}
    if not known:
        raise NothingDue
    wanted = list(known) if choice == ALL else list(dict.fromkeys(choice.split(",")))
    if not set(wanted) <= known.keys():
        raise ChargeNotFound
    found = [known[charge_id] for charge_id in wanted]
    if part is None:
        return found
    if len(found) != 1 or not 0 < part <= found[0].amount:
        raise PartNotPossible
    return [with_late_fee(replace(found[0], amount=part))]


def _due(charge: Charge) -> Due:
    return with_late_fee(Due(charge.charge_id, charge.title, charge.due_on, charge.amount - charge.paid))


def with_late_fee(due: Due) -> Due:
    """The due with what paying its amount today brings in late fees."""
    today = clock.today()
    if today <= due.due_on:
        return replace(due, late_fee=NOTHING, worked_out=None)
    form = LateFeeForm(debt=Debt.TAX, amount=due.amount, due=due.due_on, on=today)
    result = LATE_FEE.calculate(form)
    return replace(due, late_fee=result.amount("payable"), worked_out=result)


def worked_out(dues: Sequence[Due]) -> Result | None:
    """The late fees of all dues as one calculation, each step under its charge; None when none is late."""
    late = [(due, due.worked_out) for due in dues if due.worked_out]
    if not late:
        return None
    first = late[0][1]
    if len(late) == 1:
        return first
    fees, total = sum((due.late_fee for due, _ in late), NOTHING), sum((due.total for due, _ in late), NOTHING)
    totals = {"payable": fees, "total": total}
    return Result(
        first.calculator, first.title, first.day,
        tuple(replace(figure, amount=totals[figure.name]) for figure in first.figures),
        tuple(
            replace(step, title=wording.STEP_OF.format(charge=due.title, step=step.title))
            for due, result in late
            for step in result.steps
        ),
        tuple(dict.fromkeys(note for _, result in late for note in result.notes)),
        tuple(dict.fromkeys(document for _, result in late for document in result.documents)),
    )  # fmt: skip


def expiry(dues: Sequence[Due], method: Method) -> datetime:
    """Until when an order for these dues may be paid: its life, but never beyond the day on which the amounts hold.

    Raises `TooLateToday`.
    """
    now = clock.now()
    last_day = max(min(due.due_on for due in dues), clock.today())
    midnight = datetime.combine(last_day + timedelta(days=1), time(), clock.SHANGHAI)
    life = CODE_LIFE if method is Method.BANK_TRANSFER else LIFE
    until = min(now + life, midnight - timedelta(seconds=1))
    if until - now < SHORTEST_LIFE:
        raise TooLateToday
    return until.astimezone(clock.UTC).replace(microsecond=0)

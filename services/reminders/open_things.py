"""What is still to be filed or paid, asked freshly from the core system, for whom a person may act at this moment.

What the person has done here counts as done, even while the core system has not answered or booked it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from hub.kit.crypto import fingerprint
from services.filing import service as filing
from services.gateways.errors import GatewayError
from services.gateways.registry import tax_core
from services.gateways.tax_core.protocol import CoreRefusal, Mandate, Obligation, ObligationState, Role
from services.payment import service as payment
from services.reminders.stages import LOOK_AHEAD_DAYS, LOOK_BACK_DAYS, Stage, stage_of

LONGEST_PERIOD = timedelta(days=366)


class Duty(StrEnum):
    """What is to be done."""

    FILE = "file"
    PAY = "pay"


@dataclass(frozen=True, slots=True)
class Thing:
    """A return that is not filed, or a charge that is not paid, until `due_on` (inclusive)."""

    duty: Duty
    taxpayer_id: str
    taxpayer_name: str
    own: bool
    thing_id: str
    title: str
    due_on: date

    @property
    def key(self) -> str:
        """What is kept of it: tells it from every other thing, and says nothing."""
        return fingerprint(f"{self.duty}\n{self.taxpayer_id}\n{self.thing_id}\n{self.due_on.isoformat()}")

    def stage(self, day: date) -> Stage | None:
        """Where it stands on a day."""
        return stage_of(self.due_on, day)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is open now; `complete` is False when some taxpayer's file could not be read."""

    things: Sequence[Thing]
    complete: bool = True


async def open_things(resident_id: str, day: date, only: Collection[str] | None = None) -> Answer:
    """Whatever the holder of the resident ID may do for anybody and has a stage on this day.

    `only` names the taxpayers that matter. Raises `GatewayError` when it cannot be told for whom the person may act.
    """
    things: list[Thing] = []
    complete = True
    for mandate in await tax_core().mandates(resident_id):
        if only is not None and mandate.taxpayer_id not in only:
            continue
        try:
            things += await _of_taxpayer(mandate, day)
        except CoreRefusal:
            # de-registered in between: nothing is to be done there
            continue
        except GatewayError:
            complete = False
    return Answer(sorted(things, key=lambda thing: (thing.due_on, thing.taxpayer_name, thing.title)), complete)


def _title(obligation: Obligation) -> str:
    """The return with its period, since several may be open: 增值税（2026年7月至9月）."""
    first, last = obligation.period_from, obligation.period_to
    months = f"{last.month}月" if first.month == last.month else f"{first.month}月至{last.month}月"
    return f"{obligation.title}（{last.year}年{months}）"


async def _of_taxpayer(mandate: Mandate, day: date) -> list[Thing]:
    core = tax_core()
    first = day - timedelta(days=LOOK_BACK_DAYS) - LONGEST_PERIOD
    last = day + timedelta(days=LOOK_AHEAD_DAYS) + LONGEST_PERIOD
    own = mandate.role is Role.SELF
    # asked first: what ends in between is then found done in the core system
    filed, paid = await filing.under_way(mandate.taxpayer_id), await payment.under_way(mandate.taxpayer_id)
    obligations = await core.obligations(mandate.taxpayer_id, first, last)
    found = [
        Thing(Duty.FILE, mandate.taxpayer_id, mandate.name, own, one.obligation_id, _title(one), one.due_on)
        for one in obligations
        if one.state is ObligationState.OPEN and one.obligation_id not in filed
    ]
    found += [
        Thing(Duty.PAY, mandate.taxpayer_id, mandate.name, own, one.charge_id, one.title, one.due_on)
        for one in await core.charges(mandate.taxpayer_id)
        if one.charge_id not in paid
    ]
    return [thing for thing in found if thing.stage(day) is not None]

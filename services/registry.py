"""The one list of what we do for taxpayers: every skill, in the order in which they are shown."""

from __future__ import annotations

from hub.skills import Skill
from services.calculations.skills import CALCULATIONS
from services.filing.skills import FILING
from services.identity.skills import IDENTITY
from services.invoices.skills import INSPECT
from services.payment.skills import PAY_TAX, PAYMENT_STATUS
from services.reminders.skills import REMINDER_SETTINGS

SKILLS: tuple[Skill, ...] = (INSPECT, *FILING, PAY_TAX, PAYMENT_STATUS, *CALCULATIONS, REMINDER_SETTINGS, *IDENTITY)

_BY_NAME = {skill.name: skill for skill in SKILLS}


def skill_by_name(name: str) -> Skill:
    """The skill of this name.

    Raises `LookupError` when nobody offers it.
    """
    return _BY_NAME[name]

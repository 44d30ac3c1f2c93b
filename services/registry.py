"""The one list of what we do for taxpayers: every skill, in the order in which they are shown."""

from __future__ import annotations

from hub.skills import Skill
from services.invoices.skills import INSPECT

SKILLS: tuple[Skill, ...] = (INSPECT,)

_BY_NAME = {skill.name: skill for skill in SKILLS}


def skill_by_name(name: str) -> Skill:
    """The skill of this name.

    Raises `LookupError` when nobody offers it.
    """
    return _BY_NAME[name]

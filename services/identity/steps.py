"""What has to come first before somebody may use a skill: each step is a skill that lifts a person by one level."""

from __future__ import annotations

from collections.abc import Mapping

from hub.skills import Access, Principal, Skill

STEPS: Mapping[Access, str] = {
    Access.VERIFIED: "sign_in",
    Access.REAL_NAME: "prove_identity",
    Access.AUTHORISED: "choose_taxpayer",
}
"""The skill that lifts a person to each level, lowest first."""
STEP_SKILLS = frozenset(STEPS.values())
WHY: Mapping[str, str] = {
    "sign_in": "办理这项业务要先确认是您本人，请验证手机号。",
    "prove_identity": "接下来请完成实名认证。",
    "choose_taxpayer": "请选择这次给谁办理。",
}


def missing_step(skill: Skill, principal: Principal | None) -> str | None:
    """The skill that has to come first, if one has to."""
    level = principal.level if principal else Access.ANONYMOUS
    needed = (step for access, step in STEPS.items() if skill.access.covers(access) and not level.covers(access))
    return next(needed, None)

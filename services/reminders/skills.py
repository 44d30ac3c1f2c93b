"""申报提醒设置 as a skill: which reminders somebody wants."""

from __future__ import annotations

from hub.skills import Access, Skill, SkillContext, SkillResult
from services.reminders import service, wording
from services.reminders.schemas import ReminderForm

NAME = "reminder_settings"


async def submit(context: SkillContext, form: ReminderForm) -> SkillResult:
    """Write the choice down, and say what it means."""
    assert context.principal is not None, "the skill needs a person"
    await service.choose(context.principal.person_id, form.choice)
    return SkillResult(status="saved", text=wording.CHOSEN[form.choice], result={"choice": form.choice})


REMINDER_SETTINGS = Skill(
    name=NAME,
    title="申报提醒设置",
    plan_action=5,
    summary="设置申报缴税截止前的短信提醒：全部提醒、只在最后一天提醒，或者不提醒。",
    form=ReminderForm,
    submit=submit,
    access=Access.VERIFIED,
    offer="设置申报提醒",
)

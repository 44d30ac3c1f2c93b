"""Who is talking and for whom: the context in which a skill is used in chat, and what waits until they proved it."""

from __future__ import annotations

from rasa_sdk import Tracker

from actions.turns import said, split
from hub.accounts.people import principal_of
from hub.kit import clock
from hub.kit.db import transaction
from hub.skills import Access, Principal, Skill, SkillContext, question_of
from services.identity.steps import STEP_SKILLS

CANCEL = "cancels"
"""Mark of the message that says that a form was given up."""
FOR = "step_up"
"""Mark of the message that begins to lift somebody: the skill for which it is done."""


def subject_of(tracker: Tracker) -> str:
    """The name under which sessions know this conversation."""
    return f"conversation:{tracker.sender_id}"


async def context_of(skill: Skill, tracker: Tracker) -> SkillContext:
    """The context of the latest message; the key is the message, so that the same message again is the same act."""
    message = said(tracker, clock.today())
    return SkillContext(
        today=clock.today(),
        key=f"{tracker.sender_id}:{message.message_id}",
        caller=subject_of(tracker),
        channel=message.channel,
        conversation_id=tracker.sender_id,
        principal=await _principal(skill, tracker),
        address=message.address,
    )


async def _principal(skill: Skill, tracker: Tracker) -> Principal | None:
    """Looked up only where it matters: what anybody may do is done without knowing who asks."""
    if skill.access is Access.ANONYMOUS and not _asks_who(skill):
        return None
    async with transaction() as session:  # the look keeps the session alive
        return await principal_of(session, subject_of(tracker))


def _asks_who(skill: Skill) -> bool:
    questions = (question_of(skill.form, name) for name in skill.form.model_fields)
    return bool(skill.prefill or skill.preview) or any(one.options or one.before for one in questions)


def put_aside(tracker: Tracker) -> str | None:
    """The skill that waits for somebody to be lifted, unless it was cancelled or another form was begun since."""
    steps = {f"{name}_form" for name in STEP_SKILLS}
    for event in reversed(tracker.events):
        custom = ((event.get("data") or {}).get("custom") or {}) if event.get("event") == "bot" else {}
        if custom.get(FOR):
            return str(custom[FOR])
        intent = ((event.get("parse_data") or {}).get("intent") or {}).get("name")
        begun = event.get("name") if event.get("event") == "active_loop" else None
        if intent == "cancel" or custom.get(CANCEL) or (begun and begun not in steps):
            return None
    return None


def just_done(tracker: Tracker, form_name: str) -> str | None:
    """The action right before the form's in the same turn, if there was one; Rasa lists the form's own run, too."""
    done = [str(event.get("name")) for event in (split(tracker.events) or [[]])[-1] if event.get("event") == "action"]
    return next((name for name in reversed(done) if name != form_name), None)

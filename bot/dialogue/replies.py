"""A reply as the conversation keeps it, and how a knowledge answer becomes one; the same words with or without Rasa."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hub.bureau import bureau
from hub.skills import Access, Skill
from knowledge_base.schemas import Answer
from services.registry import skill_by_name

PRIVATE = "private"
"""Mark in the payload of a message with personal data, which goes through no weak door and into no group."""
NOTHING_FOUND_HINT = "您可以换个说法再问一次，或者转人工服务。"


@dataclass(frozen=True, slots=True)
class Reply:
    """One message of ours. `skill` and `awaits` name the form that goes on with the next message, if one does."""

    text: str
    buttons: tuple[dict[str, str], ...] = ()
    citations: tuple[dict[str, Any], ...] = ()
    related: tuple[dict[str, Any], ...] = ()
    skill: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def as_payload(self) -> dict[str, Any]:
        """As the action webhook gives it to Rasa, and as `from_payload` reads it back."""
        return {
            "text": self.text,
            "buttons": list(self.buttons),
            "citations": list(self.citations),
            "related": list(self.related),
            **({"skill": self.skill} if self.skill else {}),
            **self.extra,
        }


def private(skill: Skill) -> dict[str, bool]:
    """The mark for what a skill says: what is done for a taxpayer is nobody else's to read."""
    return {PRIVATE: True} if skill.access.covers(Access.AUTHORISED) else {}


def skill_button(name: str) -> dict[str, str]:
    """The button that starts a skill."""
    skill = skill_by_name(name)
    return {"title": skill.offer or skill.title, "payload": f"skill:{name}"}


HUMAN_BUTTON = {"title": "转人工", "payload": "intent:talk_to_human"}


def reply_from_answer(answer: Answer) -> Reply:
    """What a person is told when the knowledge base has answered, asked back, or has nothing."""
    buttons: list[dict[str, str]] = []
    text = answer.answer
    if answer.status == "answered":
        buttons = [skill_button(name) for name in answer.suggested_skills]
    elif answer.status == "clarify":
        buttons = [skill_button(name) for name in answer.suggested_skills]
        buttons += [{"title": item.title, "payload": f"ask:{item.title}"} for item in answer.related]
        buttons.append(HUMAN_BUTTON)
    elif answer.status == "no_answer":
        text = f"{text}\n人工服务时间：{bureau().hours_text}。" if text else NOTHING_FOUND_HINT
        buttons = [HUMAN_BUTTON]
    return Reply(
        text=text,
        buttons=tuple(buttons),
        citations=tuple(citation.model_dump(mode="json") for citation in answer.citations),
        related=tuple(item.model_dump(mode="json") for item in answer.related) if answer.status == "answered" else (),
        # whoever was shown a text is not left without an answer
        extra={
            "status": "shown" if answer.shown else answer.status,
            "entry_id": answer.entry_id,
        },
    )

"""What a single message means for a form that stands somewhere: read without a chat around it."""

from __future__ import annotations

from collections.abc import Mapping

from actions.hearing import Standing
from actions.reading import Reading, read
from actions.turns import Said
from hub.forms import Offered
from hub.kit import clock
from hub.kit.taxtext import extract
from services.registry import SKILLS, skill_by_name


def hear(
    skill: str,
    text: str,
    intent: str = "provide",
    *,
    known: Mapping[str, str] | None = None,
    asked: str | None = None,
    confidence: float = 0.9,
    offered: Offered | None = None,
) -> Reading:
    """What the message means; with nothing asked and nothing known it opens the form."""
    form = skill_by_name(skill)
    starting = asked is None and not known and intent == skill
    said = Said(text, intent, confidence, tuple(extract(text, clock.today())), "m", "web", "")
    standing = Standing(form, known or {}, asked, starting, offered or {})
    return read(standing, said, [one.name for one in SKILLS])

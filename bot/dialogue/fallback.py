"""What a person hears while Rasa is away: knowledge still answers, a form is kept, and never silence."""

from __future__ import annotations

from bot.dialogue.replies import HUMAN_BUTTON, Reply, reply_from_answer
from hub.kit.logging import get_logger
from knowledge_base.schemas import AskRequest
from knowledge_base.service import knowledge
from services.registry import skill_by_name

log = get_logger(__name__)

BUSY = "抱歉，知识库正在恢复中，请稍后再问一次。"
IN_PRIVATE = "办理业务、查询本人信息或转人工，请与我单独对话。"
APOLOGY = "抱歉，智能助手正在恢复中。您可以稍后再说一遍，也可以转人工服务。"


async def fall_back(text: str, active_skill: str | None) -> list[Reply]:
    """Replies without Rasa; in the middle of a form they say that it is kept and goes on afterwards."""
    replies: list[Reply] = []
    answer = await _answer(text)
    if answer and (not active_skill or answer.extra.get("status") == "answered"):
        replies.append(answer)
    if active_skill:
        title = skill_by_name(active_skill).title
        kept = f"办理功能正在恢复中，您正在进行的“{title}”已为您保留，填过的内容不会丢失，稍后回复“继续”即可接着办。"
        replies.append(Reply(kept, buttons=(HUMAN_BUTTON,), skill=active_skill))
    return replies or [Reply(APOLOGY, buttons=(HUMAN_BUTTON,))]


async def answer_openly(text: str) -> Reply:
    """A reply where others read along: what is true for everybody, without forms, buttons, or anybody's data."""
    answer = await _answer(text)
    if answer is None:
        return Reply(BUSY)
    words = f"{answer.text}\n{IN_PRIVATE}" if answer.buttons else answer.text
    return Reply(words, citations=answer.citations, extra=answer.extra)


async def _answer(text: str) -> Reply | None:
    if not knowledge.ready or not text.strip():
        return None
    try:
        return reply_from_answer(await knowledge.ask(AskRequest(question=text)))
    except Exception:
        log.exception("fallback_answer_failed")
        return None

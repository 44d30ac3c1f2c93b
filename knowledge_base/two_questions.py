"""Two questions in one message: “滞纳金每天多少，另外罚款不服多少天内复议”. Each gets its own answer."""

from __future__ import annotations

import re
from collections.abc import Callable

from knowledge_base.answer import WORD_FOR_WORD
from knowledge_base.schemas import Answer, AskRequest, Related

SHORTEST = 5  # characters of a question that can stand alone
OPENING = "您问了两件事，分别答复如下。"
_BETWEEN = re.compile(
    r"[,，。、\s]*(?:另外|还有|顺便|顺带|以及|同时)(?:再|还|想|请)*(?:问|了解|咨询)?(?:一下|下)?[,，:：\s]*"
    r"|[?？;；]\s*(?=\S)|[,，。\s]+"
)
_ASKS = re.compile(
    r"怎|咋|如何|啥|什么|多少|几|哪|吗|么|嘛|不$|呢|能不能|要不要|用不用|是不是|可不可以|可以不|是否|多久|办不|谁"
)


def halves(text: str) -> tuple[str, str] | None:
    """The two questions of a message, where it falls apart into exactly two."""
    parts = [part.strip() for part in _BETWEEN.split(text.strip()) if part.strip()]
    asking = [place for place, part in enumerate(parts) if _ASKS.search(part)]
    if len(asking) != 2:
        return None
    # what is only told goes with the question after it; what comes after the last one with that
    first = "，".join(parts[: asking[0] + 1])
    second = "，".join(parts[asking[0] + 1 :])
    return (first, second) if min(len(first), len(second)) >= SHORTEST else None


def answer(request: AskRequest, ask: Callable[[AskRequest], Answer]) -> Answer:
    """The answer to a message: to each half where both have one of their own, else to the whole.

    What is refused or belongs to somebody else as a whole is never taken apart.
    """
    whole = ask(request)
    ours = whole.status in ("answered", "clarify") or (whole.status == "no_answer" and whole.entry_id is None)
    return (_both(request, ask, sure=whole.confidence >= WORD_FOR_WORD) if ours else None) or whole


def entries_of(answer: Answer) -> list[str]:
    """The ids of the entries whose texts an answer gives."""
    second = [one.entry_id for one in answer.related[:1]] if answer.answer.startswith(OPENING) else []
    return [*([answer.entry_id] if answer.entry_id else []), *second]


def _has_text(answer: Answer, sure: bool) -> bool:
    return answer.entry_id is not None and answer.status in (("answered",) if sure else ("answered", "clarify"))


def _both(request: AskRequest, ask: Callable[[AskRequest], Answer], *, sure: bool) -> Answer | None:
    """Both answers in one, where each half has an entry of its own; with `sure`, only if both are certain."""
    found = halves(request.question)
    if found is None:
        return None
    first = ask(request.model_copy(update={"question": found[0]}))
    if not _has_text(first, sure):
        return None
    second = ask(request.model_copy(update={"question": found[1], "context": [found[0]]}))
    if second.entry_id == first.entry_id:  # the first question drowned the second one
        second = ask(request.model_copy(update={"question": found[1]}))
    if not _has_text(second, sure) or second.entry_id is None or second.entry_id == first.entry_id:
        return None
    texts = (f"{number}{one.title}\n{one.answer}" for number, one in (("一、", first), ("二、", second)))
    own = Related(entry_id=second.entry_id, title=second.title or "", confidence=second.confidence)
    others = {one.entry_id: one for one in (*first.related, *second.related)}
    left = [one for name, one in others.items() if name not in (first.entry_id, second.entry_id)]
    return first.model_copy(
        update={
            "status": "answered" if first.status == second.status == "answered" else "clarify",
            "answer": "\n\n".join([OPENING, *texts]),
            "title": f"{first.title}；{second.title}",
            "confidence": min(first.confidence, second.confidence),
            "citations": list({one.model_dump_json(): one for one in (*first.citations, *second.citations)}.values()),
            "related": [own, *left][: request.limit],
            "suggested_skills": list(dict.fromkeys([*first.suggested_skills, *second.suggested_skills])),
        }
    )

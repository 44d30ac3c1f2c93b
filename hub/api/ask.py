"""`POST /api/v1/ask`: a question in, a cited answer out; stateless and anonymous."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from prometheus_client import Counter
from pydantic import BaseModel

from hub.accounts.access import Public
from hub.kit.errors import Unavailable
from hub.kit.rates import rate_limit
from knowledge_base.schemas import Answer, AskRequest
from knowledge_base.service import knowledge
from services.registry import skill_by_name

router = APIRouter(prefix="/api/v1", tags=["ask"])
answers_total = Counter("hub_answers_total", "Answers by status", ["status"])


class SuggestedSkill(BaseModel):
    """Something that can be done right away."""

    name: str
    title: str


class AnswerRead(Answer):
    """The answer of the knowledge base, with the titles of the skills it suggests."""

    suggested_skills: list[SuggestedSkill]  # type: ignore[assignment]


class KnowledgeNotReady(Unavailable):
    """The knowledge base has no snapshot yet."""

    code = "knowledge_not_ready"
    message = "知识库正在加载，请稍后再试。"


@router.post("/ask", dependencies=[Public, Depends(rate_limit("ask", lambda s: s.rate_ask))])
async def ask(body: AskRequest) -> AnswerRead:
    """Answer a question as of a date, for a region and a kind of taxpayer, with its legal basis."""
    if not knowledge.ready:
        raise KnowledgeNotReady
    answer = await knowledge.ask(body)
    answers_total.labels(answer.status).inc()
    fields: dict[str, Any] = answer.model_dump()
    fields["suggested_skills"] = [
        SuggestedSkill(name=name, title=skill_by_name(name).title) for name in answer.suggested_skills
    ]
    return AnswerRead(**fields)

"""Asking a running service a golden question, and finding out where the expected entry stood."""

from __future__ import annotations

from hub.kit.clock import today
from knowledge_base.candidates import families
from knowledge_base.evaluation.golden import Golden
from knowledge_base.evaluation.metrics import Outcome
from knowledge_base.question import understand
from knowledge_base.schemas import AskRequest
from knowledge_base.search.embedding import Vectors
from knowledge_base.search.snapshot import Snapshot
from knowledge_base.service import KnowledgeService


def expected_rank(snapshot: Snapshot, vector: Vectors, request: AskRequest, expected: frozenset[str]) -> int | None:
    """The place of the first family that answers, counted from 0; None when there is none."""
    asked = understand(request, request.as_of or today())
    ranked = families(snapshot, snapshot.rank(asked.text, vector, asked.numbers), request, asked)
    return next((place for place, item in enumerate(ranked) if {item.entry.id, item.entry.family} & expected), None)


async def outcome(service: KnowledgeService, golden: Golden) -> Outcome:
    """What the service says to a question, with the rank of what was expected."""
    request = AskRequest(question=golden.text)
    answer = await service.ask(request)
    snapshot = service.snapshot
    assert snapshot, "it has just answered"
    rank = None
    if golden.accept:
        vector = await service.vector(understand(request, today()).text)
        rank = expected_rank(snapshot, vector, request, golden.accept)
    entry = next((entry for entry in snapshot.entries if entry.id == answer.entry_id), None)
    return Outcome(golden, answer, entry.family if entry else None, rank)

"""The files as they would answer if they were published: no database, no server; vectors are remembered on disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np

from knowledge_base import two_questions
from knowledge_base.answer import Answerer, nothing_asked
from knowledge_base.candidates import Candidate, families
from knowledge_base.evaluation.golden import Golden
from knowledge_base.evaluation.metrics import Outcome
from knowledge_base.evaluation.tuning import library_of
from knowledge_base.ingest.content import Content
from knowledge_base.question import understand
from knowledge_base.schemas import Answer, AskRequest
from knowledge_base.search.calibration import Calibration, calibration
from knowledge_base.search.embedding import TURN, Vectors, turned
from knowledge_base.search.snapshot import Snapshot
from knowledge_base.search.texts import index_texts


class Shelf:
    """A library in memory that answers on one day as an installation would.

    `raw` encodes without the map; `query` encodes questions with it where they shall not be remembered.
    """

    def __init__(
        self,
        content: Content,
        raw: Callable[[Sequence[str]], Vectors],
        today: date,
        turn: Vectors | None = None,
        model: Calibration | None = None,
        query: Callable[[Sequence[str]], Vectors] | None = None,
    ) -> None:
        self._raw, self._today = raw, today
        self._turn = turn if turn is not None else np.load(TURN, allow_pickle=False).astype(np.float32)
        self._query = query or self.encode
        indexed = index_texts(library_of(content), content.parameters, "files")
        self.snapshot = Snapshot(indexed, content.parameters, self.encode(indexed.texts))
        self._answerer = Answerer(self.snapshot, model or calibration())
        self._families = {entry.id: entry.family for entry in self.snapshot.entries}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors as the bundled embedder gives them."""
        return turned(self._raw(texts), self._turn)

    def ask(self, request: AskRequest) -> Answer:
        """Answer a message."""
        return two_questions.answer(request, self._one)

    def _one(self, request: AskRequest) -> Answer:
        asked = understand(request, self._today)
        if not asked.text:
            return nothing_asked(asked.as_of)
        return self._answerer.answer(request, asked, self._query([asked.text])[0])

    def candidates(self, request: AskRequest) -> list[Candidate]:
        """The families that the search finds, best first."""
        asked = understand(request, self._today)
        scored = self.snapshot.rank(asked.text, self._query([asked.text])[0], asked.numbers)
        return families(self.snapshot, scored, request, asked)

    def judge(self, golden: Golden) -> Outcome:
        """Answer a golden question, and see where the search had what was expected."""
        request = golden.request()
        answer = self.ask(request)
        rank = None
        if golden.accept:
            names = [{found.entry.id, found.entry.family} for found in self.candidates(request)]
            rank = next((place for place, own in enumerate(names) if own & golden.accept), None)
        given = two_questions.entries_of(answer)
        return Outcome(golden, answer, frozenset(self._families[name] for name in given), rank)

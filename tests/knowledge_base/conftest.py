"""The real content with the real encoder, without a database; vectors are remembered between test runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

import numpy as np
import pytest

from knowledge_base.answer import Answerer
from knowledge_base.candidates import families
from knowledge_base.evaluation.golden import Golden
from knowledge_base.evaluation.metrics import Outcome
from knowledge_base.evaluation.tuning import RawVectors, library_of
from knowledge_base.ingest.content import read_content
from knowledge_base.question import understand
from knowledge_base.schemas import Answer, AskRequest
from knowledge_base.search.calibration import calibration
from knowledge_base.search.embedding import TURN, Vectors, turned
from knowledge_base.search.snapshot import Snapshot, index_texts
from knowledge_base.search.vector_index import FaissIndex

TODAY = date(2026, 11, 22)


class RealLibrary:
    """What the installation would answer on the day on which the golden questions were judged."""

    def __init__(self, raw: Callable[[list[str]], Vectors]) -> None:
        content = read_content()
        self._raw, self._turn = raw, np.load(TURN, allow_pickle=False).astype(np.float32)
        indexed = index_texts(library_of(content), content.parameters, "real")
        self.snapshot = Snapshot(indexed, content.parameters, partial(FaissIndex, self.encode(indexed.texts)))
        self._answerer = Answerer(self.snapshot, calibration())

    def encode(self, texts: list[str]) -> Vectors:
        """Vectors as the bundled embedder gives them."""
        return turned(self._raw(texts), self._turn)

    def ask(self, question: str) -> Answer:
        """Answer a question."""
        request = AskRequest(question=question)
        asked = understand(request, TODAY)
        return self._answerer.answer(request, asked, self.encode([asked.text])[0])

    def judge(self, golden: Golden) -> Outcome:
        """Answer a golden question and see where the search had what was expected."""
        request = AskRequest(question=golden.text)
        asked = understand(request, TODAY)
        scored = self.snapshot.rank(asked.text, self.encode([asked.text])[0], asked.numbers)
        found = families(self.snapshot, scored, request, asked)
        rank = next(
            (place for place, item in enumerate(found) if {item.entry.id, item.entry.family} & golden.accept), None
        )
        answer = self.ask(golden.text)
        family = next((entry.family for entry in self.snapshot.entries if entry.id == answer.entry_id), None)
        return Outcome(golden, answer, family, rank)


@pytest.fixture(scope="session")
def real(pytestconfig: pytest.Config) -> RealLibrary:
    """The real library; the first run encodes some thousand texts, which takes minutes."""
    assert pytestconfig.cache is not None
    raw = RawVectors(pytestconfig.cache.mkdir("vectors"))
    library = RealLibrary(raw)
    raw.save()
    return library

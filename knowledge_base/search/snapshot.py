"""Everything a process needs to answer, immutable: published entries, their texts, vectors and words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set

import numpy as np

from knowledge_base.parameters.loader import Parameters
from knowledge_base.rendering import RenderingError, compose
from knowledge_base.search.document_numbers import DocumentNumber, NumberedDocuments
from knowledge_base.search.embedding import Vectors, text_hash
from knowledge_base.search.fusion import Agreement, Scored, Scores, dense_scores, fuse, kin, middles
from knowledge_base.search.lexical import taxes_named
from knowledge_base.search.prepared import Prepared, prepare
from knowledge_base.search.statutes import Statutes
from knowledge_base.search.texts import Indexed
from knowledge_base.search.vector_index import FaissIndex, VectorIndex

REACH = 400  # texts taken from the vector index


class Snapshot:
    """A library ready to be searched; built aside, then swapped in."""

    def __init__(
        self,
        indexed: Indexed,
        law: Parameters,
        vectors: Vectors,
        *,
        prepared: Prepared | None = None,
        index: VectorIndex | None = None,
    ) -> None:
        """Build it from the vectors of the texts, which are searched in memory unless there is another index.

        `prepared` is what an earlier process has worked out of the same texts and vectors.
        """
        self.prepared = prepared or prepare(indexed, vectors if index is None else None)
        self.key = indexed.key
        self._rows = vectors
        self.law = law
        self.documents = indexed.library.documents
        self.entries = [published.content for published in indexed.library.entries]
        self.guards = np.array([entry.guard for entry in self.entries], bool)
        self.refusals = [place for place, entry in enumerate(self.entries) if entry.outcome == "refused"]
        self.texts, self.owner = indexed.texts, np.array(indexed.owner, np.int64)
        self._refusing = self.guards[self.owner]
        self.members: dict[str, list[int]] = defaultdict(list)
        for place, entry in enumerate(self.entries):
            self.members[entry.family].append(place)
        self._families_of: dict[str, set[str]] = defaultdict(set)
        for text, place in zip(self.texts, indexed.owner, strict=True):
            self._families_of[text].add(self.entries[place].family)
        self.numbers = NumberedDocuments(self.documents)
        self.statutes = Statutes(indexed.library)
        self._vectors: VectorIndex
        if index is not None:
            self._vectors = index
        else:
            self._vectors = self.prepared.cells if self.prepared.cells is not None else FaissIndex(vectors)
        self._middles = middles(vectors, self.owner, len(self.entries))
        self._words = self.prepared.words
        # every entry has at least one body, and its bodies stand together
        self._bodies_begin = np.unique(indexed.body_owner, return_index=True)[1]
        self._agreement = Agreement(self.prepared.taxes)
        self._cited = [frozenset(citation.document for citation in entry.citations) for entry in self.entries]

    def warm(self) -> None:
        """Compile the templates of all entries, so that nobody waits for it."""
        for entry in self.entries:
            try:
                compose(entry, self.law.at(entry.valid.start))
            except RenderingError:
                continue  # whoever asks gets the text of another day or an honest refusal

    def rank(self, text: str, vector: Vectors, numbers: Sequence[DocumentNumber] = ()) -> Scored:
        """How well each entry fits a normalised question."""
        hits = self._vectors.search(vector, REACH)
        dense = dense_scores(hits, self.owner, self._middles @ vector)
        near = kin(hits, self._refusing)
        return fuse(dense, self.lexical(text), self._agreement(taxes_named(text)), self._cites(numbers), near)

    def _cites(self, numbers: Sequence[DocumentNumber]) -> Scores:
        meant = set(self.numbers.meant(numbers)) if numbers else set[str]()
        if not meant:
            return np.zeros(len(self.entries), np.float32)
        return np.array([bool(own & meant) for own in self._cited], np.float32)

    def lexical(self, text: str) -> Scores:
        """The share of the question's words in the best body of each entry."""
        if not len(self._bodies_begin):
            return np.zeros(0, np.float32)
        best: Scores = np.maximum.reduceat(self._words.scores(text), self._bodies_begin)
        return best

    def families_asked(self, text: str) -> Set[str]:
        """The families of which somebody wrote that a text asks for them, word for word."""
        return self._families_of.get(text, frozenset())

    def citing(self, document: str) -> list[int]:
        """The entries that cite a document."""
        return [place for place, own in enumerate(self._cited) if document in own]

    def vectors_by_text(self) -> dict[str, Vectors]:
        """The vectors of the texts, by their hash."""
        return dict(zip(map(text_hash, self.texts), self._rows, strict=True))

    def close(self) -> None:
        """Let go of what the vector index holds."""
        self._vectors.close()

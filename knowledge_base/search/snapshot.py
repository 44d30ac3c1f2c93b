"""Everything a process needs to answer, immutable: published entries, their texts, vectors and words."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import date

import numpy as np

from knowledge_base.parameters.loader import Parameters
from knowledge_base.rendering import RenderingError, compose, render
from knowledge_base.schemas import ContentEntry, Library
from knowledge_base.search.document_numbers import DocumentNumber, NumberedDocuments
from knowledge_base.search.embedding import Vectors, text_hash
from knowledge_base.search.fusion import Agreement, Scored, Scores, dense_scores, fuse, kin, middles
from knowledge_base.search.lexical import LexicalIndex, taxes_named
from knowledge_base.search.normalise import normalise
from knowledge_base.search.statutes import Statutes
from knowledge_base.search.vector_index import FaissIndex, VectorIndex

REACH = 400  # texts taken from the vector index
BODY = 16  # texts that are searched for words as one: in a longer body every single word would count for less
_SENTENCE_END = re.compile(r"[。；;！!]")


@dataclass(frozen=True, slots=True)
class Indexed:
    """The searchable texts of a library, and the bodies in which words are looked for.

    `owner` and `body_owner` say whose each is, by place in the library.
    """

    library: Library
    texts: list[str]
    owner: list[int]
    bodies: list[str]
    body_owner: list[int]
    key: str

    @property
    def hashes(self) -> list[str]:
        """The keys of the texts' vectors."""
        return [text_hash(text) for text in self.texts]


def _rendered(text: str, law: Parameters, day: date) -> str:
    """A text as on the first day of its validity; as it is written where that cannot be rendered."""
    try:
        return render(text, law.at(day))
    except RenderingError:
        return text


def entry_texts(entry: ContentEntry, law: Parameters) -> list[str]:
    """The texts by which an entry is found: title, questions, and the first sentence of its answer."""
    first = _SENTENCE_END.split(_rendered(entry.answer, law, entry.valid.start), maxsplit=1)[0]
    return list(dict.fromkeys(normalise(text) for text in (entry.title, *entry.questions, first)))


def index_texts(library: Library, law: Parameters, model_hash: str) -> Indexed:
    """All searchable texts; the key changes with anything that search or answers could notice."""
    texts: list[str] = []
    owner: list[int] = []
    bodies: list[str] = []
    body_owner: list[int] = []
    for place, published in enumerate(library.entries):
        entry = published.content
        own = entry_texts(entry, law)
        texts += own
        owner += [place] * len(own)
        answer = _rendered(f"{entry.answer} {entry.detail or ''}", law, entry.valid.start)
        parts = [" ".join(own[start : start + BODY]) for start in range(0, len(own), BODY)]
        parts[0] += " " + normalise(answer)
        bodies += parts
        body_owner += [place] * len(parts)
    digest = hashlib.sha256(library.model_dump_json().encode())
    digest.update("\n".join([model_hash, *texts]).encode())
    return Indexed(library, texts, owner, bodies, body_owner, digest.hexdigest()[:32])


class Snapshot:
    """A library ready to be searched; built aside, then swapped in."""

    def __init__(
        self, indexed: Indexed, law: Parameters, vectors: Vectors, make_index: Callable[[], VectorIndex] | None = None
    ) -> None:
        """Build it from the vectors of the texts; they are searched in memory unless `make_index` says otherwise."""
        self.key = indexed.key
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
        self._vectors = make_index() if make_index else FaissIndex(vectors)
        self._middles = middles(vectors, self.owner, len(self.entries))
        self._words = LexicalIndex(indexed.bodies)
        # every entry has at least one body, and its bodies stand together
        self._bodies_begin = np.unique(indexed.body_owner, return_index=True)[1]
        self._agreement = Agreement(self._taxes_of_entries())
        self._cited = [frozenset(citation.document for citation in entry.citations) for entry in self.entries]
        for entry in self.entries:
            _warm(entry, law)

    def _taxes_of_entries(self) -> list[frozenset[str]]:
        named = [set[str]() for _ in self.entries]
        for text, owner in zip(self.texts, self.owner.tolist(), strict=True):
            named[owner] |= taxes_named(text)
        return [frozenset(taxes) for taxes in named]

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

    def close(self) -> None:
        """Let go of what the vector index holds."""
        self._vectors.close()


def _warm(entry: ContentEntry, law: Parameters) -> None:
    """Compile the templates of an entry now and not while somebody waits for it."""
    try:
        compose(entry, law.at(entry.valid.start))
    except RenderingError:
        return  # whoever asks gets the text of another day or an honest refusal

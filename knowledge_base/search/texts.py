"""The texts of a library by which its entries are found."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date

from knowledge_base.parameters.loader import Parameters
from knowledge_base.rendering import RenderingError, render
from knowledge_base.schemas import ContentEntry, Library
from knowledge_base.search.embedding import text_hash
from knowledge_base.search.normalise import normalise

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

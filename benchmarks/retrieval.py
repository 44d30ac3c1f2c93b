"""Who finds the right entry to the blind questions: ours, BM25 on characters, plain e5, or PostgreSQL's full text.

Every method searches the same texts of all entries (titles, questions, first sentences). Questions are those of both
first blind sets that some entry answers and that stand alone (no follow-ups, no two in one).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

from benchmarks.figures import Target, percentile, table
from benchmarks.million import million

if TYPE_CHECKING:
    from knowledge_base.evaluation.golden import Golden
    from knowledge_base.search.texts import Indexed

NEAREST = 100
Search = Callable[[str], list[int]]  # a question → entries, best first


@dataclass(frozen=True, slots=True)
class Found:
    """How often the right entry came first, and among the first three; shares of the questions."""

    first: float
    three: float


@dataclass(frozen=True, slots=True)
class Measured:
    """All that one run measured; milliseconds are medians of one question."""

    entries: int
    texts: int
    questions: int
    found: dict[str, Found]
    encoder_ms: float
    search_ms: float
    whole_ms: float


def measure() -> Measured:
    """Ask every question by every method."""
    # imported here, so that the engines stay out of the process that generates load
    from knowledge_base.evaluation import gate
    from knowledge_base.evaluation.offline import Shelf
    from knowledge_base.evaluation.tuning import RawVectors, library_of
    from knowledge_base.ingest.content import read_content
    from knowledge_base.search.embedding import BundledEmbedder
    from knowledge_base.search.normalise import normalise
    from knowledge_base.search.texts import index_texts

    content = read_content()
    golden = [
        item for item in gate.questions(["first", "second"]) if item.accept and not item.halves and not item.context
    ]
    indexed = index_texts(library_of(content), content.parameters, "benchmark")
    raw = RawVectors()
    shelf = Shelf(content, raw, gate.JUDGED_ON)
    raw.save()
    found = {
        "BM25 on characters": _judged(golden, indexed, _characters(indexed)),
        "PostgreSQL full text on words": _judged(golden, indexed, _full_text(indexed)),
        "plain e5": _judged(golden, indexed, _plain(indexed)),
    }
    ranks = [shelf.judge(item).rank for item in golden]
    found["ours"] = Found(
        sum(rank == 0 for rank in ranks) / len(ranks),
        sum(rank is not None and rank < 3 for rank in ranks) / len(ranks),
    )
    embedder = BundledEmbedder()
    alone = _median([lambda text=item.text: embedder.encode([text]) for item in golden])  # type: ignore[misc]
    quick = Shelf(content, raw, gate.JUDGED_ON, query=embedder.encode)
    snapshot, words = quick.snapshot, [normalise(item.text) for item in golden]
    search = _median([lambda text=text: snapshot.rank(text, embedder.encode([text])[0]) for text in words])  # type: ignore[misc]
    whole = _median([lambda one=item: quick.ask(one.request()) for item in golden])  # type: ignore[misc]
    return Measured(len(indexed.library.entries), len(indexed.texts), len(golden), found, alone, search, whole)


def _median(work: Sequence[Callable[[], object]]) -> float:
    for one in work[:20]:
        one()
    taken = []
    for one in work:
        began = time.perf_counter()
        one()
        taken.append(time.perf_counter() - began)
    return percentile(taken, 50) * 1000


def _judged(golden: Sequence[Golden], indexed: Indexed, search: Search) -> Found:
    from knowledge_base.search.normalise import normalise

    first = three = 0
    entries = [published.content for published in indexed.library.entries]
    for item in golden:
        names = list(dict.fromkeys(entries[place].family for place in search(normalise(item.text))))[:3]
        ids = {entry.family for entry in entries if {entry.id, entry.family} & item.accept}
        first += bool(names and names[0] in ids)
        three += bool(ids & set(names))
    return Found(first / len(golden), three / len(golden))


def _entries(places: Sequence[int], indexed: Indexed) -> list[int]:
    return list(dict.fromkeys(indexed.owner[place] for place in places))


def _characters(indexed: Indexed) -> Search:
    import bm25s
    import numpy as np

    vocabulary = {char: number for number, char in enumerate(sorted(set("".join(indexed.texts))))}
    bm25 = bm25s.BM25(method="lucene")
    bm25.index(([[vocabulary[char] for char in text] for text in indexed.texts], vocabulary), show_progress=False)

    def search(text: str) -> list[int]:
        scores = bm25.get_scores([vocabulary[char] for char in text if char in vocabulary])
        return _entries(np.argsort(-scores)[:NEAREST].tolist(), indexed)

    return search


def _plain(indexed: Indexed) -> Search:
    from knowledge_base.evaluation.tuning import RawVectors
    from knowledge_base.search.vector_index import FaissIndex

    raw = RawVectors()
    index = FaissIndex(raw(indexed.texts))
    raw.save()
    return lambda text: _entries(index.search(raw([text])[0], NEAREST).positions.tolist(), indexed)


def _full_text(indexed: Indexed) -> Search:
    """A tsvector of jieba's words for each text, any word may match, ranked by ts_rank_cd, in the embedded server."""
    import psycopg

    from benchmarks.server import scratch_server
    from knowledge_base.search.lexical import words

    connection = psycopg.connect(scratch_server(), autocommit=True)
    connection.execute("create table text (place int primary key, words tsvector)")
    with connection.cursor().copy("copy text (place, words) from stdin") as copy:
        for place, text in enumerate(indexed.texts):
            copy.write_row((place, " ".join(f"'{word}':{at}" for at, word in enumerate(_safe(words(text)), 1))))
    connection.execute("create index on text using gin (words)")

    def search(text: str) -> list[int]:
        query = " | ".join(f"'{word}'" for word in dict.fromkeys(_safe(words(text))))
        if not query:
            return []
        rows = connection.execute(
            "select place from text, cast(%s as tsquery) query where words @@ query "
            "order by ts_rank_cd(words, query, 1) desc, place limit %s",
            (query, NEAREST),
        ).fetchall()
        return _entries([row[0] for row in rows], indexed)

    return search


def _safe(words: Sequence[str]) -> list[str]:
    return [word for word in words if "'" not in word and "\\" not in word]


def report() -> tuple[str, list[Target]]:
    """Measure in processes of their own, and tell; with what the ratios were promised to be."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        got = pool.submit(measure).result()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        large = pool.submit(million).result()
    plain, ours = got.found["plain e5"], got.found["ours"]
    targets = [
        Target("retrieval: first-place errors, ours to plain e5", (1 - ours.first) / (1 - plain.first), 0.5, True),
        Target("retrieval: right entry among the first three, share of questions", ours.three, 0.95, False),
        Target(
            "retrieval: a search, encoding included, to the encoder alone", got.search_ms / got.encoder_ms, 1.2, True
        ),
    ]
    rows = [[name, f"{one.first:.3f}", f"{one.three:.3f}"] for name, one in got.found.items()]
    text = [
        "## Retrieval",
        f"{got.questions} blind questions over {got.entries} entries with {got.texts} texts.",
        table(["right entry", "first", "among three"], rows),
        f"One question (medians): encoder {got.encoder_ms:.1f} ms, search with it {got.search_ms:.1f} ms, whole answer "
        f"from understanding to text {got.whole_ms:.1f} ms, {got.whole_ms / got.encoder_ms:.2f} × the encoder.",
        "### One million vectors",
        large,
    ]
    return "\n\n".join(text), targets

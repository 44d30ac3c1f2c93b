"""How long the search index takes to build, from the content of this repository, for 1,000 entries."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from uuid import UUID

from benchmarks.figures import table

SAMPLE = 300  # texts encoded; all of them take the same time each


@dataclass(frozen=True, slots=True)
class Build:
    """What was measured."""

    entries: int
    texts: int
    seconds_per_text: float
    snapshot_seconds: float

    @property
    def encoding(self) -> float:
        """Seconds to encode the texts of 1,000 entries."""
        return self.seconds_per_text * self.texts / self.entries * 1000

    @property
    def snapshot(self) -> float:
        """Seconds to build a snapshot of 1,000 entries whose vectors are known."""
        return self.snapshot_seconds / self.entries * 1000


def measure() -> Build:
    """Encode a sample, then build the whole snapshot."""
    # imported here, so that the engine and the index stay out of the process that generates load
    import numpy as np

    from hub.settings import get_settings
    from knowledge_base.ingest.content import read_content
    from knowledge_base.schemas import Library, PublishedEntry
    from knowledge_base.search.snapshot import Snapshot
    from knowledge_base.search.texts import index_texts
    from knowledge_base.service import EMBEDDERS

    content = read_content()
    entries = [
        PublishedEntry(version_id=UUID(int=place), topic=found.topic, content_hash="", content=found.entry)
        for place, found in enumerate(content.entries)
    ]
    library = Library(entries=entries, documents=content.documents)
    embedder = EMBEDDERS[get_settings().embedder]()
    warm = index_texts(library, content.parameters, embedder.model_hash)
    embedder.encode(warm.texts[:5])

    sample = warm.texts[:: max(1, len(warm.texts) // SAMPLE)]
    began = time.perf_counter()
    vectors = embedder.encode(sample)
    encoded = time.perf_counter() - began

    every = np.resize(vectors, (len(warm.texts), vectors.shape[1]))
    began = time.perf_counter()
    indexed = index_texts(library, content.parameters, embedder.model_hash)
    Snapshot(indexed, content.parameters, every)
    return Build(len(entries), len(indexed.texts), encoded / len(sample), time.perf_counter() - began)


def report() -> str:
    """Measure in a process of its own, and tell."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        built = pool.submit(measure).result()
    return "\n\n".join(
        [
            "## Index",
            f"From the {built.entries} entries of `knowledge_base/content` with {built.texts} texts. Vectors are "
            "stored under the hash of their text, so that a text is encoded once; every later start or publication "
            "rebuilds the snapshot only.",
            table(
                ["per 1,000 entries", "seconds", "of the first build"],
                [
                    ["rebuild, vectors stored", f"{built.snapshot:.1f}", _share(built, built.snapshot)],
                    ["encoding, first time", f"{built.encoding:.1f}", _share(built, built.encoding)],
                ],
            ),
            f"One text takes {built.seconds_per_text * 1000:.1f} ms to encode.",
        ]
    )


def _share(built: Build, seconds: float) -> str:
    return f"{seconds / (built.snapshot + built.encoding):.1%}"

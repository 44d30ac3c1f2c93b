"""The index in process at a million vectors: time to build, memory, and how fast and how exactly it answers.

The vectors are mixtures of vectors of our own texts, so that they lie as close to each other as real ones.
"""

from __future__ import annotations

import time

import psutil

from benchmarks.figures import percentile, table

COUNT = 1_000_000
QUESTIONS = 200
NEAREST = 10


def million() -> str:
    """Build and ask, in a process of its own: memory is that of the process."""
    import numpy as np

    from knowledge_base.evaluation.tuning import RawVectors, library_of
    from knowledge_base.ingest.content import read_content
    from knowledge_base.search.texts import index_texts
    from knowledge_base.search.vector_index import FaissIndex

    content = read_content()
    own = RawVectors()(index_texts(library_of(content), content.parameters, "million").texts)
    rng = np.random.default_rng(0)
    rows = np.empty((COUNT, own.shape[1]), np.float32)
    for start in range(0, COUNT, 50_000):
        size = min(50_000, COUNT - start)
        one, other = own[rng.integers(len(own), size=size)], own[rng.integers(len(own), size=size)]
        mixed = one + rng.uniform(0.2, 0.8, (size, 1)).astype(np.float32) * other
        rows[start : start + size] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    asked = own[rng.choice(len(own), QUESTIONS, replace=False)]
    exact = [np.argpartition(-(rows @ vector), NEAREST)[:NEAREST] for vector in asked]
    before = psutil.Process().memory_info().rss
    began = time.perf_counter()
    index = FaissIndex(rows)
    built = time.perf_counter() - began
    size = psutil.Process().memory_info().rss - before
    taken, kept = [], 0
    for vector, nearest in zip(asked, exact, strict=True):
        began = time.perf_counter()
        hits = index.search(vector, NEAREST)
        taken.append(time.perf_counter() - began)
        kept += len(set(hits.positions.tolist()) & set(nearest.tolist()))
    return table(
        ["vectors", "build, s", "memory, MiB", "p50, ms", "p95, ms", "of the ten nearest found"],
        [
            [
                f"{COUNT:,}", f"{built:.0f}", f"{size / 2**20:.0f}", f"{percentile(taken, 50) * 1000:.1f}",
                f"{percentile(taken, 95) * 1000:.1f}", f"{kept / (NEAREST * QUESTIONS):.3f}",
            ]
        ],
    )  # fmt: skip

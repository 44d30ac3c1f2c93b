"""Nearest vectors: the protocol, an index in process and one in PostgreSQL; positions count the texts of a snapshot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import faiss
import numpy as np
import psycopg
from numpy.typing import NDArray
from pgvector import Vector

from knowledge_base.search.embedding import Vectors

faiss.omp_set_num_threads(1)


class Hits(NamedTuple):
    """Positions with their cosine, best first."""

    positions: NDArray[np.int64]
    scores: NDArray[np.float32]


NOTHING = Hits(np.zeros(0, np.int64), np.zeros(0, np.float32))


class VectorIndex(Protocol):
    """An immutable set of unit vectors."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def search(self, vector: Vectors, limit: int) -> Hits:
        """The nearest positions. Called from one thread at a time."""
        ...

    def close(self) -> None:
        """Let go of what it holds; it is not used afterwards."""
        ...


EXACT_UP_TO = 10_000
"""From more texts on, FAISS searches only the cells around the question, over vectors of a byte a number."""

_CELLS_SEARCHED = 48
_SAMPLE_PER_CELL = 64


class FaissIndex:
    """All vectors in memory: searched exactly up to `exact_up_to` texts, approximately beyond."""

    def __init__(self, vectors: Vectors, exact_up_to: int = EXACT_UP_TO) -> None:
        rows = np.ascontiguousarray(vectors)
        self._index: faiss.Index = faiss.IndexFlatIP(rows.shape[1])
        if len(rows) > exact_up_to:
            self._index = _cells(self._index, rows)
        self._index.add(rows)

    def write(self, path: Path) -> None:
        """Keep it in a file."""
        faiss.write_index(self._index, str(path))

    @classmethod
    def read(cls, path: Path) -> FaissIndex:
        """What was kept in a file.

        Raises `RuntimeError` when it is not there or damaged.
        """
        index = cls.__new__(cls)
        index._index = faiss.read_index(str(path))
        return index

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, vector: Vectors, limit: int) -> Hits:
        """The nearest positions."""
        if not len(self) or limit < 1:
            return NOTHING
        scores, positions = self._index.search(vector.reshape(1, -1), min(limit, len(self)))
        found = int((positions[0] >= 0).sum())  # -1: the cells had no more
        return Hits(positions[0][:found], scores[0][:found])

    def close(self) -> None:
        """Nothing to let go of."""


def _cells(coarse: faiss.Index, rows: Vectors) -> faiss.Index:
    """An empty index of cells around centres that were found among some of the vectors."""
    count = max(1, int(4 * len(rows) ** 0.5))
    kind = faiss.ScalarQuantizer.QT_8bit
    index = faiss.IndexIVFScalarQuantizer(coarse, rows.shape[1], count, kind, faiss.METRIC_INNER_PRODUCT)
    index.nprobe = min(count, _CELLS_SEARCHED)
    some = np.random.default_rng(0).choice(len(rows), min(len(rows), count * _SAMPLE_PER_CELL), replace=False)
    index.train(rows[np.sort(some)])
    return index


class PgVectorIndex:
    """The stored vectors where they are, for a corpus that outgrows a process.

    Rows of texts that are no longer published may linger in the table; they are passed over.
    """

    def __init__(self, dsn: str, model_hash: str, text_hashes: Sequence[str]) -> None:
        self._dsn, self._model = dsn, model_hash
        self._positions: dict[str, list[int]] = defaultdict(list)
        for position, key in enumerate(text_hashes):
            self._positions[key].append(position)
        self._size = len(text_hashes)
        self._connection: psycopg.Connection[tuple[str, float]] | None = None

    def __len__(self) -> int:
        return self._size

    def search(self, vector: Vectors, limit: int) -> Hits:
        """The nearest positions.

        Raises `psycopg.Error` when PostgreSQL cannot be reached.
        """
        wanted = min(limit, self._size)
        fetch = wanted + 50
        while wanted > 0:
            rows = self._rows(vector, fetch)
            hits = [(place, score) for key, score in rows for place in self._positions.get(key, ())]
            if len(hits) >= wanted or len(rows) < fetch:
                return Hits(
                    np.array([place for place, _ in hits[:wanted]], np.int64),
                    np.array([score for _, score in hits[:wanted]], np.float32),
                )
            fetch *= 4
        return NOTHING

    def close(self) -> None:
        """Close the connection."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _rows(self, vector: Vectors, limit: int) -> list[tuple[str, float]]:
        query = (
            "select text_hash, -(vector <#> %(vector)s::vector) as score from embedding "
            "where model_hash = %(model)s order by vector <#> %(vector)s::vector limit %(limit)s"
        )
        values = {"vector": Vector(vector).to_text(), "model": self._model, "limit": limit}
        try:
            return self._connected().execute(query, values).fetchall()
        except psycopg.OperationalError:
            self.close()  # the server went away since the last question: once more on a fresh connection
            return self._connected().execute(query, values).fetchall()

    def _connected(self) -> psycopg.Connection[tuple[str, float]]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._dsn, autocommit=True, connect_timeout=3)
            # without it an approximate scan stops after its first 40 rows, filtered ones included
            self._connection.execute("set hnsw.iterative_scan = strict_order")
            self._connection.execute("set hnsw.ef_search = 200")
        return self._connection

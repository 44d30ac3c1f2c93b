"""One contract for every vector index."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import numpy as np
import psycopg
import pytest

from hub.kit import db
from knowledge_base import repository
from knowledge_base.search.embedding import Vectors
from knowledge_base.search.vector_index import FaissIndex, Hits, PgVectorIndex, VectorIndex

MODEL = "contract-test"
Make = Callable[[Vectors], VectorIndex]


def unit(count: int, seed: int = 1) -> Vectors:
    """So many unit vectors."""
    rows = np.random.default_rng(seed).standard_normal((count, 384)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


@pytest.fixture(params=["faiss", "pgvector"])
async def make(request: pytest.FixtureRequest, database: str) -> Iterator[Make]:
    """Builds an index of the kind under test; the one in PostgreSQL reads what was stored before."""
    if request.param == "faiss":
        yield FaissIndex
        return
    dsn = database
    loop = asyncio.get_running_loop()

    async def store(vectors: Vectors, keys: list[str]) -> None:
        async with db.transaction() as session:
            await repository.save_vectors(session, MODEL, list(zip(keys, vectors, strict=True)))
            # a row of another model and one of a text no longer published must not turn up
            await repository.save_vectors(session, "another-model", [("other", vectors[0])])
            await repository.save_vectors(session, MODEL, [("stale", vectors[0])])
            await repository.index_vectors(session)

    made: list[PgVectorIndex] = []

    def build(vectors: Vectors) -> VectorIndex:
        keys = [f"text-{place}" for place in range(len(vectors))]
        if len(vectors):
            asyncio.run_coroutine_threadsafe(store(vectors, keys), loop).result(30)
        made.append(PgVectorIndex(dsn, MODEL, keys))
        return made[-1]

    yield build
    for index in made:
        index.close()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("delete from embedding where model_hash in (%s, 'another-model')", [MODEL])
        connection.execute("drop index if exists ix_embedding_vector")


async def test_finds_itself_first_and_the_rest_in_order(make: Make) -> None:
    vectors = unit(60)

    def work() -> Hits:
        index = make(vectors)
        assert len(index) == 60
        return index.search(vectors[7], 5)

    hits = await asyncio.to_thread(work)
    assert len(hits.positions) == 5
    assert hits.positions[0] == 7
    assert hits.scores[0] == pytest.approx(1.0, abs=1e-4)
    expected = np.argsort(-(vectors @ vectors[7]))[:5]
    assert hits.positions.tolist() == expected.tolist()
    assert hits.scores == pytest.approx((vectors @ vectors[7])[expected], abs=1e-4)


def test_many_vectors_are_searched_by_cells_and_the_nearest_are_found() -> None:
    centres = unit(40, seed=3)
    vectors = np.repeat(centres, 50, axis=0) + 0.3 * unit(2000, seed=4)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = FaissIndex(vectors, exact_up_to=1000)
    for place in range(0, 2000, 97):
        hits = index.search(vectors[place], 10)
        assert hits.positions[0] == place
        exact = set(np.argsort(-(vectors @ vectors[place]))[:10].tolist())
        assert len(exact & set(hits.positions.tolist())) >= 8
        assert hits.scores == pytest.approx(vectors[hits.positions] @ vectors[place], abs=0.02)
    assert (index.search(vectors[0], 2000).positions >= 0).all()


async def test_asks_for_more_than_there_is(make: Make) -> None:
    vectors = unit(3, seed=2)
    hits = await asyncio.to_thread(lambda: make(vectors).search(vectors[0], 50))
    assert sorted(hits.positions.tolist()) == [0, 1, 2]


async def test_an_empty_index_and_no_limit_find_nothing(make: Make) -> None:
    empty = await asyncio.to_thread(lambda: make(np.zeros((0, 384), np.float32)).search(unit(1)[0], 5))
    none = await asyncio.to_thread(lambda: make(unit(2)).search(unit(1)[0], 0))
    assert len(empty.positions) == len(none.positions) == 0


async def test_one_text_of_several_entries_counts_for_each(database: str) -> None:
    async with db.transaction() as session:
        await repository.save_vectors(session, MODEL, [("shared", unit(1)[0])])
    index = PgVectorIndex(database, MODEL, ["shared", "shared"])
    hits = await asyncio.to_thread(index.search, unit(1)[0], 2)
    index.close()
    assert sorted(hits.positions.tolist()) == [0, 1]


async def test_comes_back_after_its_connection_was_cut(database: str) -> None:
    async with db.transaction() as session:
        await repository.save_vectors(session, MODEL, [("shared", unit(1)[0])])
    index = PgVectorIndex(database, MODEL, ["shared"])
    assert len((await asyncio.to_thread(index.search, unit(1)[0], 1)).positions) == 1
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where query like '%%from embedding%%' "
            "and pid <> pg_backend_pid()"
        )
    assert len((await asyncio.to_thread(index.search, unit(1)[0], 1)).positions) == 1
    index.close()

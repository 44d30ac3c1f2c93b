"""The service of a process: refreshes by itself, answers throughout, survives a database that is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from sqlalchemy import select

from hub.kit import db
from hub.settings import get_settings
from knowledge_base import repository
from knowledge_base.ingest.content import load_content, read_content
from knowledge_base.models import Embedding
from knowledge_base.parameters.loader import Parameters
from knowledge_base.schemas import AskRequest
from knowledge_base.search import snapshot_file
from knowledge_base.search.embedding import Vectors, text_hash
from knowledge_base.search.prepared import Prepared, prepare
from knowledge_base.search.texts import Indexed
from knowledge_base.service import KnowledgeNotReady, KnowledgeService
from tests.knowledge_base import shelf
from tests.knowledge_base.shelf import WordEmbedder
from tests.knowledge_base.test_answer import plain_calibration

RATE = AskRequest(question="苹果税税率是多少")


@pytest.fixture(autouse=True)
def law(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parameters]:
    """Snapshots in a temporary folder, the parameters of the test shelf, a calibration that fits the test embedder."""
    law: Parameters = read_content(*shelf.write(tmp_path / "law")).parameters
    monkeypatch.setattr("knowledge_base.service.parameters", lambda: law)
    monkeypatch.setattr("knowledge_base.service.calibration", plain_calibration)
    monkeypatch.setenv("HUB_MODELS_DIR", str(tmp_path / "models"))
    get_settings.cache_clear()
    yield law
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.fixture
async def service(empty_database: str) -> AsyncIterator[KnowledgeService]:
    """A service that is stopped after the test."""
    made = KnowledgeService(WordEmbedder)
    yield made
    await made.stop()


async def publish(folder: Path, entries: Sequence[dict[str, Any]] | None = None) -> None:
    """Load entries as `hub knowledge load` does."""
    content = read_content(*shelf.write(folder, entries))
    async with db.transaction() as session:
        await load_content(session, content)


def changed(answer: str) -> list[dict[str, Any]]:
    """The library with another answer about the rate."""
    return [row | {"answer": answer} if row["id"] == "apple.rate" else row for row in shelf.library()]


async def until(service: KnowledgeService, words: str, seconds: float = 15) -> bool:
    """Whether the answer about the rate comes to hold some words in time."""
    for _ in range(int(seconds / 0.05)):
        if words in (await service.ask(RATE)).answer:
            return True
        await asyncio.sleep(0.05)
    return False


async def test_is_ready_after_its_start(service: KnowledgeService, tmp_path: Path) -> None:
    await publish(tmp_path)
    assert not service.ready
    with pytest.raises(KnowledgeNotReady):
        await service.ask(RATE)
    await service.start()
    assert service.ready
    assert (await service.ask(RATE)).entry_id == "apple.rate"
    assert (await service.ask(AskRequest(question="  "))).status == "no_answer"


async def test_hears_of_changes_without_being_told(service: KnowledgeService, tmp_path: Path) -> None:
    await publish(tmp_path / "a")
    await service.start()
    await publish(tmp_path / "b", changed("税率改为{{ apple.rate | percent }}整。"))
    assert await until(service, "税率改为3%整")


async def test_hears_of_changes_after_its_connection_was_cut(
    service: KnowledgeService, tmp_path: Path, empty_database: str
) -> None:
    await publish(tmp_path / "a")
    await service.start()
    with psycopg.connect(empty_database, autocommit=True) as connection:
        cut = connection.execute(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where query ilike 'listen knowledge_changed'"
        ).fetchone()
    assert cut == (1,)
    await publish(tmp_path / "b", changed("断线之后的答案。"))
    assert await until(service, "断线之后")


async def test_encodes_only_what_is_missing(service: KnowledgeService, tmp_path: Path) -> None:
    await publish(tmp_path / "a")
    await service.refresh()
    embedder = service._embedder
    assert isinstance(embedder, WordEmbedder)
    assert service.snapshot is not None
    assert sorted(embedder.encoded) == sorted(set(service.snapshot.texts))
    embedder.encoded.clear()
    assert await service.refresh() is False
    assert embedder.encoded == []
    await publish(tmp_path / "b", changed("只有这一句是新的。"))
    assert await service.refresh() is True
    assert embedder.encoded == ["只有这一句是新的"]


async def test_another_process_uses_the_stored_vectors(service: KnowledgeService, tmp_path: Path) -> None:
    await publish(tmp_path)
    await service.refresh()
    other = KnowledgeService(WordEmbedder)
    await other.refresh()
    embedder = other._embedder
    assert isinstance(embedder, WordEmbedder)
    assert embedder.encoded == []
    assert (await other.ask(RATE)).entry_id == "apple.rate"
    await other.stop()


async def test_vectors_no_longer_needed_are_dropped(service: KnowledgeService, tmp_path: Path) -> None:
    await publish(tmp_path / "a")
    await service.refresh()
    await publish(tmp_path / "b", [shelf.entry()])
    await service.refresh()
    async with db.transaction() as session:
        await repository.save_vectors(session, "older model", [("x", np.ones(384, np.float32))])
    await service.prune()
    async with db.transaction() as session:
        rows = (await session.execute(select(Embedding.model_hash, Embedding.text_hash))).all()
    assert service.snapshot is not None
    assert {row.model_hash for row in rows} == {"words"}
    assert {row.text_hash for row in rows} == {text_hash(text) for text in service.snapshot.texts}


class SlowEmbedder(WordEmbedder):
    """Takes its time, as a real model does on a busy machine."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row per text, late."""
        time.sleep(0.02)
        return super().encode(texts)


async def test_the_old_snapshot_answers_while_a_new_one_is_built(empty_database: str, tmp_path: Path) -> None:
    service = KnowledgeService(SlowEmbedder)
    await publish(tmp_path / "a")
    await service.refresh()
    fresh = [row | {"questions": [f"{text}呢" for text in row["questions"]]} for row in changed("新的答案。")]
    await publish(tmp_path / "b", fresh)
    building = asyncio.create_task(service.refresh())
    seen = 0
    while not building.done():
        assert (await service.ask(RATE)).entry_id == "apple.rate"
        seen += not building.done()
    assert await building is True
    assert seen >= 3
    assert "新的答案" in (await service.ask(RATE)).answer
    await service.stop()


async def test_the_event_loop_goes_on_while_a_question_is_answered(empty_database: str, tmp_path: Path) -> None:
    service = KnowledgeService(SlowEmbedder)
    await publish(tmp_path)
    await service.refresh()
    asking = asyncio.create_task(service.ask(AskRequest(question="没有问过的问题")))
    turns = 0
    while not asking.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns >= 5
    await service.stop()


@pytest.fixture
async def database_away(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """A database that nobody listens for, from the moment the test asks for it."""
    yield
    monkeypatch.setenv("HUB_DATABASE_URL", empty_database)
    get_settings.cache_clear()
    await db.dispose()


async def leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """Point this process at a port where nothing is."""
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    get_settings.cache_clear()
    await db.dispose()


async def test_a_restart_without_the_database_answers_from_disk(
    database_away: None, service: KnowledgeService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(tmp_path)
    await service.refresh()
    await service.stop()
    await leave(monkeypatch)
    await service.start(wait_seconds=3600)  # nothing to wait for
    assert service.ready
    assert (await service.ask(RATE)).entry_id == "apple.rate"


async def test_a_restart_works_out_only_what_has_changed(
    database_away: None, service: KnowledgeService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(tmp_path)
    await service.refresh()
    before = await service.ask(RATE)
    await service.stop()
    await leave(monkeypatch)
    worked_out: list[Indexed] = []

    def watched(indexed: Indexed, vectors: Vectors | None) -> Prepared:
        worked_out.append(indexed)
        return prepare(indexed, vectors)

    monkeypatch.setattr("knowledge_base.search.snapshot.prepare", watched)
    await service.start()
    assert await service.ask(RATE) == before
    assert not worked_out
    await service.stop()
    monkeypatch.setattr("knowledge_base.search.prepared._code", lambda: "the words are cut otherwise")
    for _ in range(2):  # the start after that one has it from disk again
        await service.start()
        assert await service.ask(RATE) == before
        assert len(worked_out) == 1
        await service.stop()


@pytest.mark.parametrize("damaged", ["words/tokens.json", "words/data.csc.index.npy", "cells.faiss", "texts.json"])
async def test_a_damaged_part_of_a_snapshot_is_noticed(
    service: KnowledgeService, tmp_path: Path, law: Parameters, damaged: str
) -> None:
    await publish(tmp_path)
    await service.refresh()
    stored = snapshot_file.load("words", law)
    assert stored is not None
    assert stored.prepared is not None
    part = get_settings().models_dir / "index" / stored.indexed.key / damaged
    part.write_bytes(part.read_bytes()[: len(part.read_bytes()) // 2])
    assert snapshot_file.load("words", law) is None


async def test_a_first_start_without_the_database_says_so(
    database_away: None, service: KnowledgeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await leave(monkeypatch)
    await service.start(wait_seconds=5)
    assert not service.ready
    with pytest.raises(KnowledgeNotReady):
        await service.ask(RATE)


async def test_recovers_when_the_database_comes_back(
    database_away: None, empty_database: str, service: KnowledgeService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(tmp_path)
    await leave(monkeypatch)
    await service.start(wait_seconds=5)
    monkeypatch.setenv("HUB_DATABASE_URL", empty_database)
    get_settings.cache_clear()
    await db.dispose()
    for _ in range(200):
        if service.ready:
            break
        await asyncio.sleep(0.05)
    assert (await service.ask(RATE)).entry_id == "apple.rate"


async def test_the_index_in_postgresql_gives_the_same_answers(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(tmp_path)
    answers = []
    for kind in ("faiss", "pgvector"):
        monkeypatch.setenv("HUB_VECTOR_INDEX", kind)
        get_settings.cache_clear()
        service = KnowledgeService(WordEmbedder)
        await service.refresh()
        questions = [row["questions"][0] for row in shelf.library()]
        answers.append([(await service.ask(AskRequest(question=question))).entry_id for question in questions])
        await service.stop()
    with psycopg.connect(empty_database, autocommit=True) as connection:
        assert connection.execute("select to_regclass('ix_embedding_vector')").fetchone() != (None,)
        connection.execute("drop index ix_embedding_vector")
    assert answers[0] == answers[1]
    assert "apple.rate" in answers[0]


async def test_a_damaged_or_foreign_snapshot_is_not_used(
    service: KnowledgeService, tmp_path: Path, law: Parameters
) -> None:
    assert snapshot_file.load("words", law) is None
    await publish(tmp_path)
    await service.refresh()
    stored = snapshot_file.load("words", law)
    assert stored is not None
    assert snapshot_file.load("another model", law) is None
    folder = get_settings().models_dir / "index" / stored.indexed.key
    (folder / "vectors.npy").write_bytes(b"not numbers")
    assert snapshot_file.load("words", law) is None


async def test_old_snapshots_do_not_pile_up(service: KnowledgeService, tmp_path: Path) -> None:
    for number in range(4):
        await publish(tmp_path / str(number), changed(f"第{number}版。"))
        await service.refresh()
    folders = [path for path in (get_settings().models_dir / "index").iterdir() if path.is_dir()]
    assert len(folders) == snapshot_file.KEPT

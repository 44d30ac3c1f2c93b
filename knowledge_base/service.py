"""The knowledge of this process: answers from a snapshot in memory, refreshed when what is published changes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from hub.kit import db, tasks
from hub.kit.clock import today
from hub.kit.errors import Unavailable
from hub.settings import get_settings
from knowledge_base import repository, two_questions
from knowledge_base.answer import Answerer, nothing_asked
from knowledge_base.parameters.loader import parameters
from knowledge_base.question import understand
from knowledge_base.schemas import Answer, AskRequest, Library
from knowledge_base.search import snapshot_file
from knowledge_base.search.calibration import calibration
from knowledge_base.search.embedding import BundledEmbedder, Embedder, Vectors
from knowledge_base.search.prepared import Prepared
from knowledge_base.search.snapshot import Snapshot
from knowledge_base.search.texts import Indexed, index_texts
from knowledge_base.search.vector_index import PgVectorIndex

EMBEDDERS: dict[str, Callable[[], Embedder]] = {"bundled": BundledEmbedder}
REMEMBERED_QUESTIONS = 4096
STORE_EVERY = 1024  # vectors; what was encoded before a crash is not encoded again
FIRST_RETRY, LAST_RETRY = 1.0, 30.0
RECHECK = 300.0  # seconds; should an announcement ever be lost, the truth arrives this late
DATABASE_ERRORS = (SQLAlchemyError, psycopg.Error, OSError)

log = structlog.get_logger(__name__)


class KnowledgeNotReady(Unavailable):
    """The first snapshot is still being built."""

    code = "knowledge_not_ready"
    message = "知识库正在准备中，请稍后再试。"


@dataclass(frozen=True, slots=True)
class _Serving:
    """What answers now; replaced as a whole."""

    library: Library
    snapshot: Snapshot
    answerer: Answerer


class KnowledgeService:
    """Search and answers of one process.

    Encoding and searching share one thread: the engine is not safe for more, and the event loop never waits for it.
    """

    def __init__(self, make_embedder: Callable[[], Embedder] | None = None) -> None:
        self._make_embedder = make_embedder
        self._embedder: Embedder | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._serving: _Serving | None = None
        self._remembered: OrderedDict[str, Vectors] = OrderedDict()
        self._listener: asyncio.Task[None] | None = None
        self._attempted = asyncio.Event()
        self._refreshing = asyncio.Lock()

    @property
    def ready(self) -> bool:
        """Whether questions can be answered."""
        return self._serving is not None

    @property
    def snapshot(self) -> Snapshot | None:
        """What is being served, for measurements."""
        return self._serving.snapshot if self._serving else None

    async def start(self, wait_seconds: float = 20.0) -> None:
        """Serve the last snapshot from disk at once, then the database's; wait for that only without the first."""
        if self._listener:
            return
        await self.open()
        self._attempted.clear()
        self._listener = asyncio.create_task(self._listen(), name="knowledge-listener")
        if not self.ready:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._attempted.wait(), wait_seconds)

    async def open(self) -> None:
        """Serve the last snapshot from disk, if there is one; nothing is refreshed."""
        await self._warm()
        await self._load_from_disk()

    async def stop(self) -> None:
        """Stop listening and let go of thread and index."""
        if self._listener:
            await tasks.end(self._listener)
        self._listener = None
        if self._serving:
            self._serving.snapshot.close()
        self._serving = None
        if self._thread:
            self._thread.shutdown(wait=True, cancel_futures=True)
        self._thread = self._embedder = None
        self._remembered.clear()

    async def ask(self, request: AskRequest) -> Answer:
        """Answer a question.

        Raises `KnowledgeNotReady` before the first snapshot is there.
        """
        if self._serving is None or self._thread is None:
            raise KnowledgeNotReady
        now = today()
        if not request.question.strip():
            return nothing_asked(request.as_of or now)
        serving = self._serving

        def one(request: AskRequest) -> Answer:
            asked = understand(request, now)
            if not asked.text:
                return nothing_asked(asked.as_of)
            return serving.answerer.answer(request, asked, self._vector(asked.text))

        return await asyncio.get_running_loop().run_in_executor(self._thread, two_questions.answer, request, one)

    async def vector(self, text: str) -> Vectors:
        """The vector of a normalised text, for measurements."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._vector, text)

    async def refresh(self) -> bool:
        """Build a snapshot of what is published now and swap it in; answers whether anything was new.

        Raises what the database raises; the old snapshot then goes on serving.
        """
        await self._warm()
        async with self._refreshing:
            async with db.transaction() as session:
                library = await repository.library(session)
            if self._serving and self._serving.library == library:
                return False
            indexed = await asyncio.to_thread(index_texts, library, parameters(), self._model.model_hash)
            if self._serving and self._serving.snapshot.key == indexed.key:
                return False
            vectors = await self._vectors_of(indexed)
            await self._keep(indexed, vectors, await self._swap(indexed, vectors))
            log.info("knowledge_refreshed", entries=len(library.entries), texts=len(indexed.texts))
            return True

    async def prune(self) -> None:
        """Drop the stored vectors of other models."""
        async with db.transaction() as session:
            await repository.forget_other_models(session, self._model.model_hash)

    @property
    def _model(self) -> Embedder:
        if self._embedder is None:
            raise KnowledgeNotReady
        return self._embedder

    async def _warm(self) -> None:
        """Have the thread and the model."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="knowledge")
        if self._embedder is None:
            make = self._make_embedder or EMBEDDERS[get_settings().embedder]
            embedder = await asyncio.get_running_loop().run_in_executor(self._thread, make)
            await asyncio.to_thread(lambda: embedder.model_hash)
            self._embedder = embedder
            if calibration().model_hash != embedder.model_hash:
                log.warning("calibration_of_another_model", hint="run `hub models train`")

    def _vector(self, text: str) -> Vectors:
        """The vector of a question; what many people ask is remembered. Runs in the thread of the search."""
        if (known := self._remembered.get(text)) is not None:
            self._remembered.move_to_end(text)
            return known
        vector: Vectors = self._model.encode([text])[0]
        self._remembered[text] = vector
        if len(self._remembered) > REMEMBERED_QUESTIONS:
            self._remembered.popitem(last=False)
        return vector

    async def _vectors_of(self, indexed: Indexed) -> Vectors:
        """The vectors of all texts: those that are served, those that the database has, the rest encoded and stored.

        Where the database searches, it has to have them all.
        """
        hashes = indexed.hashes
        there = get_settings().vector_index == "pgvector"
        known = self._serving.snapshot.vectors_by_text() if self._serving and not there else {}
        if unknown := set(hashes) - known.keys():
            async with db.transaction() as session:
                known |= await repository.vectors(session, self._model.model_hash, unknown)
        missing = {key: text for key, text in zip(hashes, indexed.texts, strict=True) if key not in known}
        keys = list(missing)
        for start in range(0, len(keys), STORE_EVERY):
            some = keys[start : start + STORE_EVERY]
            # beside the thread of the search, which goes on answering
            vectors = await asyncio.to_thread(self._model.encode_many, [missing[key] for key in some])
            fresh = list(zip(some, vectors, strict=True))
            known.update(fresh)
            await self._store(fresh)
        async with db.transaction() as session:
            await repository.forget_vectors(session, self._model.model_hash, set(hashes))
            if there:
                await repository.index_vectors(session)
        return np.stack([known[key] for key in hashes]) if hashes else np.zeros((0, self._model.dimension), np.float32)

    async def _store(self, rows: list[tuple[str, Vectors]]) -> None:
        if rows:
            async with db.transaction() as session:
                await repository.save_vectors(session, self._model.model_hash, rows)

    async def _swap(self, indexed: Indexed, vectors: Vectors, prepared: Prepared | None = None) -> Snapshot:
        """Build aside, then serve; questions under way finish on the old snapshot."""

        def build() -> Snapshot:
            settings = get_settings()
            index = (
                PgVectorIndex(settings.dsn, self._model.model_hash, indexed.hashes)
                if settings.vector_index == "pgvector"
                else None
            )
            snapshot = Snapshot(indexed, parameters(), vectors, prepared=prepared, index=index)
            if self.ready:  # after a start nobody waits for it either: the listener does it first
                snapshot.warm()
            return snapshot

        snapshot = await asyncio.to_thread(build)
        old, self._serving = self._serving, _Serving(indexed.library, snapshot, Answerer(snapshot, calibration()))
        if old and self._thread:
            await asyncio.get_running_loop().run_in_executor(self._thread, old.snapshot.close)
        return snapshot

    async def _keep(self, indexed: Indexed, vectors: Vectors, snapshot: Snapshot) -> None:
        """Have what is served on disk for the next start."""
        await asyncio.to_thread(
            snapshot_file.save, indexed, self._model.model_hash, parameters(), vectors, snapshot.prepared
        )

    async def _load_from_disk(self) -> None:
        """Serve what the last process served, if the same model made it from the same parameters."""
        stored = await asyncio.to_thread(snapshot_file.load, self._model.model_hash, parameters())
        if stored is None:
            return  # the database has the truth
        snapshot = await self._swap(stored.indexed, stored.vectors, stored.prepared)
        if stored.prepared is None:
            # after an upgrade; while nothing new is published, nobody else would keep it for the next start
            await self._keep(stored.indexed, stored.vectors, snapshot)
        log.info("knowledge_from_disk", entries=len(stored.indexed.library.entries), prepared=bool(stored.prepared))

    async def _listen(self) -> None:
        """Refresh at every announcement, and after every reconnection, since announcements may have been missed."""
        wait = FIRST_RETRY
        if self._serving:
            await asyncio.to_thread(self._serving.snapshot.warm)
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    get_settings().dsn, autocommit=True, connect_timeout=5, keepalives_idle=30, keepalives_interval=10
                ) as connection:
                    await connection.execute(f"listen {repository.CHANNEL}")
                    while True:
                        await self.refresh()
                        self._attempted.set()
                        wait = FIRST_RETRY
                        async for _ in connection.notifies(timeout=RECHECK, stop_after=1):
                            pass
            except DATABASE_ERRORS as error:
                log.warning("knowledge_database_away", error=type(error).__name__, retry_seconds=wait)
            except Exception:
                log.exception("knowledge_refresh_failed", retry_seconds=wait)
            self._attempted.set()
            await asyncio.sleep(wait)
            wait = min(wait * 2, LAST_RETRY)


knowledge = KnowledgeService()

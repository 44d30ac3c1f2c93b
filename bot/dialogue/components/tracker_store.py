"""Rasa's memory in PostgreSQL: one encrypted row per conversation, one select and one upsert a turn."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
import zlib
from contextlib import contextmanager
from typing import Any, Callable, Iterable, Iterator, List, Optional, Tuple, TypeVar

import psycopg2
import rasa.core.agent
from cryptography.fernet import Fernet, MultiFernet
from psycopg2.extensions import connection as Connection
from psycopg2.pool import PoolError, ThreadedConnectionPool
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SerializedTrackerAsText, TrackerStore
from rasa.shared.core.conversation import Dialogue
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot.dialogue.components.history import read_events, trimmed

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

KEYS_VARIABLE = "HUB_DATA_KEYS"
ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 0.1  # doubled each time: 3.1 s in all, longer than the server takes to restart
CONNECTIONS = 4
LONGEST_STATEMENT = "-c statement_timeout=3000"
TRANSIENT = (psycopg2.OperationalError, psycopg2.InterfaceError)

_CREATE = """create table if not exists dialogue_tracker (
    sender_id text primary key, data bytea not null, updated_at timestamptz not null default now())"""
_SELECT = "select data from dialogue_tracker where sender_id = %s"
_UPSERT = """insert into dialogue_tracker (sender_id, data) values (%s, %s)
    on conflict (sender_id) do update set data = excluded.data, updated_at = now()"""
_DELETE = "delete from dialogue_tracker where sender_id = %s"
_KEYS = "select sender_id from dialogue_tracker"


def _as_it_is(tracker_store: TrackerStore) -> TrackerStore:
    return tracker_store


# Rasa's agent wraps every store so that it goes on in memory when the database fails. A form would start afresh and
# overwrite the citizen's conversation when the database is back; the hub must see an error instead, and say so.
rasa.core.agent.FailSafeTrackerStore = _as_it_is


class EncryptedTrackerStore(TrackerStore, SerializedTrackerAsText):
    """Keeps each conversation as one row that only holders of the data keys can read.

    Raises `psycopg2.Error` when the database stays away; it never falls back to memory.
    """

    def __init__(
        self,
        domain: Optional[Domain],
        host: Optional[str] = None,
        event_broker: Optional[EventBroker] = None,
        user_turns: int = 60,
        **kwargs: Any,
    ) -> None:
        if not host:
            raise ValueError("the tracker store needs the URL of its database")
        keys = [key for key in os.environ.get(KEYS_VARIABLE, "").split(",") if key]
        if not keys:
            raise ValueError(f"{KEYS_VARIABLE} is empty: without it conversations cannot be encrypted")
        self._vault = MultiFernet([Fernet(key) for key in keys])
        self._user_turns = user_turns
        self._pool = ThreadedConnectionPool(
            0, CONNECTIONS, host, application_name="dialogue", connect_timeout=3, options=LONGEST_STATEMENT
        )
        self._pool.minconn = CONNECTIONS  # keeps that many open, but opens the first one only when it is needed
        self._slots = asyncio.Semaphore(CONNECTIONS - 1)  # the pool raises when it is empty, it does not wait
        self._retrying(lambda connection: _execute(connection, _CREATE))
        super().__init__(domain, event_broker, **kwargs)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the conversation, without the turns that are too old to matter."""
        await self.stream_events(tracker)
        data = self._sealed(self.serialise_tracker(trimmed(tracker, self.domain, self._user_turns)))
        await self._run(lambda connection: _execute(connection, _UPSERT, (tracker.sender_id, data)))

    async def retrieve(self, sender_id: str) -> Optional[DialogueStateTracker]:
        """The conversation as it was saved last, all sessions included; None where there is none."""
        rows = await self._run(lambda connection: _fetch(connection, _SELECT, (sender_id,)))
        if not rows:
            return None
        tracker = self.init_tracker(sender_id)
        tracker.recreate_from_dialogue(Dialogue(sender_id, read_events(self._opened(bytes(rows[0][0])))))
        return tracker

    async def delete(self, sender_id: str) -> None:
        """Forget the conversation."""
        await self._run(lambda connection: _execute(connection, _DELETE, (sender_id,)))

    async def keys(self) -> Iterable[str]:
        """Ids of all conversations."""
        return [row[0] for row in await self._run(lambda connection: _fetch(connection, _KEYS))]

    @staticmethod
    def serialise_tracker(tracker: DialogueStateTracker) -> str:
        """The events as JSON, Chinese characters as they are (a third of the size)."""
        return json.dumps(tracker.as_dialogue().as_dict(), ensure_ascii=False, separators=(",", ":"))

    def _sealed(self, text: str) -> bytes:
        return self._vault.encrypt(zlib.compress(text.encode(), level=1))

    def _opened(self, data: bytes) -> str:
        return zlib.decompress(self._vault.decrypt(data)).decode()

    async def _run(self, work: Callable[[Connection], Result]) -> Result:
        """At once where the database is well (a thread would cost more than the statement), else patiently aside."""
        try:
            return self._once(work)
        except (*TRANSIENT, PoolError):
            async with self._slots:
                return await asyncio.get_running_loop().run_in_executor(None, self._retrying, work)

    def _once(self, work: Callable[[Connection], Result]) -> Result:
        with self._connection() as connection:
            return work(connection)

    def _retrying(self, work: Callable[[Connection], Result]) -> Result:
        """Do the work; on a lost connection try again on a new one while the server restarts."""
        for attempt in range(ATTEMPTS):
            try:
                return self._once(work)
            except TRANSIENT as error:
                if attempt == ATTEMPTS - 1:
                    raise
                logger.warning("conversation store: %s, trying again", type(error).__name__)
                time.sleep(FIRST_PAUSE_SECONDS * 2**attempt)
        raise AssertionError("unreachable")

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        connection = self._pool.getconn()
        broken = True
        try:
            connection.autocommit = True
            yield connection
            broken = False
        finally:
            self._pool.putconn(connection, close=broken)


def _execute(connection: Connection, statement: str, values: Tuple[Any, ...] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _fetch(connection: Connection, statement: str, values: Tuple[Any, ...] = ()) -> List[Tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: List[Tuple[Any, ...]] = cursor.fetchall()
        return rows

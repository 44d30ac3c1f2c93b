"""One turn at a time in each conversation, across processes.

One connection of its own per process holds any number of session-level advisory locks. Never a pooled one: the action
webhook waits for pooled connections while a turn holds its lock, and a lock left on a returned connection never ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

import psycopg

from hub.kit.errors import Unavailable


class ConversationBusy(Unavailable):
    """The turn before this one has not ended in time."""

    code = "conversation_busy"
    message = "上一条消息还在处理中，请稍候，您的消息不会丢失。"


@dataclass(slots=True)
class _Line:
    """A lock of this process and how many stand in line for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Lines:
    """First come, first served in each conversation, within this process (asyncio locks are fair)."""

    def __init__(self) -> None:
        self._lines: dict[UUID, _Line] = {}

    @contextlib.asynccontextmanager
    async def wait(self, conversation_id: UUID, timeout: float) -> AsyncIterator[None]:
        """Be first in line while the block runs.

        Raises `ConversationBusy` after `timeout` seconds.
        """
        line = self._lines.setdefault(conversation_id, _Line())
        line.users += 1
        try:
            try:
                async with asyncio.timeout(timeout):
                    await line.lock.acquire()
            except TimeoutError as late:
                raise ConversationBusy from late
            try:
                yield
            finally:
                line.lock.release()
        finally:
            line.users -= 1
            if not line.users:
                self._lines.pop(conversation_id, None)


class ConversationLocks:
    """Locks named by conversation; `hold` keeps the order of arrival within a process."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._lines = Lines()
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None
        self._connecting = asyncio.Lock()

    async def close(self) -> None:
        """Give every lock back by closing the connection."""
        if self._connection:
            await self._connection.close()
            self._connection = None

    @contextlib.asynccontextmanager
    async def hold(self, conversation_id: UUID, timeout: float = 30.0) -> AsyncIterator[None]:
        """Own the conversation while the block runs.

        Raises `ConversationBusy` after `timeout` seconds.
        """
        key = int.from_bytes(conversation_id.bytes[8:], "big", signed=True)
        deadline = time.monotonic() + timeout
        async with self._lines.wait(conversation_id, timeout):
            connection = await self._lock_elsewhere(key, deadline)
            try:
                yield
            finally:
                # a lost connection has given the lock back already
                with contextlib.suppress(psycopg.Error):
                    await connection.execute("select pg_advisory_unlock(%s)", (key,))

    async def _lock_elsewhere(self, key: int, deadline: float) -> psycopg.AsyncConnection[tuple[object, ...]]:
        delay = 0.005
        while True:
            try:
                connection = await self._connected()
                row = await (await connection.execute("select pg_try_advisory_lock(%s)", (key,))).fetchone()
                if row and row[0]:
                    return connection
            except psycopg.OperationalError:
                delay = max(delay, 0.1)
            if time.monotonic() > deadline:
                raise ConversationBusy
            await asyncio.sleep(delay)
            delay = min(delay * 1.5, 0.2)

    async def _connected(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        async with self._connecting:
            if self._connection is None or self._connection.closed:
                self._connection = await psycopg.AsyncConnection.connect(self._dsn, autocommit=True, connect_timeout=3)
            return self._connection

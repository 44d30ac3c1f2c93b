"""News between processes through PostgreSQL LISTEN/NOTIFY: one connection a process, any number of listeners."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator

import psycopg
from psycopg import sql

from hub.kit import tasks
from hub.kit.logging import get_logger

log = get_logger(__name__)


class Broadcast:
    """Listens on one channel and hands each payload to whoever waits for it in this process.

    Delivery is a hint: a listener that was away must look into the database, which it does after every reconnect.
    """

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self._waiting: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    def start(self, dsn: str) -> None:
        """Begin to listen; reconnects by itself."""
        self._task = asyncio.create_task(self._listen(dsn), name=f"broadcast-{self.channel}")

    async def stop(self) -> None:
        """Stop listening."""
        if self._task:
            await tasks.end(self._task)
            self._task = None

    @contextlib.asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[asyncio.Queue[str]]:
        """A queue that receives a hint for every piece of news on the topic while the block runs."""
        queue: asyncio.Queue[str] = asyncio.Queue(maxsize=100)
        self._waiting[topic].add(queue)
        try:
            yield queue
        finally:
            self._waiting[topic].discard(queue)
            if not self._waiting[topic]:
                del self._waiting[topic]

    def _publish_here(self, topic: str) -> None:
        """Tell the listeners of this process."""
        for queue in self._waiting.get(topic, ()):
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait("")

    async def _listen(self, dsn: str) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
                    await connection.execute(sql.SQL("listen {}").format(sql.Identifier(self.channel)))
                    for topic in list(self._waiting):
                        self._publish_here(topic)
                    async for notice in connection.notifies():
                        self._publish_here(notice.payload)
            except psycopg.Error as error:
                log.warning("broadcast_reconnects", channel=self.channel, error=type(error).__name__)
            await asyncio.sleep(0.5)

"""An application served for real on a free port of loopback, for tests of clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send


class Served:
    """The application and its address; knows how many requests it still works on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._in_flight, self.url = app, 0, ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._in_flight += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._in_flight -= 1

    async def come_to_rest(self) -> None:
        """Wait for requests whose caller has given up: their transactions would block the next test's truncate."""
        while self._in_flight:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[Served]:
    """Serve an application until the block ends."""
    peer = Served(app)
    config = uvicorn.Config(peer, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    server, listening = uvicorn.Server(config), config.bind_socket()
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.02)
    peer.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield peer
    server.should_exit = True
    await serving

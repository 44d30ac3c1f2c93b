"""A load generator cheap enough not to be what is measured: prepared requests over keep-alive connections."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.figures import Sample

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def post(path: str, body: Mapping[str, object], bearer: str = "") -> bytes:
    """A POST request, ready to be sent any number of times."""
    payload = json.dumps(body, ensure_ascii=False).encode()
    allow = f"Authorization: Bearer {bearer}\r\n" if bearer else ""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{allow}Content-Type: application/json\r\n"
    return f"{head}Content-Length: {len(payload)}\r\n\r\n".encode() + payload


@dataclass(frozen=True, slots=True)
class Connection:
    """One keep-alive connection; understands no more of HTTP than uvicorn and Sanic answer with."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, request: bytes) -> bytes:
        """The body of the answer.

        Raises `RuntimeError` for anything but a success: a failure must not look like a fast answer.
        """
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        body = await self.reader.readexactly(int(length[1])) if length else b""
        if head[9:10] != b"2" or length is None:
            raise RuntimeError(f"{request[:80]!r} was answered {head[:400]!r} {body[:400]!r}")
        return body


@asynccontextmanager
async def connection(port: int) -> AsyncIterator[Connection]:
    """A connection to a server of this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()


@dataclass(frozen=True, slots=True)
class Round:
    """What came of one round of load; `answers` are in the order of the scripts, `cpu` is the generator's own share."""

    sample: Sample
    answers: list[list[Any]]
    cpu: float


def drive(port: int, scripts: Sequence[Sequence[bytes]], clients: int) -> Round:
    """Work through all scripts with so many clients at once; each client takes the next script when it is done."""
    return asyncio.run(_drive(port, scripts, clients))


async def _drive(port: int, scripts: Sequence[Sequence[bytes]], clients: int) -> Round:
    latencies: list[float] = []
    answers: list[list[bytes]] = [[] for _ in scripts]
    waiting = iter(enumerate(scripts))

    async def client(line: Connection) -> None:
        for place, script in waiting:
            for request in script:
                began = time.perf_counter()
                body = await line.send(request)
                latencies.append(time.perf_counter() - began)
                answers[place].append(body)

    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(connection(port)) for _ in range(clients)]
        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(client(line) for line in lines))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    read = [[json.loads(body) for body in bodies] for bodies in answers]
    return Round(Sample(tuple(latencies), seconds), read, cpu / seconds)

"""The arithmetic of the benchmark report, on numbers worked out by hand."""

from __future__ import annotations

import asyncio

import pytest

from benchmarks.figures import Comparison, Sample, Target, percentile, table
from benchmarks.load import Connection, post


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([15, 20, 35, 40, 50], 5, 15),
        ([15, 20, 35, 40, 50], 30, 20),
        ([15, 20, 35, 40, 50], 40, 20),
        ([15, 20, 35, 40, 50], 50, 35),
        ([15, 20, 35, 40, 50], 100, 50),
        ([50, 15, 40, 20, 35], 50, 35),
        ([7], 95, 7),
        (list(range(1, 101)), 95, 95),
        (list(range(1, 101)), 99.5, 100),
    ],
)
def test_percentile_is_the_nearest_rank(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


@pytest.mark.parametrize(("values", "share"), [([], 50), ([1], 0), ([1], 101)])
def test_percentile_of_nothing_is_an_error(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match=r"no values|no percentage"):
        percentile(values, share)


def test_rounds_add_up_to_one_sample() -> None:
    both = Sample((0.010, 0.030), 0.5) + Sample((0.020, 0.040), 1.5)
    assert both.per_second == 2.0
    assert both.milliseconds(50) == pytest.approx(20)
    assert both.milliseconds(95) == pytest.approx(40)


def test_ratios_are_ours_over_the_peers() -> None:
    ours = Sample((0.030, 0.030, 0.060, 0.060), 4.0)
    peer = Sample((0.020, 0.020, 0.020, 0.040, 0.040), 2.5)
    compared = Comparison(ours, peer)
    assert compared.latency(50) == pytest.approx(1.5)
    assert compared.latency(95) == pytest.approx(1.5)
    assert compared.throughput == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("measured", "limit", "at_most", "met"),
    [(2.0, 2.0, True, True), (2.01, 2.0, True, False), (0.6, 0.6, False, True), (0.59, 0.6, False, False)],
)
def test_a_target_passes_up_to_its_limit(measured: float, limit: float, at_most: bool, met: bool) -> None:
    target = Target("it:", measured, limit, at_most)
    assert target.met is met
    assert ("pass" in target.line()) is met
    assert ("FAIL" in target.line()) is not met


def test_table_is_markdown() -> None:
    assert table(["what", "ms"], [["a", "1"]]) == "| what | ms |\n| --- | ---: |\n| a | 1 |"


class Answering:
    """A server that gives one answer to everything."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(self.answer)
        await writer.drain()


async def one_exchange(answer: bytes) -> bytes:
    server = await asyncio.start_server(Answering(answer), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            return await Connection(reader, writer).send(post("/x", {"question": "税"}))
        finally:
            writer.close()


async def test_the_generator_reads_a_whole_answer() -> None:
    body = '{"answer": "增值税"}'.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    assert await one_exchange(head + body) == body


async def test_a_failure_is_never_a_fast_answer() -> None:
    with pytest.raises(RuntimeError, match="503"):
        await one_exchange(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}")

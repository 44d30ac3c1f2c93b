"""Background tasks end when they are told to, even one that missed the first telling."""

from __future__ import annotations

import asyncio

from hub.kit import tasks


async def test_a_task_that_lost_a_cancellation_is_asked_again() -> None:
    lost = 0

    async def deaf() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if lost:
                    raise
                lost += 1

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await tasks.end(task)
    assert task.cancelled()
    assert lost == 1


async def test_a_task_that_fails_while_it_ends_is_over() -> None:
    async def clumsy() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise RuntimeError

    task = asyncio.create_task(clumsy())
    await asyncio.sleep(0)
    await tasks.end(task)
    assert isinstance(task.exception(), RuntimeError)

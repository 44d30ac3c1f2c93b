"""Ending background tasks."""

from __future__ import annotations

import asyncio

_ASK_AGAIN = 1.0


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it is over, however it ends.

    One request is not always enough: before Python 3.12 `asyncio.wait_for`, which the database driver waits with, lost
    a cancellation that came together with what it waited for.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_ASK_AGAIN)

"""Processes that die at a given step: before a transaction begins, or right after it is committed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit.db import transaction


class Died(BaseException):
    """The process is gone; no `except Exception` may go on."""


def dying_transaction(step: int) -> Callable[[], AbstractAsyncContextManager[AsyncSession]]:
    """`transaction` for a module whose process dies: before the first one at step 0, after it at 1, and so on."""
    moment = 0

    def reached() -> None:
        nonlocal moment
        if moment == step:
            moment += 1
            raise Died
        moment += 1

    @asynccontextmanager
    async def dies() -> AsyncIterator[AsyncSession]:
        reached()
        async with transaction() as session:
            yield session
        reached()

    return dies

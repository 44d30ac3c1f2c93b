"""The access token of the account: one for all processes, fetched by one of them at a time (stable_token)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from channels.wechat import repository
from hub.kit import clock
from hub.kit.db import reading, transaction
from hub.outbox.letters import NotNow

EARLY = timedelta(minutes=5)
"""How long before its end a token is renewed; WeChat keeps the old one good for as long."""
LEASE = timedelta(seconds=15)
PATIENCE = 8.0
_LOOK_AGAIN = 0.05

Fetch = Callable[[bool], Awaitable[tuple[str, datetime]]]
"""Fetch a token and when it ends; with True one that certainly is another."""


class Tokens:
    """Gives out the token. No transaction is open while WeChat is asked: a lease in the row keeps others away."""

    def __init__(self, app_id: str, fetch: Fetch) -> None:
        self._app_id, self._fetch = app_id, fetch

    async def get(self, instead_of: str | None = None) -> str:
        """The token, renewed when it ends soon, or when it is the one that WeChat did not take.

        Raises `NotNow` and what `fetch` raises.
        """
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            token, fresh = await self._known(instead_of)
            if token is not None and fresh:
                return token
            async with transaction() as session:
                ours = await repository.lease(session, self._app_id, LEASE)
            if ours:
                return await self._renewed(instead_of)
            if token is not None:
                return token
            if asyncio.get_running_loop().time() > deadline:
                raise NotNow("token")
            await asyncio.sleep(_LOOK_AGAIN)

    async def _known(self, instead_of: str | None) -> tuple[str | None, bool]:
        """The token that may be used, and whether it will do for a while."""
        async with reading() as session:
            row = await repository.token(session, self._app_id)
        if row is None or row.token is None or row.expires_at is None or row.token == instead_of:
            return None, False
        now = clock.now()
        return (row.token if row.expires_at > now else None), row.expires_at > now + EARLY

    async def _renewed(self, instead_of: str | None) -> str:
        try:
            token, fresh = await self._known(instead_of)
            if token is not None and fresh:
                # somebody was faster than our lease
                async with transaction() as session:
                    await repository.end_lease(session, self._app_id)
                return token
            value, expires_at = await self._fetch(False)
            if value == instead_of:
                value, expires_at = await self._fetch(True)
        except BaseException:
            async with transaction() as session:
                await repository.end_lease(session, self._app_id)
            raise
        async with transaction() as session:
            await repository.keep_token(session, self._app_id, value, expires_at)
        return value

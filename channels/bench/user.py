"""What the bench needs to play a user of a channel against the running hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import httpx

from channels.base import Call


class NotPossible(Exception):
    """The channel cannot be played here; the words say why, in Chinese."""


class PlayedUser(Protocol):
    """A user of a channel. Lines that begin with "/" are what `acts` lists, all others are said."""

    acts: Mapping[str, str]
    """What can be done beside saying something: the act with its arguments, and what it does."""

    async def do(self, line: str) -> Sequence[str]:
        """Do what a line says over the wire; what the hub answered at once, as lines.

        Raises `NotPossible`.
        """
        ...

    async def news(self) -> Sequence[str]:
        """What the user was pushed since this was asked last."""
        ...

    async def close(self) -> None:
        """Put away what was opened."""
        ...


class Webhook:
    """The webhook of a channel of the running hub."""

    def __init__(self, base_url: str, channel: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._address = f"/channels/{channel}/webhook"
        self._http = httpx.AsyncClient(base_url=base_url, transport=transport, trust_env=False, timeout=30)

    async def post(self, call: Call) -> httpx.Response:
        """Make a call of the party.

        Raises `NotPossible` when the hub does not run or its door is off.
        """
        try:
            response = await self._http.request(
                call.method, self._address, params=dict(call.query), headers=dict(call.headers), content=call.body
            )
        except httpx.HTTPError as error:
            raise NotPossible("连不上 hub，请先运行 make run。") from error
        if response.status_code == 404:
            raise NotPossible("这个渠道没有开启。")
        return response

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

"""Asking a party over HTTP within one deadline, with its troubles told in the gateways' words."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal

import httpx

from hub.kit.clock import SHANGHAI
from services.gateways.errors import GatewayFault, GatewayTimeout, GatewayUnavailable
from services.gateways.signed_http import CLOSED_FOR_NOW, checked_address, open_client

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes; a day's statement of a large bureau stays far below."""


class Caller:
    """A client of one party: its address, one deadline an answer, no redirects, no proxies from the environment.

    Raises `ValueError` when the address is neither HTTPS nor on this machine.
    """

    def __init__(self, url: str, timeout_seconds: float, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.base = checked_address(url, "the address of a payment channel")
        self._timeout_seconds = timeout_seconds
        self._client = open_client(timeout_seconds, transport)

    async def ask(self, request: httpx.Request) -> httpx.Response:
        """The party's answer, whatever its status but for the ones that say "closed for now".

        Raises `GatewayUnavailable`, `GatewayTimeout`, `GatewayFault`.
        """
        try:
            async with asyncio.timeout(self._timeout_seconds):
                response = await self._client.send(request)
        except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise GatewayUnavailable("unreachable") from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise GatewayTimeout("no_answer_in_time") from error
        except httpx.HTTPError as error:
            raise GatewayUnavailable("unreachable") from error
        if response.status_code in CLOSED_FOR_NOW:
            raise GatewayUnavailable(f"http_{response.status_code}")
        if len(response.content) > LARGEST_ANSWER:
            raise GatewayFault("answer_too_large")
        return response

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def yuan(fen: int) -> Decimal:
    """An amount in fen as 元."""
    return (Decimal(fen) / 100).quantize(Decimal("0.01"))


def fen(amount: Decimal) -> int:
    """An amount in 元 as fen.

    Raises `ValueError` when it is not exact to the fen.
    """
    whole = amount * 100
    if whole != whole.to_integral_value():
        raise ValueError("an amount is exact to the fen")
    return int(whole)


def amount_of(text: str) -> Decimal:
    """An amount in 元 as a party writes it.

    Raises `ValueError` when it is none.
    """
    try:
        found = Decimal(text)
        exact = found.quantize(Decimal("0.01"))
    except ArithmeticError as error:
        raise ValueError("not an amount") from error
    if not found.is_finite() or found < 0 or found != exact:
        raise ValueError("not an amount")
    return exact


def china_time(text: str) -> datetime:
    """A moment that a party writes in Chinese time without saying so: 2026-11-22 12:00:00.

    Raises `ValueError` when it is none.
    """
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)


def in_china(moment: datetime) -> str:
    """A moment as such a party wants it."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")

"""Signed JSON requests to an outside system: one deadline, repeats that can never count twice, stable troubles."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import httpx
import stamina

from services.gateways.errors import GatewayFault, GatewayTimeout, GatewayUnavailable
from services.gateways.signature import Credentials, signed_headers

T = TypeVar("T")

ATTEMPTS = 3
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
CLOSED_FOR_NOW = frozenset({429, 502, 503, 504})


def checked_address(url: str, setting: str) -> httpx.URL:
    """The base address of another party.

    Raises `ValueError` when it is neither HTTPS nor on this machine.
    """
    address = httpx.URL(url)
    if address.scheme != "https" and not (address.scheme == "http" and address.host in LOOPBACK):
        raise ValueError(f"{setting} must begin with https://")
    return address


def open_client(timeout_seconds: float, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client that follows nobody elsewhere: no redirects, and no proxies of the environment."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(timeout_seconds, connect=min(2.0, timeout_seconds)),
        follow_redirects=False, trust_env=False, transport=transport,
    )  # fmt: skip


class SignedHttp:
    """Posts JSON to one address of a party that knows the request id as `Idempotency-Key`."""

    def __init__(
        self,
        address: httpx.URL,
        path: str,
        credentials: Credentials,
        timeout_seconds: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = address.copy_with(path=address.path.rstrip("/") + path)
        self._credentials = credentials
        self._timeout_seconds = timeout_seconds
        self._client = open_client(timeout_seconds, transport)

    async def ask(self, request_id: str, body: bytes, read: Callable[[bytes], T], *, operation: str = "") -> T:
        """Ask and read the answer; repeated while the party is closed for now, within the deadline.

        `operation` is put behind the path, where a party has one address for each thing that can be asked.
        `read` raises `ValueError` for what it cannot read. Raises `GatewayUnavailable`, `GatewayTimeout` or
        `GatewayFault`.
        """
        try:
            async with asyncio.timeout(self._timeout_seconds):
                async for attempt in stamina.retry_context(
                    on=GatewayUnavailable, attempts=ATTEMPTS, timeout=self._timeout_seconds,
                    wait_initial=0.05, wait_max=0.5, wait_jitter=0.05,
                ):  # fmt: skip
                    with attempt:
                        return _understood(await self._post(request_id, body, operation), read)
        except TimeoutError:
            raise GatewayTimeout("no_answer_in_time") from None
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _post(self, request_id: str, body: bytes, operation: str) -> httpx.Response:
        url = self._url.copy_with(path=self._url.path + operation)
        headers = signed_headers(self._credentials, "POST", url.path, body) | {
            "Content-Type": "application/json",
            "Idempotency-Key": request_id,
        }
        try:
            return await self._client.post(url, content=body, headers=headers)
        except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise GatewayUnavailable("unreachable") from error
        except httpx.TimeoutException as error:
            raise GatewayTimeout("no_answer_in_time") from error
        except httpx.HTTPError as error:
            raise GatewayUnavailable("unreachable") from error


def _understood(response: httpx.Response, read: Callable[[bytes], T]) -> T:
    if response.status_code in CLOSED_FOR_NOW:
        raise GatewayUnavailable(f"http_{response.status_code}")
    if response.status_code != httpx.codes.OK:
        raise GatewayFault(f"http_{response.status_code}")
    try:
        return read(response.content)
    except ValueError as error:
        raise GatewayFault("malformed_reply") from error

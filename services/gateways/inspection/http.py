"""The real inspection platform over HTTPS: signed requests, one deadline, retries that can never count twice."""

from __future__ import annotations

import asyncio

import httpx
import stamina
from pydantic import ValidationError

from services.gateways.errors import GatewayFault, GatewayTimeout, GatewayUnavailable
from services.gateways.inspection.protocol import REPLY, REQUEST, InspectionReply, InspectionRequest
from services.gateways.inspection.signature import PATH, Credentials, signed_headers

ATTEMPTS = 3
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_CLOSED_FOR_NOW = frozenset({429, 502, 503, 504})


class InspectionHttp:
    """A client of the platform's wire protocol (`docs/developers/inspection-gateway.md`).

    Raises `ValueError` when the address is neither HTTPS nor on this machine.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        timeout_seconds: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        address = httpx.URL(url)
        if address.scheme != "https" and not (address.scheme == "http" and address.host in _LOOPBACK):
            raise ValueError("HUB_INSPECTION_URL must begin with https://")
        self._credentials = credentials
        self._timeout_seconds = timeout_seconds
        self._url = address.copy_with(path=address.path.rstrip("/") + PATH)
        # the environment's proxies are not ours to follow: every setting of the hub is in hub.settings
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout_seconds, connect=min(2.0, timeout_seconds)),
            follow_redirects=False, trust_env=False, transport=transport,
        )  # fmt: skip

    async def inspect(self, request: InspectionRequest) -> InspectionReply:
        """Ask the platform; see `InspectionGateway`.

        Repeats while the platform is closed for now, within the deadline: the platform keeps its answer under the
        idempotency key, so a repeat is never counted as a second check.
        """
        body = REQUEST.dump_json(request)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                async for attempt in stamina.retry_context(
                    on=GatewayUnavailable, attempts=ATTEMPTS, timeout=self._timeout_seconds,
                    wait_initial=0.05, wait_max=0.5, wait_jitter=0.05,
                ):  # fmt: skip
                    with attempt:
                        return _understand(request, await self._post(request.request_id, body))
        except TimeoutError:
            raise GatewayTimeout("no_answer_in_time") from None
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _post(self, request_id: str, body: bytes) -> httpx.Response:
        headers = signed_headers(self._credentials, "POST", self._url.path, body) | {
            "Content-Type": "application/json",
            "Idempotency-Key": request_id,
        }
        try:
            return await self._client.post(self._url, content=body, headers=headers)
        except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise GatewayUnavailable("unreachable") from error
        except httpx.TimeoutException as error:
            raise GatewayTimeout("no_answer_in_time") from error
        except httpx.HTTPError as error:
            raise GatewayUnavailable("unreachable") from error


def _understand(request: InspectionRequest, response: httpx.Response) -> InspectionReply:
    """The reply that a response carries.

    Raises `GatewayUnavailable` or `GatewayFault`.
    """
    if response.status_code in _CLOSED_FOR_NOW:
        raise GatewayUnavailable(f"http_{response.status_code}")
    if response.status_code != httpx.codes.OK:
        raise GatewayFault(f"http_{response.status_code}")
    try:
        reply = REPLY.validate_json(response.content)
    except (ValidationError, ValueError) as error:
        raise GatewayFault("malformed_reply") from error
    if reply.request_id != request.request_id:
        raise GatewayFault("reply_to_another_request")
    if reply.invoice and (reply.invoice.number, reply.invoice.code) != (request.number, request.code):
        raise GatewayFault("reply_about_another_invoice")
    return reply

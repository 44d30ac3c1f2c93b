"""The real-name service over HTTPS: signed requests whose repeats are answered from its memory."""

from __future__ import annotations

import httpx

from services.gateways.errors import GatewayFault
from services.gateways.real_name.protocol import REPLY, REQUEST, RealNameReply, RealNameRequest
from services.gateways.signature import Credentials
from services.gateways.signed_http import SignedHttp, checked_address

PATH = "/v1/real-name-checks"


class RealNameHttp:
    """A client of the service's wire protocol (`docs/developers/identity.md`).

    Raises `ValueError` when the address is neither HTTPS nor on this machine.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        timeout_seconds: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        address = checked_address(url, "HUB_REAL_NAME_URL")
        self._http = SignedHttp(address, PATH, credentials, timeout_seconds, transport)

    async def check(self, request: RealNameRequest) -> RealNameReply:
        """Ask the service; see `RealNameGateway`."""
        reply = await self._http.ask(request.request_id, REQUEST.dump_json(request), REPLY.validate_json)
        if reply.request_id != request.request_id:
            raise GatewayFault("reply_to_another_request")
        return reply

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

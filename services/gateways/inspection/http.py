"""The real inspection platform over HTTPS: signed requests, one deadline, retries that can never count twice."""

from __future__ import annotations

import httpx

from services.gateways.errors import GatewayFault
from services.gateways.inspection.protocol import REPLY, REQUEST, InspectionReply, InspectionRequest
from services.gateways.inspection.signature import PATH
from services.gateways.signature import Credentials
from services.gateways.signed_http import ATTEMPTS as ATTEMPTS
from services.gateways.signed_http import SignedHttp, checked_address


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
        address = checked_address(url, "HUB_INSPECTION_URL")
        self._http = SignedHttp(address, PATH, credentials, timeout_seconds, transport)

    async def inspect(self, request: InspectionRequest) -> InspectionReply:
        """Ask the platform; see `InspectionGateway`.

        Repeats while the platform is closed for now, within the deadline: the platform keeps its answer under the
        idempotency key, so a repeat is never counted as a second check.
        """
        reply = await self._http.ask(request.request_id, REQUEST.dump_json(request), REPLY.validate_json)
        if reply.request_id != request.request_id:
            raise GatewayFault("reply_to_another_request")
        if reply.invoice and (reply.invoice.number, reply.invoice.code) != (request.number, request.code):
            raise GatewayFault("reply_about_another_invoice")
        return reply

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

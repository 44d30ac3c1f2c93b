"""What the clients of all carriers have in common: one deadline, no blind repeats, troubles in the gateways' words."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar

import httpx

from hub.kit import clock
from services.gateways.errors import GatewayFault, GatewayTimeout, GatewayUnavailable
from services.gateways.signature import Credentials
from services.gateways.signed_http import CLOSED_FOR_NOW, checked_address, open_client
from services.gateways.sms.protocol import DeliveryState, SmsReply, SmsRequest
from services.gateways.sms.registration import registered


class SmsCarrier(ABC):
    """A client of one carrier, an `SmsGateway`; how it is asked in its own words is left to the subclass.

    `setting` begins the names of its settings, for errors; `templates` is what it has registered
    (`registration.registered`). Raises `ValueError` when a template has no code, or the address is neither HTTPS nor
    on this machine.
    """

    tells_at_once: bool
    setting: ClassVar[str]

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        sign_name: str,
        templates: Mapping[str, Any],
        timeout_seconds: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._address = checked_address(url, f"{self.setting}_URL").copy_with(path="/")
        self._registered = registered(templates, f"{self.setting}_TEMPLATES")
        self._credentials = credentials
        self._sign_name = sign_name
        self._timeout_seconds = timeout_seconds
        self._client = open_client(timeout_seconds, transport)

    async def send(self, request: SmsRequest) -> SmsReply:
        """Send a message; see `SmsGateway`."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                if not request.first and await self._has(request):
                    return SmsReply(accepted=True)
                return await self._sent(request)
        except TimeoutError:
            raise GatewayTimeout("no_answer_in_time") from None

    async def delivery(self, message_id: str, phone: str, day: date) -> DeliveryState | None:
        """Look a message up by number and day; see `SmsGateway`."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._state(message_id, phone, day)
        except TimeoutError:
            raise GatewayTimeout("no_answer_in_time") from None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    @abstractmethod
    async def _sent(self, request: SmsRequest) -> SmsReply:
        """Hand a message over."""

    @abstractmethod
    async def _state(self, message_id: str, phone: str, day: date) -> DeliveryState | None:
        """What became of a message of that day; None when the carrier does not tell of one."""

    async def _has(self, request: SmsRequest) -> bool:
        """Whether an earlier attempt of today or yesterday got through."""
        today = clock.today()
        for day in (today, today - timedelta(days=1)):
            if await self._state(request.message_id, request.phone, day) is not None:
                return True
        return False

    async def _posted(self, url: httpx.URL, headers: Mapping[str, str], content: bytes = b"") -> dict[str, Any]:
        """The JSON object that the carrier answers.

        Raises `GatewayUnavailable` only for what has certainly not reached it, `GatewayTimeout` for what may have:
        it knows no key, so a connection lost on the way leaves a message in doubt.
        """
        try:
            response = await self._client.post(url, content=content, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise GatewayUnavailable("unreachable") from error
        except httpx.HTTPError as error:
            raise GatewayTimeout("connection_lost") from error
        if response.status_code in CLOSED_FOR_NOW:
            raise GatewayUnavailable(f"http_{response.status_code}")
        try:
            answer = response.json()
        except ValueError as error:
            raise GatewayFault("malformed_reply") from error
        if not isinstance(answer, dict):
            raise GatewayFault("malformed_reply")
        return answer

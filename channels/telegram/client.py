"""Requests to the Bot API, and what their failures mean for a message on its way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from pydantic import ValidationError

from channels.base import Blocked
from channels.telegram.wire import Response
from hub.kit.logging import get_logger
from hub.outbox.letters import DeliveryTrouble, Never, NotNow, Uncertain
from hub.outbox.models import Failure

log = get_logger(__name__)

TOO_MANY, FORBIDDEN, BAD_REQUEST = 429, 403, 400
NOT_OURS = (401, 404)
"""What a token that is not valid is answered with."""
NOBODY = ("chat not found", "user not found", "user is deactivated", "chat_id is empty", "not enough rights")
LONGEST_PAUSE = timedelta(hours=1)


class ChatMoved(DeliveryTrouble):
    """The group has become a supergroup with another number."""

    def __init__(self, chat_id: int) -> None:
        super().__init__("chat_moved")
        self.chat_id = chat_id


class BotApi:
    """The Bot API for one bot; the token stands in the address, so addresses are never logged."""

    def __init__(
        self, url: str, token: str, timeout_seconds: float, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._files = f"{url.rstrip('/')}/file/bot{token}"
        self._http = httpx.AsyncClient(
            base_url=f"{url.rstrip('/')}/bot{token}/", timeout=timeout_seconds, transport=transport
        )

    async def call(self, method: str, **parameters: Any) -> Any:
        """The result of a request.

        Raises `NotNow` (certainly not done), `Uncertain`, `Never`, `Blocked`, `ChatMoved`.
        """
        try:
            answer = await self._http.post(method, json=parameters)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotNow("unreachable") from error
        except httpx.HTTPError as error:
            raise Uncertain(type(error).__name__) from error
        try:
            response = Response.model_validate_json(answer.content)
        except ValidationError as error:
            raise Uncertain(f"http_{answer.status_code}") from error
        if response.ok:
            return response.result
        raise _trouble(response, answer.status_code)

    async def file(self, path: str, largest: int) -> httpx.Response | None:
        """A file by the path that `getFile` gave, read whole; None when it is larger than `largest` bytes.

        Raises `httpx.HTTPError`.
        """
        async with self._http.stream("GET", f"{self._files}/{path.lstrip('/')}") as answer:
            answer.raise_for_status()
            content = b""
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > largest:
                    return None
            return httpx.Response(answer.status_code, headers=answer.headers, content=content)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def _trouble(response: Response, status: int) -> DeliveryTrouble:
    code, words = response.error_code or status, response.description.lower()
    parameters = response.parameters
    if code == TOO_MANY:
        after = timedelta(seconds=max(1.0, parameters.retry_after or 1.0))
        return NotNow("too_many_requests", min(after, LONGEST_PAUSE))
    if parameters.migrate_to_chat_id is not None:
        return ChatMoved(parameters.migrate_to_chat_id)
    if code == FORBIDDEN:
        return Blocked()
    if code in NOT_OURS:
        log.error("telegram_token_refused", code=code)
        return NotNow("token_refused")
    if code == BAD_REQUEST and any(known in words for known in NOBODY):
        return Never("chat_not_found")
    if code >= 500:
        return Uncertain(f"http_{code}")
    log.error("telegram_refused", code=code, description=response.description[:200])
    return Never(f"refused_{code}", Failure.TECHNICAL)

"""The line to the Rasa server: a time-out, a circuit breaker, and the way back to a turn that was already taken."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from bot.dialogue.mapper import replies_from_events, replies_from_rest
from bot.dialogue.replies import Reply
from hub.kit.errors import Unavailable
from hub.kit.logging import get_logger
from hub.kit.trace import trace_id
from hub.settings import Settings

log = get_logger(__name__)

FAILURES_UNTIL_OPEN = 3
SECONDS_OPEN = 3.0


class DialogueUnavailable(Unavailable):
    """Rasa did not answer, or answered with nothing."""

    code = "dialogue_unavailable"
    message = "智能助手正在恢复中，请稍后再试。"


class DialogueClient:
    """Talks to one Rasa server over its REST channel and its tracker API."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._timeout = settings.dialogue_timeout_seconds
        self._http = httpx.AsyncClient(
            base_url=settings.dialogue_url,
            params={"token": settings.dialogue_token.get_secret_value()},
            timeout=httpx.Timeout(self._timeout, connect=1.0),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=32),
            trust_env=False,
            transport=transport,
        )
        self._breakers = AsyncCircuitBreakerFactory(default_threshold=FAILURES_UNTIL_OPEN, default_ttl=SECONDS_OPEN)

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()

    async def turn(
        self, conversation_id: UUID, text: str, message_id: UUID, channel: str, address: str = ""
    ) -> list[Reply]:
        """Say something to Rasa; its replies, at least one.

        Raises `DialogueUnavailable` when it is down, slow, broken or silent. A silent turn is not sent again: Rasa has
        taken it.
        """
        body = {
            "sender": str(conversation_id),
            "message": text,
            "metadata": {
                "message_id": str(message_id),
                "trace_id": trace_id(),
                "channel": channel,
                "address": address,
            },
        }
        replies = replies_from_rest(await self._guarded("POST", "/webhooks/rest/webhook", json=body))
        if not replies:
            log.error("dialogue_silent", conversation_id=str(conversation_id))
            raise DialogueUnavailable
        return replies

    async def replies_already_given(self, conversation_id: UUID, message_id: UUID) -> list[Reply] | None:
        """The replies to a message that Rasa has dealt with before, or None when it has not seen it.

        Raises `DialogueUnavailable`.
        """
        path = f"/conversations/{conversation_id}/tracker"
        tracker = await self._guarded("GET", path, params={"include_events": "ALL"})
        events: list[dict[str, Any]] = tracker.get("events") or []
        for index, event in enumerate(events):
            if event.get("event") == "user" and (event.get("metadata") or {}).get("message_id") == str(message_id):
                turn = events[index + 1 :]
                end = next((i for i, later in enumerate(turn) if later.get("event") == "user"), len(turn))
                return replies_from_events(turn[:end])
        return None

    async def healthy(self) -> bool:
        """Whether the server is up with a model loaded."""
        try:
            return (await self._http.get("/status", timeout=1.5)).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    async def _guarded(self, method: str, path: str, **arguments: Any) -> Any:
        breaker = await self._breakers.get_breaker("dialogue")
        params = {**dict(self._http.params), **arguments.pop("params", {})}
        try:
            async with breaker:
                response = await self._http.request(method, path, params=params, **arguments)
                response.raise_for_status()
                return response.json()
        except OpenedState as error:
            raise DialogueUnavailable from error
        except (httpx.HTTPError, ValueError) as error:
            log.warning("dialogue_failed", path=path.split("/")[-1], error=type(error).__name__)
            raise DialogueUnavailable from error

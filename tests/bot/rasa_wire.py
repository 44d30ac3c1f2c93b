"""A stand-in for the Rasa server that speaks its REST channel and tracker API, for tests of our side of the line."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass
class RasaWire(httpx.AsyncBaseTransport):
    """Remembers what it was told; `answers` maps a text to the REST channel's entries."""

    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    heard: list[tuple[str, str, str]] = field(default_factory=list)
    trackers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    down: bool = False
    silent: bool = False
    delay: float = 0.0
    held: asyncio.Event | None = None
    """while it is there and not set, no turn ends"""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as Rasa 3.6 does."""
        if self.down:
            raise httpx.ConnectError("refused", request=request)
        path = request.url.path
        if path == "/status":
            return httpx.Response(200, json={"model_file": "test"})
        if path.endswith("/tracker"):
            return httpx.Response(200, json={"events": self.trackers.get(path.split("/")[2], [])})
        body = json.loads(request.content)
        sender, text, message_id = body["sender"], body["message"], body["metadata"]["message_id"]
        await asyncio.sleep(self.delay)
        if self.held is not None:
            await self.held.wait()
        self.heard.append((sender, text, message_id))
        if self.silent:
            return httpx.Response(200, json=[])
        entries = self.answers.get(text, [{"recipient_id": sender, "text": f"听到：{text}"}])
        events = self.trackers.setdefault(sender, [])
        events.append({"event": "user", "text": text, "metadata": {"message_id": message_id}})
        for entry in entries:
            data = {"custom": entry.get("custom"), "buttons": entry.get("buttons")}
            events.append({"event": "bot", "text": entry.get("text"), "data": data})
        events.append({"event": "action", "name": "action_listen"})
        return httpx.Response(200, json=entries)

    def texts(self) -> list[str]:
        """What people said, as Rasa saw it."""
        return [text for _, text, _ in self.heard]

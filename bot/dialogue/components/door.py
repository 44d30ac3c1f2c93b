"""Rasa's door: its REST channel, but only for the hub, honest about failures, and silent about what people wrote."""

from __future__ import annotations

import hmac
import logging
import os
from typing import Any, Awaitable, Callable

from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.channels.rest import RestInput
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

logger = logging.getLogger(__name__)

TOKEN_VARIABLE = "HUB_DIALOGUE_TOKEN"  # noqa: S105 - the name of a variable, not a secret


class HubDoor(RestInput):
    """Takes the hub's messages at `/webhooks/rest/webhook`.

    Rasa's own REST channel is open to everybody, answers 200 with nothing when a turn fails, and logs the text.
    """

    @classmethod
    def name(cls) -> str:
        """Rasa derives the address from it."""
        return "rest"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes of the door."""
        door = Blueprint("hub_door", __name__)
        token = os.environ.get(TOKEN_VARIABLE, "")

        @door.route("/", methods=["GET"])
        async def health(request: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @door.route("/webhook", methods=["POST"])
        async def receive(request: Request) -> HTTPResponse:
            if token and not hmac.compare_digest(request.args.get("token", ""), token):
                return response.json({"code": "unauthorized"}, status=401)
            body = request.json if isinstance(request.json, dict) else {}
            text, sender = body.get("message"), body.get("sender")
            if not isinstance(text, str) or not isinstance(sender, str):
                return response.json({"code": "invalid"}, status=422)
            collector = CollectingOutputChannel()
            metadata = body.get("metadata")
            message = UserMessage(text, collector, sender, input_channel=self.name(), metadata=metadata)
            try:
                await on_new_message(message)
            except Exception as error:
                trace = (metadata or {}).get("trace_id")
                logger.error("turn failed: sender=%s trace=%s error=%s", sender, trace, type(error).__name__)
                return response.json({"code": "turn_failed"}, status=503)
            return response.json(collector.messages)

        return door

"""The webhook of every door: verified, stored, answered in time if the party waits, pushed otherwise."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from prometheus_client import Counter
from starlette.background import BackgroundTask

from bot.conversation.locks import ConversationBusy
from bot.conversation.router import Service
from bot.conversation.service import ConversationService
from channels import inbound, passive, wording
from channels.base import Answer, Call, Channel, Malformed, Part, Received
from hub.accounts.access import names_access
from hub.kit import clock
from hub.kit.errors import HubError
from hub.kit.logging import get_logger
from hub.kit.rates import client_address

log = get_logger(__name__)

counted = Counter("hub_channel_messages", "Messages and calls at the doors", ["channel", "what"])

ROOM = 0.3
"""Seconds of the party's patience that are left for the way of the answer."""


@names_access("party")
async def from_party() -> None:
    """The channel's party: each door verifies its own calls before anything is kept of them."""


FromParty = Depends(from_party)


def router_of(channel: Channel) -> APIRouter:
    """`/channels/<name>/webhook`, and what else the door serves."""
    router = APIRouter(prefix=f"/channels/{channel.name}", tags=["channels"])

    @router.api_route("/webhook", methods=["GET", "POST"], dependencies=[FromParty], include_in_schema=False)
    async def webhook(request: Request, conversations: Service) -> Response:
        return await handle(channel, await call_of(request), conversations)

    if channel.router is not None:
        router.include_router(channel.router)
    return router


async def call_of(request: Request) -> Call:
    """A request as doors see it."""
    return Call(
        method=request.method,
        query=dict(request.query_params),
        headers=dict(request.headers),
        body=await request.body(),
        address=client_address(request),
    )


async def handle(channel: Channel, call: Call, conversations: ConversationService) -> Response:
    """Deal with a call of the party.

    Raises `NotVerified`, `Malformed`; what a party sends is never an error of ours.
    """
    began = time.monotonic()
    try:
        received = await channel.receive(call)
    except HubError:
        counted.labels(channel.name, "refused").inc()
        raise
    except Exception as error:
        counted.labels(channel.name, "refused").inc()
        log.exception("channel_not_decoded", channel=channel.name, exc_info=error)
        raise Malformed from error
    for receipt in received.receipts:
        await inbound.reported(channel, receipt)
    for gone in received.gone:
        await inbound.left(channel, gone)
    if received.passive is not None and len(received.messages) == 1:
        return await _answered_at_once(channel, received, conversations, began)
    for message in received.messages:
        stored = await inbound.take(conversations, channel, message)
        counted.labels(channel.name, "heard" if stored.fresh else "repeated").inc()
        conversations.start(stored.conversation_id)
    return _response(received.answer, BackgroundTask(channel.acknowledge, received.messages))


async def _answered_at_once(
    channel: Channel, received: Received, conversations: ConversationService, began: float
) -> Response:
    """The answer in the response, if it is there in time and nobody has sent it; else it is pushed when it is there."""
    assert received.passive is not None
    wants = await inbound.fetches(channel, received.messages[0])
    if wants is not None:
        return await _fetched(channel, received, wants)
    patience = (channel.capabilities.passive_seconds or 0.0) - ROOM
    hold_until = clock.now() + timedelta(seconds=patience + ROOM)
    stored = await inbound.take(conversations, channel, received.messages[0], hold_until)
    counted.labels(channel.name, "heard" if stored.fresh else "repeated").inc()
    try:
        async with asyncio.timeout(patience - (time.monotonic() - began)):
            await conversations.answer(stored.conversation_id, stored.message_id)
    except (TimeoutError, ConversationBusy):
        if channel.capabilities.fetched:
            return _response(received.passive(Part(wording.FETCH_LATER)))
        await inbound.push_waiting(channel, stored.conversation_id)
        return _response(received.answer)
    answered = await passive.take_along(channel, stored.conversation_id)
    if answered is None:
        return _response(received.answer)
    if time.monotonic() - began > patience + ROOM:
        await answered.give_back()
        return _response(received.answer)
    counted.labels(channel.name, "answered_at_once").inc()
    return _response(received.passive(answered.part), BackgroundTask(answered.gone_out))


async def _fetched(channel: Channel, received: Received, conversation_id: UUID) -> Response:
    """What waits for somebody who may not be pushed to, or that it is not there yet."""
    assert received.passive is not None
    answered = await passive.take_along(channel, conversation_id)
    if answered is None:
        return _response(received.passive(Part(wording.FETCH_LATER)))
    counted.labels(channel.name, "fetched").inc()
    return _response(received.passive(answered.part), BackgroundTask(answered.gone_out))


def _response(answer: Answer, background: BackgroundTask | None = None) -> Response:
    return Response(answer.body, answer.status, media_type=answer.media_type, background=background)

"""Is it alive, can it answer, how is it doing."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from bot.conversation.service import ConversationService
from hub.accounts.access import Public
from hub.kit.db import engine
from hub.kit.logging import get_logger
from knowledge_base.service import knowledge

router = APIRouter(tags=["health"])
log = get_logger(__name__)


@router.get("/healthz", dependencies=[Public])
def healthz() -> dict[str, str]:
    """200 while the process lives."""
    return {"status": "alive"}


@router.get("/readyz", dependencies=[Public])
async def readyz(request: Request) -> JSONResponse:
    """200 while questions can be answered, with what is `degraded`; 503 with what is `missing` otherwise."""
    conversations: ConversationService = request.app.state.conversations
    dialogue, database = await asyncio.gather(conversations.dialogue.healthy(), _database_answers())
    degraded = [name for name, well in (("dialogue", dialogue), ("database", database)) if not well]
    if not knowledge.ready:
        return JSONResponse({"status": "unavailable", "missing": ["knowledge"], "degraded": degraded}, 503)
    return JSONResponse({"status": "ready", "degraded": degraded})


@router.get("/metrics", dependencies=[Public])
def metrics() -> Response:
    """Counters and timings for Prometheus; nothing personal."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _database_answers() -> bool:
    try:
        async with asyncio.timeout(1.5), engine().connect() as connection:
            await connection.execute(text("select 1"))
    except Exception as error:
        log.warning("database_unavailable", error=type(error).__name__)
        return False
    return True

"""The hub as an ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from bot.conversation.service import ConversationService
from channels.pictures import InvoicePictures
from channels.registry import close_channels, keepers
from channels.web.pages import error_page
from hub.api import include_routers
from hub.api.site import SiteProfile
from hub.bureau import bureau
from hub.kit import db, tasks
from hub.kit.logging import configure_logging, get_logger
from hub.kit.web import CommonGround, add_error_handlers
from hub.settings import get_settings
from knowledge_base.service import knowledge
from services.gateways.registry import close_gateways

log = get_logger(__name__)


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open what the process needs, answer what an earlier one left, and close in order."""
    conversations: ConversationService = app.state.conversations
    await knowledge.start()
    await conversations.open()
    recovery = asyncio.create_task(_recover(conversations))
    log.info("hub_started", sandboxes=get_settings().sandboxes)
    yield
    await tasks.end(recovery)
    await conversations.close()
    await knowledge.stop()
    await close_channels()
    await close_gateways()
    await db.dispose()


async def _recover(conversations: ConversationService) -> None:
    """Answer what was left unanswered, at once after a start and then for as long as we live."""
    older_than = timedelta()
    while True:
        try:
            if answered := await conversations.sweep(older_than):
                log.info("recovered", conversations=answered)
            older_than = timedelta(seconds=5)
        except Exception as error:
            log.warning("recovery_postponed", error=type(error).__name__)
        await asyncio.sleep(5)


def create_app() -> FastAPI:
    """Assemble the hub; it keeps no state, so that replicas can stand side by side."""
    settings = get_settings()
    configure_logging(settings.log_level)
    app = FastAPI(
        title="12366 Knowledge Hub",
        version="0.1.0",
        lifespan=lifespan,
        # the interactive pages load scripts from a CDN, which tax networks do not reach
        docs_url=None,
        redoc_url=None,
    )
    app.state.site = SiteProfile.of(bureau(), sandbox=bool(settings.sandboxes))
    app.state.conversations = ConversationService(settings, reads=InvoicePictures(keepers))
    app.add_middleware(CommonGround)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
            expose_headers=["Retry-After", "X-Trace-Id"],
            max_age=600,
        )
    add_error_handlers(app, error_page)
    include_routers(app)
    return app

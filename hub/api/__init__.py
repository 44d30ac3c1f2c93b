"""The one list of routers, with the path that each serves."""

from __future__ import annotations

from fastapi import FastAPI

import channels.web.router
from actions import router as actions
from bot.conversation import router as conversations
from bot.conversation import staff_router, stream
from hub.api import ask, health, site, skills
from services.calculations import router as calculators


def include_routers(app: FastAPI) -> None:
    """Plug every router in."""
    # /healthz /readyz /metrics
    app.include_router(health.router)
    # /api/v1/site
    app.include_router(site.router)
    # /api/v1/ask
    app.include_router(ask.router)
    # /api/v1/skills
    app.include_router(skills.router)
    # /api/v1/calculators
    app.include_router(calculators.router)
    # /api/v1/conversations
    app.include_router(conversations.router)
    app.include_router(stream.router)
    # /api/v1/staff/conversations
    app.include_router(staff_router.router)
    # /internal/rasa/actions
    app.include_router(actions.router)
    # / /privacy /embed /static
    channels.web.router.mount(app)

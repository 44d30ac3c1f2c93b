"""The one list of routers, with the path that each serves."""

from __future__ import annotations

from fastapi import FastAPI

import channels.web.router
from actions import router as actions
from bot.conversation import ratings_router, staff_router, stream
from bot.conversation import router as conversations
from channels import webhook
from channels.registry import channels as doors
from channels.web import uploads_router
from hub.api import ask, attachments, health, site, skills
from services.calculations import router as calculators
from services.filing import batch_router as filing_batches
from services.filing import router as filing
from services.filing import staff_router as filing_staff
from services.gateways.payments.sandbox import cashier
from services.gateways.sms import page as sandbox_phone
from services.identity import router as identity
from services.payment import pages as payment_pages
from services.payment import router as payment
from services.payment import staff_router as payment_staff
from services.reminders import router as reminders


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
    # /api/v1/reminders
    app.include_router(reminders.router)
    # /api/v1/auth
    app.include_router(identity.router)
    # /sandbox/phone
    app.include_router(sandbox_phone.router)
    # /api/v1/conversations
    app.include_router(conversations.router)
    app.include_router(stream.router)
    # /api/v1/conversations/{id}/attachments
    app.include_router(uploads_router.router)
    # /api/v1/staff/conversations
    app.include_router(staff_router.router)
    # /api/v1/staff/ratings
    app.include_router(ratings_router.router)
    app.include_router(attachments.router)
    # /api/v1/filing /api/v1/filing/batches /api/v1/staff/filing
    app.include_router(filing.router)
    app.include_router(filing_batches.router)
    app.include_router(filing_staff.router)
    # /api/v1/payment /api/v1/staff/payment /sandbox/cashier
    app.include_router(payment.router)
    app.include_router(payment_staff.router)
    app.include_router(cashier.router)
    # /payment
    app.include_router(payment_pages.router)
    # /internal/rasa/actions
    app.include_router(actions.router)
    # /channels/<name>/webhook, for each door that is open
    for door in doors().values():
        app.include_router(webhook.router_of(door))
    # / /privacy /embed /static
    channels.web.router.mount(app)

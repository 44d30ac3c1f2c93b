"""The worker: scheduled jobs from the database's own queue (procrastinate); any number may run side by side."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import procrastinate

from bot.conversation import repository
from hub import audit
from hub.bureau import bureau
from hub.kit import clock, idempotency
from hub.kit.db import transaction
from hub.kit.logging import configure_logging, get_logger
from hub.settings import get_settings
from services.calculations import repository as calculations
from services.invoices import repository as inspections

log = get_logger(__name__)
KEPT_ANSWERS = timedelta(days=30)
jobs = procrastinate.App(connector=procrastinate.PsycopgConnector())


@jobs.periodic(cron="17 3 * * *")
@jobs.task(name="conversation.erase_expired", queueing_lock="conversation.erase_expired", retry=3)
async def erase_expired(timestamp: int) -> None:
    """Erase conversations, inspections and calculations whose retention (bureau profile, days) is over."""
    before = clock.now() - timedelta(days=bureau().retention_days)
    async with transaction() as session:
        gone = await repository.erase_older_than(session, before)
        for conversation_id in gone:
            await repository.forget_dialogue(session, conversation_id)
        await inspections.erase_before(session, before)
        await calculations.erase_before(session, before)
        await idempotency.forget_before(session, clock.now() - KEPT_ANSWERS)
        if gone:
            await audit.record(session, "worker", "conversation.erase_expired", "conversations", count=len(gone))
    log.info("erased_expired", conversations=len(gone))


@jobs.periodic(cron="*/30 * * * *")
@jobs.task(name="audit.verify", queueing_lock="audit.verify")
async def verify_audit(timestamp: int) -> None:
    """Look over the audit chain; a broken one is an alarm in the log."""
    async with transaction() as session:
        broken = await audit.first_broken(session)
    if broken is not None:
        log.critical("audit_chain_broken", entry=broken)


async def run() -> None:
    """Work until told to stop; a database that is away is waited for."""
    settings = get_settings()
    configure_logging(settings.log_level)
    while True:
        connector = procrastinate.PsycopgConnector(conninfo=settings.dsn, min_size=1, max_size=4)
        try:
            with jobs.replace_connector(connector) as app:
                async with app.open_async():
                    log.info("worker_started")
                    await app.run_worker_async(concurrency=2, fetch_job_polling_interval=5, listen_notify=True)
            return
        except Exception as error:
            log.warning("worker_restarts", error=type(error).__name__)
            await asyncio.sleep(2)

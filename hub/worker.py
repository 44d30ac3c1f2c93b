"""The worker: scheduled jobs from the database's own queue (procrastinate); any number may run side by side."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

import procrastinate

from bot.conversation import files, repository
from channels import repository as doors
from channels.registry import deliverers
from hub import audit
from hub.accounts import codes, identities, sessions
from hub.bureau import bureau
from hub.kit import clock, idempotency
from hub.kit.db import transaction
from hub.kit.logging import configure_logging, get_logger
from hub.outbox import repository as outbox
from hub.outbox.delivery import Delivery
from hub.outbox.jobs import DELIVER
from hub.settings import get_settings
from services.calculations import repository as calculations
from services.filing import repository as filings
from services.filing.batches import resume_batches
from services.filing.delivery import resume_unfinished
from services.gateways.sms import ledger as handed_to_carriers
from services.identity import repository as identity_checks
from services.identity.mandates import refresh_acting
from services.invoices import repository as inspections
from services.payment import repository as payments
from services.payment.reconciliation import reconcile_yesterday
from services.payment.service import resolve_open_orders
from services.reminders import planning as reminders
from services.reminders import repository as reminder_records
from services.reminders.service import prepare as prepare_reminder

log = get_logger(__name__)
KEPT_ANSWERS = timedelta(days=30)
UNSENT_FILES = timedelta(days=1)
KEPT_NOTICES = timedelta(days=800)  # longer than reminders look back, so that nobody is dunned twice
jobs = procrastinate.App(connector=procrastinate.PsycopgConnector())


@lru_cache
def delivery() -> Delivery:
    """Every way out that is open, and what is made ready just before it goes."""
    return Delivery(deliverers(), {reminders.TOPIC: prepare_reminder})


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
        await identity_checks.erase_before(session, before)
        await identities.forget_before(session, before)
        await codes.sweep(session)
        await sessions.sweep(session)
        await files.erase_before(session, before, clock.now() - UNSENT_FILES)
        await filings.erase_sheets_before(session, before)
        await payments.erase_before(session, before)
        await outbox.erase_before(session, before)
        await doors.erase_before(session, before)
        await handed_to_carriers.erase_before(session, before)
        await reminder_records.erase_before(session, clock.today() - KEPT_NOTICES)
        await idempotency.forget_before(session, clock.now() - KEPT_ANSWERS)
        if gone:
            await audit.record(session, "worker", "conversation.erase_expired", "conversations", count=len(gone))
    log.info("erased_expired", conversations=len(gone))


@jobs.periodic(cron="*/10 * * * *")
@jobs.task(name="identity.refresh_mandates", queueing_lock="identity.refresh_mandates")
async def refresh_mandates(timestamp: int) -> None:
    """Ask the core system again for whom those may act who are acting now: a mandate taken back ends soon."""
    await refresh_acting()


@jobs.periodic(cron="*/30 * * * *")
@jobs.task(name="audit.verify", queueing_lock="audit.verify")
async def verify_audit(timestamp: int) -> None:
    """Look over the audit chain; a broken one is an alarm in the log."""
    async with transaction() as session:
        broken = await audit.first_broken(session)
    if broken is not None:
        log.critical("audit_chain_broken", entry=broken)


@jobs.periodic(cron="* * * * *")
@jobs.task(name="filing.resume", queueing_lock="filing.resume")
async def resume_filings(timestamp: int) -> None:
    """Send returns again that the core system has not answered, and go on with batches that were cut off."""
    if answered := await resume_unfinished():
        log.info("filings_resumed", answered=answered)
    await resume_batches()


@jobs.periodic(cron="* * * * *")
@jobs.task(name="payment.resolve", queueing_lock="payment.resolve")
async def resolve_payments(timestamp: int) -> None:
    """See open payment orders on: ask the parties, book what has arrived, close what is over."""
    if ended := await resolve_open_orders():
        log.info("payments_resolved", orders=ended)


@jobs.periodic(cron="30 2-15 * * *")  # 10:30 in China, when the day's statements lie ready, and hourly after that
@jobs.task(name="payment.reconcile", queueing_lock="payment.reconcile")
async def reconcile_payments(timestamp: int) -> None:
    """Compare yesterday's payments with the parties' statements, until each has given its own."""
    if await reconcile_yesterday():
        log.info("payments_reconciled")


@jobs.task(name=DELIVER)
async def deliver_message(message_id: str) -> None:
    """Bring out one message of the outbox, if it is still to be brought out."""
    await delivery().deliver(UUID(message_id))


@jobs.periodic(cron="* * * * *")
@jobs.task(name="outbox.sweep", queueing_lock="outbox.sweep")
async def sweep_outbox(timestamp: int) -> None:
    """Look after messages whose job or process is gone."""
    if found := await delivery().sweep():
        log.warning("outbox_swept", messages=found)


@jobs.periodic(cron="*/10 * * * *")
@jobs.task(name="outbox.follow", queueing_lock="outbox.follow")
async def follow_messages(timestamp: int) -> None:
    """Ask the carriers what became of messages that they took."""
    await delivery().follow()


@jobs.periodic(cron="*/10 * * * *")
@jobs.task(name="reminders.run", queueing_lock="reminders.run")
async def remind(timestamp: int) -> None:
    """Write today's reminders from nine in the morning (China) on, until everybody has been looked after."""
    await reminders.run_if_time()


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
                    await app.run_worker_async(
                        concurrency=8, fetch_job_polling_interval=5, listen_notify=True, delete_jobs="successful"
                    )
            return
        except Exception as error:
            log.warning("worker_restarts", error=type(error).__name__)
            await asyncio.sleep(2)

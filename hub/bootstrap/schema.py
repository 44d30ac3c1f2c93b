"""The schema of everything in the database: ours by Alembic, the job queue's by its own library."""

from __future__ import annotations

import procrastinate
import psycopg
from alembic import command

from hub.migrations import alembic_config


def migrate(dsn: str) -> None:
    """Bring a database to the newest schema; safe to repeat."""
    command.upgrade(alembic_config(dsn), "head")
    _job_queue(dsn)


def _job_queue(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        there = connection.execute("select to_regclass('procrastinate_jobs')").fetchone()
    if there and there[0]:
        return
    with procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=dsn)).open() as app:
        app.schema_manager.apply_schema()

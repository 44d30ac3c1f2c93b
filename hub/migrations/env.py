"""Alembic's entry: online only, one transaction per migration, with time-outs that protect a running hub."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool, text

from hub.migrations.tables import include_name, metadata

config = context.config


def run() -> None:
    """Apply the migrations that are missing."""
    url = config.get_main_option("sqlalchemy.url")
    assert url is not None
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        connection.execute(text("set lock_timeout = '10s'"))
        connection.commit()
        context.configure(
            connection=connection, target_metadata=metadata, include_name=include_name,
            compare_type=True, transaction_per_migration=True,
        )  # fmt: skip
        with context.begin_transaction():
            context.run_migrations()


run()

"""The schema that the migrations build is the schema that the code declares."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from hub.migrations.tables import include_name, metadata


def test_migrations_match_the_models(database: str) -> None:
    with create_engine(database.replace("postgresql://", "postgresql+psycopg://")).connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": include_name, "compare_type": True})
        assert compare_metadata(context, metadata) == []

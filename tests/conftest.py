"""A real PostgreSQL for every test run: built by the migrations once, cloned per worker, rolled back per test."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")

import psycopg
import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy.ext.asyncio import AsyncSession

from hub.bootstrap import postgres
from hub.kit import crypto, db
from hub.settings import ROOT, get_settings

if TYPE_CHECKING:
    from tests.product import Product

# how fast examples are made depends on the machine, and no test of ours asserts time
hypothesis_settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("house")


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session", autouse=True)
def test_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Settings of their own for tests: secrets made up, files in a temporary folder, nothing from `.env`."""
    made_up = {
        "HUB_DATA_KEYS": Fernet.generate_key().decode(),
        "HUB_INDEX_KEY": secrets.token_urlsafe(16),
        "HUB_RECEIPT_KEYS": secrets.token_urlsafe(16),
        "HUB_ACTION_SECRET": secrets.token_urlsafe(16),
        "HUB_DIALOGUE_TOKEN": "-" + secrets.token_urlsafe(16),  # one in 64 begins like this, as an option would
        "HUB_STAFF_TOKEN": secrets.token_urlsafe(16),
        "HUB_VAR_DIR": str(tmp_path_factory.mktemp("var")),
    }
    before = {name: os.environ.get(name) for name in made_up}
    os.environ.update(made_up)
    get_settings.cache_clear()
    crypto.vault.cache_clear()
    yield
    for name, value in before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of this test process; the DSN of its maintenance database."""
    password, port = secrets.token_urlsafe(12), free_port()
    data = tmp_path_factory.mktemp("postgres") / "data"
    postgres.create_cluster(data, password)
    log = (data.parent / "log").open("wb")
    server = subprocess.Popen(
        postgres.server_command(data, port, "fsync=off", "synchronous_commit=off", "max_connections=200",
                                "lock_timeout=60s"),  # a lock that nobody gives back fails its test
        stdout=log, stderr=log,
    )  # fmt: skip
    dsn = f"postgresql://hub:{password}@127.0.0.1:{port}/postgres"
    postgres.wait_until_ready(dsn)
    yield dsn
    server.send_signal(2)
    server.wait(20)
    log.close()


def migrate(dsn: str) -> None:
    """Bring a database to the newest schema, the way an installation does it."""
    from hub.bootstrap import schema

    schema.migrate(dsn)


@pytest.fixture(scope="session")
def template_database(postgres_server: str) -> str:
    """A migrated, empty database to clone from."""
    postgres.ensure_database(postgres_server, "hub_template")
    migrate(postgres_server.replace("/postgres", "/hub_template"))
    return "hub_template"


def use_database(dsn: str) -> None:
    """Point the settings and the engine of this process at a database."""
    os.environ["HUB_DATABASE_URL"] = dsn
    get_settings.cache_clear()
    db.engine.cache_clear()
    db.sessions.cache_clear()


@pytest.fixture(scope="session")
async def database(postgres_server: str, template_database: str) -> AsyncIterator[str]:
    """The migrated database of this test session; rows that a test commits stay unless it cleans up."""
    postgres.ensure_database(postgres_server, "hub_test", template_database)
    dsn = postgres_server.replace("/postgres", "/hub_test")
    use_database(dsn)
    yield dsn
    await db.dispose()


@pytest.fixture
async def session(database: str) -> AsyncIterator[AsyncSession]:
    """A session whose work is rolled back, whatever it commits: commits become savepoints."""
    async with db.engine().connect() as connection:
        outer = await connection.begin()
        async with AsyncSession(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        ) as session:
            yield session
        await outer.rollback()


@pytest.fixture
async def empty_database(database: str) -> AsyncIterator[str]:
    """The database with every table emptied before the test and after it, for tests that commit for real."""
    # off the loop: a transaction that is still ending there must be able to end
    await asyncio.to_thread(_truncate, database)
    yield database
    await asyncio.to_thread(_truncate, database)


def _truncate(dsn: str) -> None:
    """Empty the tables that hold anything: emptying all of them costs more than most tests."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        rows = connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = 'public' "
            "and tablename <> 'alembic_version'"
        ).fetchall()
        looks = " union all ".join(f"(select '{name}' from {name} limit 1)" for (name,) in rows)
        filled = connection.execute(looks).fetchall() if looks else []  # type: ignore[arg-type]
        if filled:
            connection.execute("truncate " + ", ".join(row[0] for row in filled) + " restart identity cascade")  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def product(root: Path) -> Iterator[Product]:
    """The whole running product; its data stay in a folder of `var/`, so that only the first run is long."""
    from tests.product import Product

    running = Product(root / "var" / os.environ.get("TEST_PRODUCT", "test-product"), watched=True)
    try:
        running.start()
        # the platform counts checks per invoice and day, and earlier runs of today count too
        running.query("delete from sandbox_inspection returning request_id")
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def hub_url(product: Product) -> str:
    """Where the running hub answers, for browser tests."""
    return product.url

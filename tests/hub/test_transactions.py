"""A route's transaction: nothing is promised that may still fail, and a restarted server costs no request."""

from __future__ import annotations

import psycopg
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from hub.accounts.access import Session
from hub.kit import db


def app_with_a_write() -> FastAPI:
    """One route that writes a value which only the commit finds wrong."""
    app = FastAPI()

    @app.delete("/", status_code=204)
    async def write(session: Session) -> None:
        await session.execute(text("create temp table late (id int unique deferrable initially deferred)"))
        await session.execute(text("insert into late values (1), (1)"))

    return app


async def test_a_commit_that_fails_is_never_reported_as_done(empty_database: str) -> None:
    transport = ASGITransport(app_with_a_write(), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://hub") as http:
        assert (await http.delete("/")).status_code == 500


async def test_connections_that_the_server_closed_are_left(empty_database: str) -> None:
    async with db.reading() as session:
        mine = await session.scalar(text("select pg_backend_pid()"))
    async with await psycopg.AsyncConnection.connect(empty_database, autocommit=True) as other:
        await other.execute("select pg_terminate_backend(%s, 5000)", (mine,))
    async with db.reading() as session:
        assert await session.scalar(text("select pg_backend_pid()")) != mine

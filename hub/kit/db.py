"""The database: one engine a process, sessions, and the one place where transactions begin and end."""

from __future__ import annotations

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar

from sqlalchemy import DateTime, MetaData, event, func
from sqlalchemy import select as sql_select
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from hub.settings import get_settings

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Mother of all tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True)}


@lru_cache
def engine() -> AsyncEngine:
    """The engine of this process; it survives a restart of the server."""
    made = create_async_engine(get_settings().sqlalchemy_url, pool_size=8, max_overflow=8, pool_timeout=10)
    event.listen(made.sync_engine, "checkout", _still_connected)
    return made


def _still_connected(connection: Any, _record: Any, _proxy: Any) -> None:
    """Leave connections that the server has closed: such a socket is readable while nobody has asked anything.

    Does without the question to the server that `pool_pre_ping` asks before every use; raises `DisconnectionError`,
    upon which the pool connects anew.
    """
    link = connection.driver_connection
    poll = select.poll()
    poll.register(link.fileno(), select.POLLIN)
    if link.closed or poll.poll(0):
        raise DisconnectionError


@lru_cache
def sessions() -> async_sessionmaker[AsyncSession]:
    """The maker of sessions of this process."""
    return async_sessionmaker(engine(), expire_on_commit=False)


@asynccontextmanager
async def transaction() -> AsyncIterator[AsyncSession]:
    """A session whose work is committed at the end, or rolled back when anything raises."""
    async with sessions()() as session, session.begin():
        yield session


@lru_cache
def _reading_sessions() -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(engine().execution_options(isolation_level="AUTOCOMMIT"), expire_on_commit=False)


@asynccontextmanager
async def reading() -> AsyncIterator[AsyncSession]:
    """A session for one select: without a transaction around it, and its two trips to the server."""
    async with _reading_sessions()() as session:
        yield session


async def lock(session: AsyncSession, name: str) -> None:
    """Let nobody else, in any process, do the thing of this name until the transaction ends."""
    await session.execute(sql_select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def session_dependency() -> AsyncIterator[AsyncSession]:
    """FastAPI dependency: one request, one transaction, committed when the route has returned."""
    async with transaction() as session:
        yield session


async def dispose() -> None:
    """Close the pool; the next call makes a new one."""
    if engine.cache_info().currsize:
        await engine().dispose()
    for made in (engine, sessions, _reading_sessions):
        made.cache_clear()

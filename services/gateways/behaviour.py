"""How a sandbox is told to behave: as it should, slowly, unreachable, broken inside, or talking nonsense."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import CheckConstraint, SmallInteger, String
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from hub.kit.db import Base, transaction
from services.gateways.errors import GatewayFault, GatewayUnavailable

GARBAGE = "told_to_answer_garbage"
"""The reason of the fault of a sandbox that talks nonsense; a peer puts nonsense on the wire for it."""


class Mode(StrEnum):
    """How the sandbox behaves."""

    NORMAL = "normal"
    DOWN = "down"
    ERROR = "error"
    GARBAGE = "garbage"


class Control:
    """Mixin for the table with the one row that says how a sandbox behaves; the row is made when it is first needed."""

    __tablename__: str

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[CheckConstraint]:
        return (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False, default=1)
    mode: Mapped[Mode] = mapped_column(String(10), default=Mode.NORMAL)
    delay_ms: Mapped[int] = mapped_column(default=0)


Row = TypeVar("Row", bound=Control)


async def behaviour(session: AsyncSession, table: type[Row]) -> Row:
    """How the sandbox of this table behaves now."""
    assert issubclass(table, Base)
    found = await session.get(table, 1)
    if found is None:
        await session.execute(insert(table).values(id=1, mode=Mode.NORMAL, delay_ms=0).on_conflict_do_nothing())
        found = await session.get_one(table, 1)
    return found


async def tell(session: AsyncSession, table: type[Row], *, mode: Mode | None, delay_ms: int | None) -> Row:
    """Have a sandbox behave so from now on; what is not given stays."""
    row = await behaviour(session, table)
    row.mode = mode if mode is not None else row.mode
    row.delay_ms = delay_ms if delay_ms is not None else row.delay_ms
    await session.flush()
    return row


async def behave(table: type[Row]) -> float:
    """Fail as told, before anything is done; otherwise for how many seconds the answer is to be held back.

    Raises `GatewayUnavailable`, `GatewayFault`.
    """
    async with transaction() as session:
        row = await behaviour(session, table)
    if row.mode == Mode.DOWN:
        raise GatewayUnavailable("told_to_be_down")
    if row.mode == Mode.ERROR:
        raise GatewayFault("told_to_fail")
    if row.mode == Mode.GARBAGE:
        raise GatewayFault(GARBAGE)
    return row.delay_ms / 1000


async def held_back(seconds: float) -> None:
    """Answer late: after the work, so that a caller who gave up has had their effect, which is what it may mean."""
    await asyncio.sleep(seconds)

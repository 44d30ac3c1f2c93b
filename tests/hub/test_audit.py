"""The audit chain holds, and shows where somebody touched it."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from hub import audit


async def test_a_chain_that_nobody_touched_holds(session: AsyncSession) -> None:
    for number in range(5):
        await audit.record(session, "li", "conversation.read", f"c{number}", number=number)
    assert await audit.first_broken(session) is None


@pytest.mark.parametrize(
    "tampering",
    [
        "update audit_entry set actor = 'wang' where subject = 'c2'",
        "update audit_entry set detail = '{}' where subject = 'c2'",
        "delete from audit_entry where subject = 'c1'",
    ],
)
async def test_tampering_shows_where(session: AsyncSession, tampering: str) -> None:
    for number in range(5):
        await audit.record(session, "li", "conversation.read", f"c{number}", number=number)
    await session.execute(text(tampering))
    session.expire_all()
    broken = await audit.first_broken(session)
    found = await session.scalar(text("select subject from audit_entry where id = :id").bindparams(id=broken))
    assert found == "c2"

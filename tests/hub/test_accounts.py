"""Staff are recognised by their token, and only by it."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from hub.accounts.models import Role
from hub.accounts.service import UsernameInvalid, UsernameTaken, create_staff, staff_by_token
from hub.settings import get_settings


async def test_the_token_is_the_person(session: AsyncSession) -> None:
    token = await create_staff(session, "li.ming", display_name="李老师", role=Role.AGENT)
    member = await staff_by_token(session, token)
    assert member is not None
    assert (member.username, member.display_name, member.role) == ("li.ming", "李老师", Role.AGENT)
    assert await staff_by_token(session, token + "x") is None


async def test_the_operator_token_of_the_settings(session: AsyncSession) -> None:
    member = await staff_by_token(session, get_settings().staff_token.get_secret_value())
    assert member is not None
    assert member.role is Role.ADMINISTRATOR
    assert await staff_by_token(session, "") is None


async def test_names(session: AsyncSession) -> None:
    await create_staff(session, "wang", display_name="", role=Role.EDITOR)
    with pytest.raises(UsernameTaken):
        await create_staff(session, "wang", display_name="", role=Role.EDITOR)
    with pytest.raises(UsernameInvalid):
        await create_staff(session, "王 明", display_name="", role=Role.EDITOR)


@pytest.mark.parametrize(
    ("has", "wants", "may"),
    [
        (Role.ADMINISTRATOR, Role.AGENT, True),
        (Role.SUPERVISOR, Role.AGENT, True),
        (Role.EDITOR, Role.AGENT, False),
        (Role.AGENT, Role.EDITOR, False),
        (Role.SUPERVISOR, Role.EDITOR, False),
    ],
)
async def test_roles(session: AsyncSession, has: Role, wants: Role, may: bool) -> None:
    token = await create_staff(session, "somebody", display_name="", role=has)
    member = await staff_by_token(session, token)
    assert member is not None
    assert member.may(wants) is may

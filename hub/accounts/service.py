"""Making and recognising members of staff."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.accounts.models import Role, Staff
from hub.kit.crypto import fingerprint
from hub.kit.errors import Conflict, Invalid
from hub.settings import get_settings


class UsernameTaken(Conflict):
    """Somebody already has this name."""

    code = "username_taken"
    message = "该用户名已存在，请换一个。"


class UsernameInvalid(Invalid):
    """The name has characters that we do not take."""

    code = "username_invalid"
    message = "用户名由 3 到 64 位小写字母、数字、点、下划线或连字符组成。"


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Who is calling, as far as routes need to know."""

    username: str
    display_name: str
    role: Role

    def may(self, role: Role) -> bool:
        """Whether this person may act in the role."""
        return self.role in (role, Role.ADMINISTRATOR, Role.SUPERVISOR if role is Role.AGENT else role)


async def create_staff(session: AsyncSession, username: str, *, display_name: str, role: Role) -> str:
    """Add a member of staff; returns the bearer token, which cannot be read again.

    Raises `UsernameTaken`, `UsernameInvalid`.
    """
    if not re.fullmatch(r"[a-z0-9._-]{3,64}", username):
        raise UsernameInvalid
    if await session.scalar(select(Staff.id).where(Staff.username == username)):
        raise UsernameTaken
    token = secrets.token_urlsafe(32)
    shown = display_name or username
    session.add(Staff(username=username, display_name=shown, role=role, token_hash=fingerprint(token)))
    await session.flush()
    return token


async def staff_by_token(session: AsyncSession, token: str) -> StaffMember | None:
    """The active member of staff who holds the token; the token of the settings stands for the operator."""
    operator = get_settings().staff_token.get_secret_value()
    if operator and hmac.compare_digest(operator.encode(), token.encode()):
        return StaffMember("operator", "值班人员", Role.ADMINISTRATOR)
    found = await session.scalar(select(Staff).where(Staff.token_hash == fingerprint(token), Staff.active))
    return StaffMember(found.username, found.display_name, Role(found.role)) if found else None

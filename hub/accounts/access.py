"""Who may call a route: every route names one of these, and a test fails on one that does not."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from hub.accounts.levels import SignInNeeded, ensure
from hub.accounts.models import Role
from hub.accounts.people import principal_of
from hub.accounts.service import StaffMember, staff_by_token
from hub.kit.crypto import fingerprint
from hub.kit.db import session_dependency, transaction
from hub.kit.errors import Forbidden, Unauthorized
from hub.settings import get_settings
from hub.skills import Access, Principal

F = TypeVar("F", bound=Callable[..., Any])

bearer = HTTPBearer(auto_error=False)
BearerToken = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
# scope: FastAPI would otherwise commit only after the response is on its way, and promise what may still fail
Session = Annotated[AsyncSession, Depends(session_dependency, scope="function")]


def names_access(name: str) -> Callable[[F], F]:
    """Mark a dependency as the one that decides access to a route."""

    def mark(function: F) -> F:
        function.access = name  # type: ignore[attr-defined]
        return function

    return mark


@names_access("public")
async def public() -> None:
    """Anybody."""


@names_access("rasa")
async def from_rasa(x_action_secret: Annotated[str, Header()] = "") -> None:
    """Our own Rasa server, by the shared secret.

    Raises `Unauthorized`.
    """
    expected = get_settings().action_secret.get_secret_value()
    if not expected or not hmac.compare_digest(expected.encode(), x_action_secret.encode()):
        raise Unauthorized


def staff(role: Role) -> Callable[..., Awaitable[StaffMember]]:
    """A member of staff who may act in the role."""

    @names_access(f"staff:{role}")
    async def check(session: Session, credentials: BearerToken) -> StaffMember:
        member = await staff_by_token(session, credentials.credentials) if credentials else None
        if member is None:
            raise Unauthorized
        if not member.may(role):
            raise Forbidden
        return member

    return check


def token_subject(token: str) -> str:
    """The name under which the session of an API token is kept."""
    return f"token:{fingerprint(token)}"


async def principal_by(credentials: HTTPAuthorizationCredentials | None) -> Principal | None:
    """Who sent the request; None when it carries no token at all.

    In a transaction of its own, which is over before the route begins: routes call services, services call outside
    systems. Raises `SignInNeeded` when the token is unknown or its session over.
    """
    if credentials is None:
        return None
    async with transaction() as session:
        principal = await principal_of(session, token_subject(credentials.credentials))
    if principal is None:
        raise SignInNeeded
    return principal


def person(level: Access) -> Callable[..., Awaitable[Principal]]:
    """A person who proved at least this much, by the bearer token of `/api/v1/auth/tokens`."""

    @names_access(f"person:{level}")
    async def check(credentials: BearerToken) -> Principal:
        principal = await principal_by(credentials)
        ensure(principal, level)
        assert principal is not None, "every level but anonymous needs somebody"
        return principal

    return check


Public = Depends(public)
FromRasa = Depends(from_rasa)
CurrentAgent = Annotated[StaffMember, Depends(staff(Role.AGENT))]

"""Who is using the pages: a random cookie that a session of a person may be bound to, and a token against forgery."""

from __future__ import annotations

import secrets

from fastapi import Request
from starlette.responses import Response

from hub.accounts.people import principal_of
from hub.kit import clock
from hub.kit.crypto import fingerprint, keyed_hash
from hub.kit.db import transaction
from hub.kit.errors import Forbidden
from hub.kit.rates import client_address
from hub.skills import SkillContext

COOKIE = "hub_services"
LONGEST = 12 * 3600
"""Seconds: as long as a session may last at most."""


class PageIsOld(Forbidden):
    """The page was not made for this visitor, or long ago."""

    code = "page_is_old"
    message = "页面已过期，请返回服务列表重新打开。"


class Visitor:
    """One browser."""

    def __init__(self, request: Request) -> None:
        given = request.cookies.get(COOKIE, "")
        self.is_new = len(given) != 43
        self.cookie = secrets.token_urlsafe(32) if self.is_new else given
        self.subject = f"web:{fingerprint(self.cookie)}"
        self._request = request

    @property
    def stamp(self) -> str:
        """What a form of this visitor carries and nobody else's can."""
        return keyed_hash(self.cookie, "page")

    def check(self, stamp: str) -> None:
        """Let a form of ours pass.

        Raises `PageIsOld`.
        """
        if self.is_new or not secrets.compare_digest(self.stamp.encode(), stamp.encode()):
            raise PageIsOld

    def remember(self, response: Response) -> None:
        """Give the cookie to a new visitor; scripts and other sites never see it."""
        if self.is_new:
            secure = self._request.url.scheme == "https"
            response.set_cookie(
                COOKIE, self.cookie, max_age=LONGEST, path="/services", httponly=True, samesite="lax", secure=secure
            )

    async def context(self, key: str) -> SkillContext:
        """The context of an act; `key` was made with the form, so that a form sent twice is one act."""
        async with transaction() as session:
            principal = await principal_of(session, self.subject)
        return SkillContext(
            today=clock.today(), key=f"{self.subject}:{key}", caller=self.subject, channel="web", principal=principal,
            address=client_address(self._request), subject=self.subject,
        )  # fmt: skip

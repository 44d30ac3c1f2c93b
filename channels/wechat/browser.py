"""Whose browser it is on the pages of the WeChat door: a random cookie, and a token in forms against forgery."""

from __future__ import annotations

import secrets

from fastapi import Request
from starlette.responses import Response

from channels.wechat import wording
from hub.kit.crypto import keyed_hash
from hub.kit.errors import Forbidden

COOKIE = "hub_wechat"
LONGEST = 3600
"""Seconds that a browser is known by its cookie."""


class PageIsOld(Forbidden):
    """The form was not made for this browser, or long ago."""

    code = "page_is_old"
    message = wording.PAGE_IS_OLD


class Browser:
    """One browser, told by its cookie; scripts and other sites never see it."""

    def __init__(self, request: Request) -> None:
        given = request.cookies.get(COOKIE, "")
        self.is_new = len(given) != 43
        self.cookie = secrets.token_urlsafe(32) if self.is_new else given
        self._secure = request.url.scheme == "https"

    @property
    def stamp(self) -> str:
        """What a form of this browser carries and nobody else's can."""
        return keyed_hash(self.cookie, "wechat page")

    def check(self, stamp: object) -> None:
        """Let a form of ours pass.

        Raises `PageIsOld`.
        """
        if self.is_new or not secrets.compare_digest(self.stamp.encode(), str(stamp).encode()):
            raise PageIsOld

    def remember(self, response: Response) -> None:
        """Give the cookie, or prolong it."""
        response.set_cookie(
            COOKIE, self.cookie, max_age=LONGEST, path="/channels/wechat", httponly=True, samesite="lax",
            secure=self._secure,
        )  # fmt: skip

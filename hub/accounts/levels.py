"""How well somebody must be known, and what is said to those who are not."""

from __future__ import annotations

from typing import ClassVar

from hub.kit.errors import Forbidden, Unauthorized
from hub.skills import Access, Principal


class SignInNeeded(Unauthorized):
    """Nobody is signed in, or the session is over; `access` says what is needed."""

    code = "step_up_needed"
    message = "请先用手机验证码登录，再办理这项业务。"


class StepUpNeeded(Forbidden):
    """The person is known, but not well enough; `access` says what is needed."""

    code = "step_up_needed"

    MESSAGES: ClassVar[dict[Access, str]] = {
        Access.REAL_NAME: "办理这项业务需要实名认证，请先核对姓名和身份证件号码。",
        Access.AUTHORISED: "办理这项业务需要先选择办税身份（为谁办理）。",
    }


def ensure(principal: Principal | None, level: Access) -> None:
    """Let through who proved enough.

    Raises `SignInNeeded`, `StepUpNeeded`.
    """
    if level is Access.ANONYMOUS:
        return
    if principal is None:
        raise SignInNeeded(access=level)
    if not principal.level.covers(level):
        raise StepUpNeeded(StepUpNeeded.MESSAGES.get(level), access=level)

"""Errors as facts: a status, a stable code and a sentence in Chinese that says what to do next (RFC 9457)."""

from __future__ import annotations

from typing import Any, ClassVar


class HubError(Exception):
    """Base of every error that a caller may see.

    Subclasses set `status` (HTTP), `code` (stable, for programs) and `message` (Chinese, for people).
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"
    message: ClassVar[str] = "请求有误，请检查后重试。"

    def __init__(self, message: str | None = None, /, **extra: Any) -> None:
        self.user_message = message or self.message
        self.extra = extra
        super().__init__(self.user_message)


class NotFound(HubError):
    """There is nothing here, or not for this caller."""

    status = 404
    code = "not_found"
    message = "没有找到您要的内容，可能已被删除。"


class Unauthorized(HubError):
    """The caller did not prove who they are."""

    status = 401
    code = "unauthorized"
    message = "身份凭证无效或已过期，请重新进入。"


class Forbidden(HubError):
    """The caller is known but may not do this."""

    status = 403
    code = "forbidden"
    message = "您没有权限进行此操作。"


class Conflict(HubError):
    """The state of things does not allow it any more."""

    status = 409
    code = "conflict"
    message = "当前状态不能进行此操作，请刷新后重试。"


class Invalid(HubError):
    """The input cannot be used as it is."""

    status = 422
    code = "invalid"
    message = "填写内容有误，请检查后重试。"


class TooManyRequests(HubError):
    """The caller asks too often."""

    status = 429
    code = "too_many_requests"
    message = "操作过于频繁，请稍后再试。"


class Unavailable(HubError):
    """Something that is needed cannot be reached at present."""

    status = 503
    code = "unavailable"
    message = "服务暂时不可用，请稍后再试。"

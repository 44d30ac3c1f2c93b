"""What every HTTP answer has in common: a trace id, security headers, a size limit, and errors as RFC 9457 says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import Counter, Histogram
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.kit import trace
from hub.kit.errors import HubError, Invalid, NotFound, TooManyRequests, Unavailable
from hub.kit.logging import get_logger

log = get_logger(__name__)

LARGEST_BODY = 256 * 1024
# Rasa sends its domain and the whole talk with every call of an action
LARGEST_INTERNAL_BODY = 8 * 1024 * 1024
# a file of 20 MB in its form
LARGEST_UPLOAD = 20 * 1024 * 1024 + 64 * 1024
UPLOADS = re.compile(r"/api/v1/conversations/[0-9a-f-]{32,36}/attachments")
TRACE_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
}

requests_total = Counter("hub_requests_total", "HTTP requests", ["route", "method", "status"])
request_seconds = Histogram("hub_request_seconds", "Time to answer an HTTP request", ["route"])


class CommonGround:
    """ASGI middleware: a trace id for each request, security headers on each answer, no giant bodies, metrics."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            trace.current.set(trace.new_trace_id())
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-trace-id", b"").decode("latin-1")
        trace_id = given if TRACE_ID.fullmatch(given) else trace.new_trace_id()
        trace.current.set(trace_id)
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-trace-id"] = trace_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        received = 0
        largest = _largest_body(scope["path"])

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > largest:
                raise HTTPException(413)
            return message

        with request_seconds.labels("all").time():
            try:
                await self.app(scope, receive_limited, send_with_headers)
            finally:
                path = getattr(scope.get("route"), "path", "unknown")
                requests_total.labels(path, scope["method"], str(status)).inc()


def _largest_body(path: str) -> int:
    """How many bytes a request to a path may have."""
    if path.startswith("/internal/"):
        return LARGEST_INTERNAL_BODY
    return LARGEST_UPLOAD if UPLOADS.fullmatch(path) else LARGEST_BODY


def problem_details(
    request: Request, error: HubError, headers: dict[str, str] | None = None, **extra: Any
) -> JSONResponse:
    """An error as RFC 9457 problem details."""
    body = {
        "type": "about:blank",
        "title": error.code,
        "status": error.status,
        "code": error.code,
        "detail": error.user_message,
        "instance": request.url.path,
        "trace_id": trace.trace_id(),
        **{key: value for key, value in error.extra.items() if key != "retry_after"},
        **extra,
    }
    return JSONResponse(body, error.status, headers=headers, media_type="application/problem+json")


class MethodNotAllowed(HubError):
    """The path exists, the method does not."""

    status = 405
    code = "method_not_allowed"
    message = "不支持此请求方法。"


class TooLarge(HubError):
    """The body is larger than anything that we take."""

    status = 413
    code = "too_large"
    message = "提交的内容太大，请缩短后重试。"


class InternalError(HubError):
    """Something of ours is broken; the log has it under the trace id."""

    status = 500
    code = "internal_error"
    message = "系统内部错误，已记录。请稍后再试，或拨打12366。"


TITLES = {404: "没有找到页面", 405: "不支持此操作", 429: "操作过于频繁", 503: "服务正在恢复"}
BY_STATUS: dict[int, type[HubError]] = {404: NotFound, 405: MethodNotAllowed, 413: TooLarge, 422: Invalid}


ErrorPage = Callable[[Request, int, str, str, str], Response]


def _wrong(item: Mapping[str, Any]) -> str:
    """What is wrong with a field, where a word says it."""
    words = {
        "missing": "（没有填写）", "json_invalid": "（不是完整的JSON）",
        "string_too_long": "（最多{max_length}个字）", "string_too_short": "（至少{min_length}个字）",
        "too_long": "（最多{max_length}项）",
    }  # fmt: skip
    return words.get(item["type"], "").format_map(item.get("ctx") or {})


def add_error_handlers(app: FastAPI, error_page: ErrorPage) -> None:
    """Turn every exception into problem details in Chinese, or into a page where a browser asked for one."""

    def problem(request: Request, error: HubError, headers: dict[str, str] | None = None, **extra: Any) -> Response:
        wants_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")
        if wants_page:
            return error_page(
                request, error.status, TITLES.get(error.status, "出错了"), error.user_message, trace.trace_id()
            )
        return problem_details(request, error, headers, **extra)

    @app.exception_handler(HubError)
    async def _(request: Request, error: HubError) -> Response:
        headers = {}
        if isinstance(error, TooManyRequests | Unavailable):
            headers["Retry-After"] = str(error.extra.get("retry_after", 2))
        if error.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return problem(request, error, headers)

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, error: RequestValidationError) -> Response:
        fields = [
            {"field": ".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0]), "reason": item["type"]}
            for item in error.errors()
        ]
        wrong = {item["field"]: _wrong(raw) for item, raw in zip(fields, error.errors(), strict=True)}
        named = "、".join(f"{field}{why}" for field, why in sorted(wrong.items()))[:200]
        return problem(request, Invalid(f"填写内容有误，请检查：{named}。"), errors=fields)

    @app.exception_handler(HTTPException)
    async def _(request: Request, error: HTTPException) -> Response:
        kind = BY_STATUS.get(error.status_code)
        if kind is None:
            kind = type("HttpError", (HubError,), {"status": error.status_code, "code": f"http_{error.status_code}"})
        return problem(request, kind(), dict(error.headers or {}))

    @app.exception_handler(DBAPIError)
    @app.exception_handler(PoolTimeout)
    @app.exception_handler(psycopg.OperationalError)
    async def _(request: Request, error: Exception) -> Response:
        lost = not isinstance(error, DBAPIError) or error.connection_invalidated or _is_operational(error)
        if not lost:
            log.exception("database_error", path=request.url.path, exc_info=error)
            return problem(request, InternalError())
        log.warning("database_unavailable", path=request.url.path)
        return problem(request, Unavailable("系统正在恢复中，您的内容没有丢失，请稍后重试。"), {"Retry-After": "2"})

    @app.exception_handler(Exception)
    async def _(request: Request, error: Exception) -> Response:
        log.exception("unexpected_error", path=request.url.path, exc_info=error)
        return problem(request, InternalError())


def _is_operational(error: DBAPIError) -> bool:
    return isinstance(error.orig, psycopg.OperationalError | psycopg.InterfaceError)

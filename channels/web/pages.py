"""Pages of the web channel: templates, addresses of static files, and the head that every page has."""

import hashlib
import secrets
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from fastapi import Request
from fastapi.responses import HTMLResponse
from starlette.templating import Jinja2Templates

HERE = Path(__file__).parent
STATIC = HERE / "static"
TEMPLATES = Jinja2Templates(directory=HERE / "templates")


class SiteProfile(Protocol):
    """What the pages say about the bureau; the application provides it as `app.state.site`."""

    @property
    def name(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def hours_text(self) -> str: ...
    @property
    def greeting(self) -> str: ...
    @property
    def suggested_questions(self) -> Sequence[str]: ...
    @property
    def topics(self) -> Sequence[tuple[str, Sequence[str]]]: ...
    @property
    def sandbox(self) -> bool: ...
    @property
    def icp(self) -> str | None: ...


@cache
def fingerprint(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    return f"/static/{name}?v={fingerprint(name)}"


TEMPLATES.env.globals["asset"] = asset


def page(request: Request, template: str, status_code: int = 200, **context: object) -> HTMLResponse:
    site = cast(SiteProfile, request.app.state.site)
    nonce = secrets.token_urlsafe(16)
    response = TEMPLATES.TemplateResponse(
        request,
        template,
        {"site": site, "nonce": nonce, "status_code": status_code, **context},
        status_code=status_code,
    )
    # The nonce serves browsers without constructed style sheets, where the widget needs a <style> element.
    response.headers["Content-Security-Policy"] = (
        f"default-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-cache"
    return response


def error_page(
    request: Request, status_code: int, title: str, detail: str, trace_id: str | None = None
) -> HTMLResponse:
    """For the application's exception handlers, when a browser asked for a page."""
    return page(request, "error.html", status_code, title=title, detail=detail, trace_id=trace_id)

"""Every route of the app with its methods, for tests that knock on all doors."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, FastAPI
from starlette.routing import Mount


def doors(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and path of every route; static files and the open description of the API are nobody's data."""
    pending: list[object] = list(app.routes)
    while pending:
        route = pending.pop()
        if isinstance(route, Mount):
            continue
        if isinstance(getattr(route, "original_router", None), APIRouter):
            contexts = route.effective_route_contexts()  # type: ignore[attr-defined]
            pending.extend(getattr(context, "starlette_route", None) or context for context in contexts)
        else:
            for method in getattr(route, "methods", None) or ():
                yield method, str(route.path)  # type: ignore[attr-defined]

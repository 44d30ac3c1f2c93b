"""Every route says who may call it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from starlette.routing import Mount

from hub.app import create_app

FRAMEWORK = {"/openapi.json"}


def calls(dependant: Dependant) -> Iterator[object]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from calls(inner)


@pytest.fixture
def access_by_path(database: str) -> dict[str, set[str]]:
    """Path of every route with the names of access that stand on it."""
    app: FastAPI = create_app()
    found: dict[str, set[str]] = {}
    pending: list[object] = list(app.routes)
    while pending:
        route = pending.pop()
        if isinstance(route, Mount):
            assert route.path == "/static"
        elif isinstance(inner := getattr(route, "original_router", None), APIRouter):
            # what FastAPI keeps of an included router: its effective routes carry the router's dependencies too
            contexts = route.effective_route_contexts()  # type: ignore[attr-defined]
            pending.extend(getattr(context, "starlette_route", None) or context for context in contexts)
            assert inner.routes
        elif (path := getattr(route, "path", None)) not in FRAMEWORK:
            dependant = getattr(route, "dependant", None)
            names = {getattr(call, "access", None) for call in calls(dependant)} if dependant else set()
            found.setdefault(str(path), set()).update(name for name in names if name)
            if not any(names):
                found[str(path)] = set()
    return found


def test_every_route_names_its_access(access_by_path: dict[str, set[str]]) -> None:
    assert len(access_by_path) > 15
    assert [path for path, names in access_by_path.items() if not names] == []


def test_nothing_of_the_staff_or_of_rasa_is_public(access_by_path: dict[str, set[str]]) -> None:
    guarded = {path: names for path, names in access_by_path.items() if path.startswith(("/api/v1/staff", "/internal"))}
    assert len(guarded) >= 6
    assert all(names <= {"rasa", "staff:agent", "staff:supervisor"} for names in guarded.values()), guarded

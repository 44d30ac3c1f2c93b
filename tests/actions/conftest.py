"""The action webhook in process, on a day that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI

from actions.registry import executor, executor_for
from actions.router import router
from channels.web.pages import error_page
from hub.kit import clock
from hub.kit.web import add_error_handlers
from hub.skills import Skill
from knowledge_base.parameters.loader import parameters
from services.registry import SKILLS
from tests.actions.permit import Office
from tests.actions.wire import Chat

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
ChatWith = Callable[..., Chat]


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon in China on 22 November 2026, a Sunday."""
    parameters()  # kept from here on: they may have been verified after that day, which must not be in the future
    monkeypatch.setattr(clock, "now", lambda: NOON)


@pytest.fixture
def app() -> FastAPI:
    """The webhook as the hub mounts it."""
    made = FastAPI()
    made.include_router(router)
    add_error_handlers(made, error_page)
    return made


@pytest.fixture
async def webhook(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of the webhook; what raises inside the hub is seen as Rasa would see it."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        yield client


@pytest.fixture
def inspection(webhook: httpx.AsyncClient) -> Chat:
    """A chat about inspecting an invoice, nothing said yet."""
    return Chat(webhook, SKILLS[0])


@pytest.fixture
def office() -> Office:
    """An office of our own that grants permits as it is told to."""
    return Office()


@pytest.fixture
def permit_skill(app: FastAPI, office: Office) -> Iterator[Skill]:
    """A skill with everything that a form can have: prose, choices, a rule about the whole, confirmation."""
    skill = office.skill()
    app.dependency_overrides[executor] = lambda: executor_for((skill,))
    yield skill
    app.dependency_overrides.clear()


@pytest.fixture
def permit(webhook: httpx.AsyncClient, permit_skill: Skill) -> Chat:
    """A chat about a permit."""
    return Chat(webhook, permit_skill)

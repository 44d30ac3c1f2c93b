"""The services against the sandboxes on PostgreSQL, on a day that stands still."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.settings import get_settings
from services.gateways.registry import inspection_gateway
from tests.services.inspection import TODAY, stand_on


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_on(TODAY, monkeypatch)


@pytest.fixture
def fresh_gateways(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The gateways as the settings of this test say, with time on a busy machine, too; forgotten afterwards."""
    monkeypatch.setattr(get_settings(), "inspection_timeout_seconds", 30.0)
    inspection_gateway.cache_clear()
    yield
    inspection_gateway.cache_clear()


@pytest.fixture
async def sandbox(empty_database: str, fresh_gateways: None) -> str:
    """An untouched sandbox behind the gateways; the address of its database."""
    return empty_database

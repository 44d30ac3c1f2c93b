"""Filing against the sandbox of the core system, in the filing days of October 2026."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.settings import get_settings
from services.gateways.registry import tax_core
from tests.services.filing.filers import IN_TIME, stand_at
from tests.services.tax_core import tell_core


@pytest.fixture
def fresh_core(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The core system with time on a busy machine, too; forgotten afterwards."""
    monkeypatch.setattr(get_settings(), "core_timeout_seconds", 30.0)
    tax_core.cache_clear()
    yield
    tax_core.cache_clear()


@pytest.fixture
async def core(empty_database: str, fresh_core: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The filing days of October 2026 with an untouched core system; the address of its database."""
    stand_at(IN_TIME, monkeypatch)
    await tell_core()
    return empty_database

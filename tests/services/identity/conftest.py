"""Identity against the sandboxes of carrier, real-name service and core system, with a clock by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.settings import get_settings
from services.gateways.registry import real_name, sms, tax_core
from tests.hub.accounts.clock_hands import Hands


@pytest.fixture(autouse=True)
def hands(_day: None, monkeypatch: pytest.MonkeyPatch) -> Hands:
    """The clock of the test."""
    return Hands(monkeypatch)


@pytest.fixture
def fresh_parties(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The outside systems with time on a busy machine, too; forgotten afterwards."""
    settings = get_settings()
    for name in ("core_timeout_seconds", "sms_timeout_seconds", "real_name_timeout_seconds"):
        monkeypatch.setattr(settings, name, 30.0)
    monkeypatch.setattr(settings, "rate_auth", "100000/minute")
    for party in (sms, real_name, tax_core):
        party.cache_clear()
    yield
    for party in (sms, real_name, tax_core):
        party.cache_clear()


@pytest.fixture
async def sandboxes(empty_database: str, fresh_parties: None) -> str:
    """Untouched sandboxes; the address of their database."""
    return empty_database

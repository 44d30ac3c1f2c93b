"""Reminders against the sandboxes of core system and carrier, on days that stand still."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.settings import get_settings
from knowledge_base.parameters.loader import parameters
from services.gateways.behaviour import Mode
from services.gateways.registry import sms, tax_core
from tests.services.reminders.people import SEEDED_ON, stand_at, tell_core


@pytest.fixture
def fresh_parties(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The outside systems with time on a busy machine, too; forgotten afterwards."""
    for name in ("core_timeout_seconds", "sms_timeout_seconds"):
        monkeypatch.setattr(get_settings(), name, 30.0)
    for party in (sms, tax_core):
        party.cache_clear()
    yield
    for party in (sms, tax_core):
        party.cache_clear()


@pytest.fixture
async def october(empty_database: str, fresh_parties: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The filing days of October 2026, with untouched sandboxes; the address of their database."""
    parameters()  # kept from here on: they say when they were verified, which must not be in the future
    stand_at(SEEDED_ON, monkeypatch)
    await tell_core(Mode.NORMAL)
    return empty_database

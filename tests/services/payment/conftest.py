"""Paying against the stand-ins of the core system, the wallets and the bank, on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.settings import get_settings
from services.gateways.payments.registry import close_payment_channels
from services.gateways.registry import tax_core


@pytest.fixture
async def paying(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """Untouched stand-ins behind the gateways, with time on a busy machine; the address of their database."""
    monkeypatch.setattr(get_settings(), "payment_timeout_seconds", 30.0)
    monkeypatch.setattr(get_settings(), "core_timeout_seconds", 30.0)
    await close_payment_channels()
    tax_core.cache_clear()
    yield empty_database
    await close_payment_channels()
    tax_core.cache_clear()

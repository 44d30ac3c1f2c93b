"""A clock by hand for everything about accounts."""

from __future__ import annotations

import pytest

from tests.hub.accounts.clock_hands import Hands


@pytest.fixture(autouse=True)
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """The clock of the test."""
    return Hands(monkeypatch)

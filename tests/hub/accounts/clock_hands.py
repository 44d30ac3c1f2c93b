"""A clock that tests set by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.kit import clock


class Hands:
    """Stands still until it is moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = datetime(2026, 11, 22, 4, tzinfo=UTC)
        monkeypatch.setattr(clock, "now", lambda: self.now)

    def move(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)

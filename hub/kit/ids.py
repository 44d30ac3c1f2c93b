"""Identifiers that sort by time of birth (UUID version 7)."""

from __future__ import annotations

from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """A fresh identifier; later ones sort after earlier ones."""
    return UUID(int=uuid_utils.uuid7().int)

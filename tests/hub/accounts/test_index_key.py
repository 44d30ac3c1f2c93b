"""The key by which people are found: kept apart by purpose, needed, and carried by every backup."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

import pytest
from pydantic import SecretStr

from hub.bootstrap import postgres, secret_file
from hub.bootstrap.backup import back_up, restore
from hub.kit.crypto import keyed_hash
from hub.settings import Settings, get_settings


def test_a_keyed_hash_tells_nothing_and_keeps_purposes_apart() -> None:
    phone = "1999999" + "7001"
    hashed = keyed_hash(phone, "phone")
    assert re.fullmatch(r"[0-9a-f]{64}", hashed)
    assert hashed == keyed_hash(phone, "phone")
    assert len({hashed, keyed_hash(phone, "resident_id"), keyed_hash(phone[:-1] + "2", "phone")}) == 3


def test_another_installation_hashes_differently(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = keyed_hash("x", "phone")
    monkeypatch.setattr(get_settings(), "index_key", SecretStr("of somebody else"))
    assert keyed_hash("x", "phone") != ours
    monkeypatch.setattr(get_settings(), "index_key", SecretStr(""))
    with pytest.raises(RuntimeError, match="HUB_INDEX_KEY"):
        keyed_hash("x", "phone")


def test_a_backup_carries_it(database: str, postgres_server: str, tmp_path: Path) -> None:
    archive = back_up(get_settings(), tmp_path / "hub.tar")
    with tarfile.open(archive) as opened:
        opened.extract("secrets.env", tmp_path, filter="data")
    kept = secret_file.read(tmp_path / "secrets.env")
    assert kept["HUB_INDEX_KEY"] == get_settings().index_key.get_secret_value()

    elsewhere = tmp_path / "elsewhere"
    secret_file.ensure(elsewhere / "secrets.env")
    own = secret_file.read(elsewhere / "secrets.env")
    postgres.ensure_database(postgres_server, "hub_restored")
    restore(
        Settings(database_url=postgres_server.replace("/postgres", "/hub_restored"), var_dir=elsewhere, _env_file=None),
        archive,
    )
    restored = secret_file.read(elsewhere / "secrets.env")
    assert restored["HUB_INDEX_KEY"] == kept["HUB_INDEX_KEY"] != own["HUB_INDEX_KEY"]
    assert restored["HUB_DATA_KEYS"] == f"{own['HUB_DATA_KEYS']},{kept['HUB_DATA_KEYS']}"
    assert restored["HUB_STAFF_TOKEN"] == own["HUB_STAFF_TOKEN"]

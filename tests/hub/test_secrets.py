"""Secrets are made once, readable by the owner only, and rotated without losing what is encrypted."""

from __future__ import annotations

from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet

from hub.bootstrap import secret_file


def test_made_once(tmp_path: Path) -> None:
    path = tmp_path / "var/secrets.env"
    assert secret_file.ensure(path)
    first = secret_file.read(path)
    assert set(first) == set(secret_file.GENERATED)
    assert path.stat().st_mode & 0o777 == 0o600
    assert not secret_file.ensure(path)
    assert secret_file.read(path) == first


def test_rotation_keeps_old_data_readable_and_the_database_password(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    secret_file.ensure(path)
    before = secret_file.read(path)
    sealed = Fernet(before["HUB_DATA_KEYS"]).encrypt(b"hello")
    changed = secret_file.rotate(path)
    after = secret_file.read(path)
    keys = after["HUB_DATA_KEYS"].split(",")
    assert len(keys) == 2
    assert MultiFernet([Fernet(key) for key in keys]).decrypt(sealed) == b"hello"
    assert after["HUB_PG_PASSWORD"] == before["HUB_PG_PASSWORD"]
    assert after["HUB_INDEX_KEY"] == before["HUB_INDEX_KEY"], "what is found by keyed hash must still be found"
    assert all(after[name] != before[name] for name in changed)

"""Secrets of an installation: made on the first run, readable by the owner only, rotatable."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

GENERATED = (
    "HUB_DATA_KEYS",
    "HUB_INDEX_KEY",
    "HUB_RECEIPT_KEYS",
    "HUB_PG_PASSWORD",
    "HUB_ACTION_SECRET",
    "HUB_DIALOGUE_TOKEN",
    "HUB_STAFF_TOKEN",
)


def read(path: Path) -> dict[str, str]:
    """The secrets in a file of `NAME=value` lines; empty when there is none."""
    if not path.exists():
        return {}
    lines = (line.partition("=") for line in path.read_text("utf-8").splitlines() if "=" in line and line[0] != "#")
    return {name.strip(): value.strip() for name, _, value in lines}


def write(path: Path, values: dict[str, str]) -> None:
    """Store the secrets atomically, mode 600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(
            "# Made by the first run. Back it up with the database: without HUB_DATA_KEYS nothing can be read.\n"
        )
        file.writelines(f"{name}={value}\n" for name, value in values.items())
    fresh.replace(path)


def ensure(path: Path) -> bool:
    """Make the secrets that are missing; True when there were any."""
    values = read(path)
    made = {name: _fresh(name) for name in GENERATED if not values.get(name)}
    if made:
        write(path, {**values, **made})
    return bool(made)


def rotate(path: Path) -> list[str]:
    """New data key in front (old ones still decrypt), new tokens; what was changed.

    The database password stays, and so does the index key: what is searched by keyed hash would not be found again.
    """
    values = read(path)
    keys = [_fresh("HUB_DATA_KEYS"), *(key for key in values.get("HUB_DATA_KEYS", "").split(",") if key)]
    changed = {
        "HUB_DATA_KEYS": ",".join(keys),
        **{name: _fresh(name) for name in ("HUB_ACTION_SECRET", "HUB_DIALOGUE_TOKEN", "HUB_STAFF_TOKEN")},
    }
    write(path, {**values, **changed})
    return list(changed)


def _fresh(name: str) -> str:
    return Fernet.generate_key().decode() if name == "HUB_DATA_KEYS" else secrets.token_urlsafe(32)

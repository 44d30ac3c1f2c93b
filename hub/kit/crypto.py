"""Encryption at rest: Fernet with rotating keys; the first key encrypts, every key still decrypts."""

from __future__ import annotations

import hashlib
import hmac
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from hub.settings import get_settings


@lru_cache
def vault() -> MultiFernet:
    """The keys of this installation, newest first.

    Raises `RuntimeError` when none is set.
    """
    keys = [key for key in get_settings().data_keys.get_secret_value().split(",") if key]
    if not keys:
        raise RuntimeError("HUB_DATA_KEYS is empty: run `hub secrets init`")
    return MultiFernet([Fernet(key) for key in keys])


def fingerprint(token: str) -> str:
    """What is stored of a random bearer token (SHA-256, hex): enough to compare, not to use."""
    return hashlib.sha256(token.encode()).hexdigest()


def keyed_hash(value: str, purpose: str) -> str:
    """What is stored to find a personal value again without being able to read it (HMAC-SHA-256, hex).

    `purpose` keeps hashes of the same value apart that stand for different things.
    Raises `RuntimeError` when the installation has no index key.
    """
    key = get_settings().index_key.get_secret_value()
    if not key:
        raise RuntimeError("HUB_INDEX_KEY is empty: run `hub secrets init`")
    return hmac.new(key.encode(), f"{purpose}\n{value}".encode(), hashlib.sha256).hexdigest()


class EncryptedText(TypeDecorator[str]):
    """A text column that is ciphertext in the database."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Encrypt on the way in."""
        return None if value is None else vault().encrypt(value.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Decrypt on the way out."""
        return None if value is None else vault().decrypt(bytes(value)).decode()


class EncryptedJson(TypeDecorator[Any]):
    """A JSON column that is ciphertext in the database."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        """Encrypt on the way in."""
        return None if value is None else vault().encrypt(json.dumps(value, ensure_ascii=False).encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        """Decrypt on the way out."""
        return None if value is None else json.loads(vault().decrypt(bytes(value)))

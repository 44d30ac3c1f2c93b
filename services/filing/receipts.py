"""Receipts of returns: canonical JSON with a detached Ed25519 signature of this installation.

The canonical form is that of RFC 8785 for what receipts hold (objects with ASCII names, texts, booleans, lists): names
sorted, no blanks, UTF-8. The signature is that of RFC 8032, as unpadded base64url. Anybody who has the public key
(`GET /api/v1/filing/receipt-keys`) can check a receipt without us.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hub.settings import get_settings

ALGORITHM = "Ed25519"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


@lru_cache
def _keys(secrets: str) -> tuple[Ed25519PrivateKey, ...]:
    # any secret text will do: 32 bytes are what the algorithm takes
    return tuple(
        Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"receipt\n{secret}".encode()).digest())
        for secret in secrets.split(",")
        if secret
    )


def _signing_keys() -> tuple[Ed25519PrivateKey, ...]:
    keys = _keys(get_settings().receipt_keys.get_secret_value())
    if not keys:
        raise RuntimeError("HUB_RECEIPT_KEYS is empty: run `hub secrets init`")
    return keys


def _public(key: Ed25519PrivateKey) -> str:
    return _encoded(key.public_key().public_bytes_raw())


def _key_id(public: str) -> str:
    """A short name of a public key: the beginning of its SHA-256."""
    return hashlib.sha256(public.encode()).hexdigest()[:16]


def public_keys() -> dict[str, str]:
    """The keys that check our receipts, by key id, the one that signs now first; raw 32 bytes in base64url.

    Raises `RuntimeError` when no key is set.
    """
    return {_key_id(public): public for public in map(_public, _signing_keys())}


def canonical(content: Mapping[str, Any]) -> bytes:
    """The bytes that are signed."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def signed(content: Mapping[str, Any]) -> dict[str, Any]:
    """A receipt: the content, and the signature beside it.

    Raises `RuntimeError` when no key is set.
    """
    key = _signing_keys()[0]
    return {
        "content": dict(content),
        "algorithm": ALGORITHM,
        "key_id": _key_id(_public(key)),
        "signature": _encoded(key.sign(canonical(content))),
    }


def verify(receipt: Mapping[str, Any], keys: Mapping[str, str]) -> bool:
    """Whether a receipt, as `signed` makes them, was signed by one of these public keys and not changed since."""
    try:
        public = keys[receipt["key_id"]]
        content, signature = receipt["content"], _decoded(receipt["signature"])
        Ed25519PublicKey.from_public_bytes(_decoded(public)).verify(signature, canonical(content))
    except (InvalidSignature, LookupError, TypeError, ValueError, AttributeError):
        return False
    return bool(receipt.get("algorithm") == ALGORITHM)

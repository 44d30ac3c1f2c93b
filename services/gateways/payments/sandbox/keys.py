"""The keys of the stand-ins, made on first use: both sides of the wire are ours, and processes must agree."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from hub.settings import get_settings

FILE = "payment_sandbox_keys.json"
_PAIRS = ("wechat_merchant", "wechat_platform", "alipay_merchant", "alipay_platform")


def _made_up() -> dict[str, str]:
    keys = {name: _pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)) for name in _PAIRS}
    return keys | {"wechat_api_v3": secrets.token_hex(16), "bank_secret": secrets.token_urlsafe(32)}


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@lru_cache
def sandbox_keys(folder: Path | None = None) -> Mapping[str, str]:
    """The keys by name, from the file in the hub's own folder; of two processes that make one, the first wins."""
    folder = folder or get_settings().var_dir
    path = folder / FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{FILE}.{secrets.token_hex(6)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(_made_up(), file)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    keys: Mapping[str, str] = json.loads(path.read_text("utf-8"))
    return keys

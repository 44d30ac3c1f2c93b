"""How a request proves who sends it: HMAC-SHA-256 over method, path, time, nonce and body."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from hub.kit import clock
from hub.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the other side's operator issues to a bureau."""

    app_key: str
    app_secret: str

    @classmethod
    def parse(cls, text: str, setting: str = "HUB_INSPECTION_KEY") -> Credentials:
        """Read `<app key>:<app secret>`, the form of the setting named.

        Raises `ValueError` when one of the two is missing.
        """
        app_key, _, app_secret = text.partition(":")
        if not (app_key and app_secret):
            raise ValueError(f"{setting} must be <app key>:<app secret>")
        return cls(app_key, app_secret)


def sign(secret: str, method: str, path: str, timestamp: str, nonce: str, body: bytes) -> str:
    """The signature of a request, in lower-case hex."""
    text = "\n".join((method.upper(), path, timestamp, nonce, hashlib.sha256(body).hexdigest()))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def signed_headers(credentials: Credentials, method: str, path: str, body: bytes) -> dict[str, str]:
    """The headers that sign a request as of now; each call makes a fresh nonce, so each attempt needs its own."""
    timestamp, nonce = str(int(clock.now().timestamp())), new_id().hex
    return {
        "X-App-Key": credentials.app_key,
        "X-Timestamp": timestamp,
        "X-Nonce": nonce,
        "X-Signature": sign(credentials.app_secret, method, path, timestamp, nonce, body),
    }

"""Whether a message between the bank and us is its sender's; signed as everywhere (`services.gateways.signature`)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from hub.kit import clock
from services.gateways.signature import Credentials, sign

ACCEPTED_SECONDS = 300


def signature_holds(
    credentials: Credentials, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> bool:
    """Whether a message was signed by the holder of the secret, and just now; `headers` are in lower case."""
    timestamp, nonce = headers.get("x-timestamp", ""), headers.get("x-nonce", "")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 15):
        return False
    if abs(clock.now().timestamp() - int(timestamp)) > ACCEPTED_SECONDS:
        return False
    if headers.get("x-app-key") != credentials.app_key:
        return False
    expected = sign(credentials.app_secret, method, target, timestamp, nonce, body)
    return hmac.compare_digest(headers.get("x-signature", "").encode(), expected.encode())

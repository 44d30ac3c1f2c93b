"""Request signing of Tencent Cloud's API 3.0 (TC3-HMAC-SHA256), as its documentation lays it down.

Source: Tencent Cloud, "Signature v3" (POST with a JSON body to "/").
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

ALGORITHM = "TC3-HMAC-SHA256"
CONTENT_TYPE = "application/json; charset=utf-8"


def signature(secret: str, service: str, timestamp: int, headers: Mapping[str, str], body: bytes) -> str:
    """The signature over a POST; `headers` are those to be signed, by lower-case name, `timestamp` in seconds."""
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name].strip().lower()}\n" for name in names)
    request = "\n".join(("POST", "/", "", lines, ";".join(names), hashlib.sha256(body).hexdigest()))
    scope = (_day(timestamp), service, "tc3_request")
    text = "\n".join((ALGORITHM, str(timestamp), "/".join(scope), hashlib.sha256(request.encode()).hexdigest()))
    key = f"TC3{secret}".encode()
    for part in scope:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def authorization(
    key_id: str, secret: str, service: str, timestamp: int, headers: Mapping[str, str], body: bytes
) -> str:
    """The value of the Authorization header."""
    value = signature(secret, service, timestamp, headers, body)
    return (
        f"{ALGORITHM} Credential={key_id}/{_day(timestamp)}/{service}/tc3_request, "
        f"SignedHeaders={';'.join(sorted(headers))}, Signature={value}"
    )


def _day(timestamp: int) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d}"

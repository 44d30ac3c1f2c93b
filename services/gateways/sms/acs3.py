"""Request signing of Alibaba Cloud's OpenAPI, version 3 (ACS3-HMAC-SHA256), as its documentation lays it down.

Source: Alibaba Cloud, "Request syntax and signature method V3" (RPC style: the path is "/", parameters are a query).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

ALGORITHM = "ACS3-HMAC-SHA256"
EMPTY_BODY = hashlib.sha256(b"").hexdigest()


def canonical_query(parameters: Mapping[str, str]) -> str:
    """The parameters sorted by name, each percent-encoded as RFC 3986 says."""
    return "&".join(f"{_encoded(name)}={_encoded(parameters[name])}" for name in sorted(parameters))


def signature(secret: str, method: str, query: str, headers: Mapping[str, str]) -> str:
    """The signature over a request without a body; `headers` are those to be signed, by lower-case name."""
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    request = "\n".join((method, "/", query, lines, ";".join(names), EMPTY_BODY))
    text = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def authorization(key_id: str, secret: str, method: str, query: str, headers: Mapping[str, str]) -> str:
    """The value of the Authorization header."""
    signed = ";".join(sorted(headers))
    value = signature(secret, method, query, headers)
    return f"{ALGORITHM} Credential={key_id},SignedHeaders={signed},Signature={value}"


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")

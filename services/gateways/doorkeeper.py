"""The other side's door in staging and contract tests: lets in what is signed, fresh and new."""

from __future__ import annotations

import hmac

from fastapi import Request

from hub.kit import clock
from services.gateways.signature import Credentials, sign

CLOCK_SKEW_SECONDS = 300


class Refused(Exception):
    """The request is not answered; the code goes onto the wire."""

    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code
        super().__init__(code)


class Nonces:
    """Remembers nonces for as long as their timestamps are acceptable.

    In memory: staging runs one peer, and a restart forgets a few minutes of nonces at most.
    """

    def __init__(self, kept_seconds: float) -> None:
        self._kept_seconds = kept_seconds
        self._until: dict[str, float] = {}

    def new(self, nonce: str) -> bool:
        """Whether this nonce comes for the first time."""
        now = clock.now().timestamp()
        self._until = {known: until for known, until in self._until.items() if until >= now}
        if nonce in self._until:
            return False
        self._until[nonce] = now + self._kept_seconds
        return True


class Doorkeeper:
    """Checks who sends a request, by the headers of `services.gateways.signature`."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._nonces = Nonces(2 * CLOCK_SKEW_SECONDS)

    def admit(self, request: Request, body: bytes) -> None:
        """Let a request in.

        Raises `Refused`.
        """
        given = request.headers
        app_key, timestamp = given.get("x-app-key", ""), given.get("x-timestamp", "")
        nonce, signature = given.get("x-nonce", ""), given.get("x-signature", "")
        if not hmac.compare_digest(app_key.encode(), self._credentials.app_key.encode()):
            raise Refused(401, "unknown_app")
        expected = sign(self._credentials.app_secret, request.method, request.url.path, timestamp, nonce, body)
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            raise Refused(401, "bad_signature")
        if not timestamp.isdecimal() or abs(clock.now().timestamp() - int(timestamp)) > CLOCK_SKEW_SECONDS:
            raise Refused(401, "stale_timestamp")
        if not 16 <= len(nonce) <= 64 or not self._nonces.new(nonce):
            raise Refused(401, "nonce_reused")

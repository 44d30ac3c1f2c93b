"""What can go wrong between us and an outside system; services turn these into words and statuses."""

from __future__ import annotations


class GatewayError(Exception):
    """Base: no usable answer came. `reason` is a short stable word for logs."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class GatewayUnavailable(GatewayError):
    """The other side cannot be reached, or says that it is closed for now."""


class GatewayTimeout(GatewayError):
    """No answer in time; the other side may or may not have acted, so repeat only with the same request id."""


class GatewayFault(GatewayError):
    """An answer came and is of no use: an internal error, a refusal of our request, or a body we cannot read."""

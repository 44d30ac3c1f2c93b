"""Rate limits per caller, counted in this process with a moving window."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from ipaddress import ip_address, ip_network

from fastapi import Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from hub.kit.errors import TooManyRequests
from hub.settings import Settings, get_settings

limiter = MovingWindowRateLimiter(MemoryStorage())


@lru_cache
def _parsed(rate: str) -> RateLimitItem:
    return parse(rate)


def client_address(request: Request) -> str:
    """The caller's address; `X-Forwarded-For` counts only when a trusted proxy (HUB_TRUSTED_PROXIES) sent it."""
    direct = request.client.host if request.client else "unknown"
    proxies = get_settings().trusted_proxies
    forwarded = request.headers.get("x-forwarded-for")
    if not (proxies and forwarded):
        return direct
    try:
        trusted = any(ip_address(direct) in ip_network(proxy) for proxy in proxies)
        return str(ip_address(forwarded.split(",")[-1].strip())) if trusted else direct
    except ValueError:
        return direct


def rate_limit(name: str, rate_of: Callable[[Settings], str]) -> Callable[[Request], Awaitable[None]]:
    """A FastAPI dependency that refuses calls above the rate (`"60/minute"`) with 429 and Retry-After."""

    # async, so that it does not go through the thread pool, where arrivals would lose their order
    async def check(request: Request) -> None:
        item = _parsed(rate_of(get_settings()))
        if not limiter.hit(item, name, client_address(request)):
            raise TooManyRequests(retry_after=item.get_expiry())

    return check

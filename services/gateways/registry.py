"""Which implementation of each outside system is in use, as the settings say; one of each a process."""

from __future__ import annotations

from functools import lru_cache

from hub.settings import get_settings
from services.gateways.inspection.http import InspectionHttp
from services.gateways.inspection.protocol import InspectionGateway
from services.gateways.inspection.sandbox import InspectionSandbox
from services.gateways.inspection.signature import Credentials


@lru_cache
def inspection_gateway() -> InspectionGateway:
    """The invoice inspection platform.

    Raises `ValueError` when the real one is chosen and its address or key is not usable.
    """
    settings = get_settings()
    if settings.inspection_gateway == "sandbox":
        return InspectionSandbox(settings.inspection_timeout_seconds)
    credentials = Credentials.parse(settings.inspection_key.get_secret_value())
    return InspectionHttp(settings.inspection_url, credentials, settings.inspection_timeout_seconds)


async def close_gateways() -> None:
    """Close what is open, at the end of the process; the next use opens it again."""
    if inspection_gateway.cache_info().currsize:
        await inspection_gateway().close()
    inspection_gateway.cache_clear()

"""Which implementation of each outside system is in use, as the settings say; one of each a process."""

from __future__ import annotations

from functools import lru_cache

from hub.settings import get_settings
from services.gateways.inspection.http import InspectionHttp
from services.gateways.inspection.protocol import InspectionGateway
from services.gateways.inspection.sandbox import InspectionSandbox
from services.gateways.payments.registry import close_payment_channels
from services.gateways.real_name.http import RealNameHttp
from services.gateways.real_name.protocol import RealNameGateway
from services.gateways.real_name.sandbox import RealNameSandbox
from services.gateways.signature import Credentials
from services.gateways.sms.opening import open_sms
from services.gateways.sms.protocol import SmsGateway
from services.gateways.tax_core.http import TaxCoreHttp
from services.gateways.tax_core.protocol import TaxCoreGateway
from services.gateways.tax_core.sandbox import TaxCoreSandbox


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


@lru_cache
def tax_core() -> TaxCoreGateway:
    """The bureau's core system.

    Raises `ValueError` when the real one is chosen and its address or key is not usable.
    """
    settings = get_settings()
    if settings.core_gateway == "sandbox":
        return TaxCoreSandbox(settings.core_timeout_seconds)
    credentials = Credentials.parse(settings.core_key.get_secret_value(), "HUB_CORE_KEY")
    return TaxCoreHttp(settings.core_url, credentials, settings.core_timeout_seconds)


@lru_cache
def real_name() -> RealNameGateway:
    """The real-name service.

    Raises `ValueError` when the real one is chosen and its address or key is not usable.
    """
    settings = get_settings()
    if settings.real_name_gateway == "sandbox":
        return RealNameSandbox(settings.real_name_timeout_seconds)
    credentials = Credentials.parse(settings.real_name_key.get_secret_value(), "HUB_REAL_NAME_KEY")
    return RealNameHttp(settings.real_name_url, credentials, settings.real_name_timeout_seconds)


@lru_cache
def sms() -> SmsGateway:
    """The carriers of text messages, behind one switchboard.

    Raises `ValueError` when a real one is chosen and its address, key or templates are not usable.
    """
    return open_sms(get_settings())


async def close_gateways() -> None:
    """Close what is open, at the end of the process; the next use opens it again."""
    if inspection_gateway.cache_info().currsize:
        await inspection_gateway().close()
    inspection_gateway.cache_clear()
    if real_name.cache_info().currsize:
        await real_name().close()
    real_name.cache_clear()
    if sms.cache_info().currsize:
        await sms().close()
    sms.cache_clear()
    if tax_core.cache_info().currsize:
        await tax_core().close()
    tax_core.cache_clear()
    await close_payment_channels()

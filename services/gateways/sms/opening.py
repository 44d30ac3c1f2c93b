"""The carriers that the settings name, opened; what is registered with each is said in the log at the start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.kit.logging import get_logger
from hub.settings import Settings
from services.gateways.signature import Credentials
from services.gateways.sms.aliyun import SmsAliyun
from services.gateways.sms.protocol import SmsGateway
from services.gateways.sms.registration import LONGEST_SIGNATURE, problems
from services.gateways.sms.sandbox import SmsSandbox
from services.gateways.sms.switchboard import SmsSwitchboard
from services.gateways.sms.tencent import SmsTencent

log = get_logger(__name__)


def carriers_of(settings: Settings) -> list[str]:
    """Their names, the preferred first."""
    return settings.sms_gateway.split(",")


def open_sms(settings: Settings) -> SmsSwitchboard:
    """The carriers behind one switchboard.

    Raises `ValueError` when the address, key or templates of one are not usable.
    """
    opened = {name: _open(name, settings) for name in carriers_of(settings)}
    return SmsSwitchboard(opened, settings.sms_slow_seconds, settings.sms_sign_name)


def registrations(settings: Settings) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    """Signature and table of templates of each carrier that the settings name."""
    every = {
        "aliyun": (settings.sms_sign_name, settings.sms_templates),
        "tencent": (settings.sms_tencent_sign_name or settings.sms_sign_name, settings.sms_tencent_templates),
    }
    return {name: every[name] for name in carriers_of(settings) if name in every}


def tell_registrations(settings: Settings) -> bool:
    """Say in the log what is registered with each carrier, or what is wrong; whether all is well."""
    well = True
    for carrier, (signature, table) in registrations(settings).items():
        wrong = problems(table)
        if not 0 < len(signature) <= LONGEST_SIGNATURE:
            wrong.append(f"signature must have 1 to {LONGEST_SIGNATURE} characters")
        if wrong:
            well = False
            log.error("sms_registration_wrong", carrier=carrier, problems=wrong)
        else:
            log.info("sms_registered", carrier=carrier, signature=signature, templates=sorted(table))
    return well


def _open(name: str, settings: Settings) -> SmsGateway:
    seconds = settings.sms_timeout_seconds
    if name == "aliyun":
        key = Credentials.parse(settings.sms_key.get_secret_value(), "HUB_SMS_KEY")
        return SmsAliyun(settings.sms_url, key, settings.sms_sign_name, settings.sms_templates, seconds)
    if name == "tencent":
        key = Credentials.parse(settings.sms_tencent_key.get_secret_value(), "HUB_SMS_TENCENT_KEY")
        signature, templates = registrations(settings)[name]
        return SmsTencent(
            settings.sms_tencent_url, key, settings.sms_tencent_app_id, settings.sms_tencent_region, signature,
            templates, seconds,
        )  # fmt: skip
    return SmsSandbox(seconds)

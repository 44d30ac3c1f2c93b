"""Which ways of paying are open and what stands behind each, as the settings say; one of each a process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

from hub.settings import get_settings
from services.gateways.payments.alipay.channel import Alipay
from services.gateways.payments.alipay.signature import Credentials as AlipayCredentials
from services.gateways.payments.bank.channel import Bank
from services.gateways.payments.bank.wire import Product
from services.gateways.payments.models import Party
from services.gateways.payments.protocol import PaymentChannel
from services.gateways.payments.rsa import read_private_key
from services.gateways.payments.sandbox.alipay import AlipayPeer
from services.gateways.payments.sandbox.bank import BankPeer
from services.gateways.payments.sandbox.keys import sandbox_keys
from services.gateways.payments.sandbox.peer import Peer
from services.gateways.payments.sandbox.wechat import WeChatPeer
from services.gateways.payments.wechat.channel import WeChatPay
from services.gateways.payments.wechat.signature import Credentials as WeChatCredentials
from services.gateways.signature import Credentials as BankCredentials

CHANNELS: Mapping[str, Party] = {
    "wechat": Party.WECHAT,
    "alipay": Party.ALIPAY,
    "bank_transfer": Party.BANK,
    "online_bank": Party.BANK,
    "pos": Party.BANK,
}
"""Every way for money to come in, by the name in callback addresses, and the party behind it."""
_PRODUCTS = {"bank_transfer": Product.COUNTER, "online_bank": Product.ONLINE, "pos": Product.POS}
_SANDBOX_BANK = "https://bank.invalid"
"""Where the sandbox's bank would be: nothing leaves the process, its transport answers."""
_channels: dict[str, PaymentChannel] = {}


def _choice(party: Party) -> str:
    return str(getattr(get_settings(), f"payment_{party}_gateway"))


def played(channel: str) -> bool:
    """Whether a stand-in plays the party behind a channel."""
    return channel in CHANNELS and _choice(CHANNELS[channel]) == "sandbox"


def open_channels() -> tuple[str, ...]:
    """The names of the channels that are not switched off, in the order in which they are shown."""
    return tuple(name for name, party in CHANNELS.items() if _choice(party) != "off")


def own_address() -> str:
    """Where parties and payers reach the hub, without a slash at the end."""
    settings = get_settings()
    return settings.public_url.rstrip("/") or f"http://127.0.0.1:{settings.port}"


def _notify_url(channel: str) -> str:
    return f"{own_address()}/api/v1/payment/callbacks/{channel}"


def _sandbox_wechat() -> WeChatCredentials:
    keys = sandbox_keys()
    return WeChatCredentials(
        appid="wxsandbox00000000", mchid="1900000000", serial_no="SANDBOXMERCHANT",
        private_key=read_private_key(keys["wechat_merchant"]), api_v3_key=keys["wechat_api_v3"].encode(),
        platform_key_id="PUB_KEY_ID_SANDBOX", platform_key=read_private_key(keys["wechat_platform"]).public_key(),
    )  # fmt: skip


def _sandbox_alipay() -> AlipayCredentials:
    keys = sandbox_keys()
    return AlipayCredentials(
        app_id="2021000000000000", seller_id="2088000000000001",
        private_key=read_private_key(keys["alipay_merchant"]),
        alipay_key=read_private_key(keys["alipay_platform"]).public_key(),
    )  # fmt: skip


def _sandbox_bank() -> BankCredentials:
    return BankCredentials("bureau", sandbox_keys()["bank_secret"])


@lru_cache
def sandbox_peer(party: Party) -> Peer | None:
    """The stand-in of a party; None where the settings choose the real one, or none."""
    if _choice(party) != "sandbox":
        return None
    cashier = f"{own_address()}/sandbox/cashier/{party}"
    match party:
        case Party.WECHAT:
            key = read_private_key(sandbox_keys()["wechat_platform"])
            return WeChatPeer(_sandbox_wechat(), key, cashier)
        case Party.ALIPAY:
            key = read_private_key(sandbox_keys()["alipay_platform"])
            return AlipayPeer(_sandbox_alipay(), key, cashier)
        case Party.BANK:
            return BankPeer(_sandbox_bank(), cashier)


def payment_channel(name: str) -> PaymentChannel:
    """The channel of this name.

    Raises `LookupError` when there is none or it is switched off, `ValueError` when its address or key is not usable.
    """
    if name not in _channels:
        _channels[name] = _build(name)
    return _channels[name]


def _build(name: str) -> PaymentChannel:
    party = CHANNELS[name]
    if _choice(party) == "off":
        raise LookupError(name)
    settings, peer, notify = get_settings(), sandbox_peer(party), _notify_url(name)
    seconds = settings.payment_timeout_seconds
    match party:
        case Party.WECHAT:
            wechat = _sandbox_wechat() if peer else WeChatCredentials.parse(_object("wechat"))
            return WeChatPay(settings.payment_wechat_url, wechat, notify, seconds, peer)
        case Party.ALIPAY:
            alipay = _sandbox_alipay() if peer else AlipayCredentials.parse(_object("alipay"))
            page = f"{peer.cashier}/gateway.do" if peer else ""
            return Alipay(settings.payment_alipay_url, alipay, notify, seconds, peer, page)
        case Party.BANK:
            bank = (
                _sandbox_bank()
                if peer
                else BankCredentials.parse(settings.payment_bank_key.get_secret_value(), "HUB_PAYMENT_BANK_KEY")
            )
            url = _SANDBOX_BANK if peer else settings.payment_bank_url
            return Bank(_PRODUCTS[name], url, bank, notify, seconds, peer)


def _object(party: str) -> dict[str, str]:
    name = f"HUB_PAYMENT_{party.upper()}_KEY"
    try:
        values = json.loads(getattr(get_settings(), f"payment_{party}_key").get_secret_value() or "{}")
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise ValueError(f"{name} must be a JSON object")
    return {str(key): str(value) for key, value in values.items()}


async def close_payment_channels() -> None:
    """Close what is open; the next use opens it again."""
    while _channels:
        await _channels.popitem()[1].close_connections()
    sandbox_peer.cache_clear()

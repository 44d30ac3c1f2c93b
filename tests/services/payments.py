"""Pieces for tests of payments: bills, the stand-ins told how to behave, somebody who pays, keys as settings."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives import serialization
from pydantic import SecretStr

from hub.kit import clock
from hub.kit.ids import new_id
from hub.settings import get_settings
from services.gateways.behaviour import Mode
from services.gateways.payments.models import Notices, Party
from services.gateways.payments.protocol import Bill
from services.gateways.payments.registry import CHANNELS, sandbox_peer
from services.gateways.payments.rsa import read_private_key
from services.gateways.payments.sandbox import ledger
from services.gateways.payments.sandbox.alipay import AlipayPeer
from services.gateways.payments.sandbox.keys import sandbox_keys
from services.gateways.payments.sandbox.ledger import Entry
from services.gateways.payments.sandbox.peer import Notice, Peer


def a_bill(**changes: object) -> Bill:
    """A bill of 12.34 元 that lives for half an hour, with changes."""
    values: dict[str, object] = {
        "order_id": new_id().hex, "amount": Decimal("12.34"), "subject": "缴纳税款",
        "expires_at": clock.now().replace(microsecond=0) + timedelta(minutes=30),
    }  # fmt: skip
    return Bill(**(values | changes))  # type: ignore[arg-type]


def peer_of(channel: str) -> Peer:
    """The stand-in behind a channel."""
    peer = sandbox_peer(CHANNELS[channel])
    assert peer is not None
    return peer


async def tell(channel: str, mode: Mode = Mode.NORMAL, delay_ms: int = 0, notices: Notices = Notices.NORMAL) -> None:
    """Have the party behind a channel behave so from now on."""
    await ledger.control(CHANNELS[channel], mode=mode, delay_ms=delay_ms, notices=notices)


async def scan(channel: str, order_id: str) -> None:
    """Somebody opens the code or the link, which is when Alipay begins to know the trade."""
    peer = peer_of(channel)
    if isinstance(peer, AlipayPeer):
        await peer.scan(order_id)


async def paid_there(channel: str, order_id: str) -> Entry:
    """Somebody pays; nobody is told."""
    return await ledger.pay(CHANNELS[channel], order_id)


def notice_of(channel: str, entry: Entry) -> Notice:
    """The notice that the party would send, its header names in lower case."""
    notice = peer_of(channel).notice(entry)
    return Notice({name.lower(): value for name, value in notice.headers.items()}, notice.body)


def use_real_clients(url_of: dict[Party, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Choose the real channels, reaching the stand-ins at their addresses, with keys as operators write them."""
    keys, settings = sandbox_keys(), get_settings()
    wechat = {
        "appid": "wxsandbox00000000", "mchid": "1900000000", "serial_no": "SANDBOXMERCHANT",
        "private_key": keys["wechat_merchant"], "api_v3_key": keys["wechat_api_v3"],
        "platform_key_id": "PUB_KEY_ID_SANDBOX", "platform_key": _public(keys["wechat_platform"]),
    }  # fmt: skip
    alipay = {
        "app_id": "2021000000000000", "seller_id": "2088000000000001", "private_key": _bare(keys["alipay_merchant"]),
        "alipay_key": _public(keys["alipay_platform"]),
    }  # fmt: skip
    chosen = {
        "payment_wechat_key": json.dumps(wechat), "payment_alipay_key": json.dumps(alipay),
        "payment_bank_key": f"bureau:{keys['bank_secret']}",
    }  # fmt: skip
    for name, value in chosen.items():
        monkeypatch.setattr(settings, name, SecretStr(value))
    for party, url in url_of.items():
        monkeypatch.setattr(settings, f"payment_{party}_gateway", "http")
        monkeypatch.setattr(settings, f"payment_{party}_url", url + ("/gateway.do" if party is Party.ALIPAY else ""))


def _public(private: str) -> str:
    """The public key, bare as Alipay's tools write it."""
    key = read_private_key(private).public_key()
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def _bare(private: str) -> str:
    der = read_private_key(private).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return base64.b64encode(der).decode()

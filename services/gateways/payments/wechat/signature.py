"""How WeChat Pay and a merchant prove who they are: RSA over a few lines, notices sealed with AES-256-GCM."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.kit import clock
from services.gateways.payments.rsa import read_private_key, read_public_key, sign, verifies

SCHEMA = "WECHATPAY2-SHA256-RSA2048"
ACCEPTED_SECONDS = 300
"""How far the time on an answer or a notice may lie from ours: WeChat Pay's rule against replays."""
_FIELD = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a merchant holds: its numbers, its key, the APIv3 key and WeChat Pay's public key with its id."""

    appid: str
    mchid: str
    serial_no: str
    private_key: RSAPrivateKey
    api_v3_key: bytes
    platform_key_id: str
    platform_key: RSAPublicKey

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> Credentials:
        """Read the JSON object of HUB_PAYMENT_WECHAT_KEY.

        Raises `ValueError` when something is missing or no key.
        """
        missing = sorted(_NAMES - values.keys())
        if missing:
            raise ValueError(f"HUB_PAYMENT_WECHAT_KEY lacks {', '.join(missing)}")
        key = values["api_v3_key"].encode()
        if len(key) != 32:
            raise ValueError("HUB_PAYMENT_WECHAT_KEY: api_v3_key has 32 bytes")
        return cls(
            appid=values["appid"], mchid=values["mchid"], serial_no=values["serial_no"],
            private_key=read_private_key(values["private_key"]), api_v3_key=key,
            platform_key_id=values["platform_key_id"], platform_key=read_public_key(values["platform_key"]),
        )  # fmt: skip


_NAMES = {"appid", "mchid", "serial_no", "private_key", "api_v3_key", "platform_key_id", "platform_key"}


def request_text(method: str, target: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """The lines that a merchant signs; `target` is path and query."""
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def answer_text(timestamp: str, nonce: str, body: bytes) -> bytes:
    """The lines that WeChat Pay signs, in answers and notices."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


def authorization(credentials: Credentials, method: str, target: str, body: bytes) -> str:
    """The header that signs a request as of now."""
    timestamp, nonce = str(int(clock.now().timestamp())), secrets.token_hex(16)
    signature = sign(credentials.private_key, request_text(method, target, timestamp, nonce, body))
    fields = {
        "mchid": credentials.mchid, "nonce_str": nonce, "signature": signature, "timestamp": timestamp,
        "serial_no": credentials.serial_no,
    }  # fmt: skip
    return f"{SCHEMA} " + ",".join(f'{name}="{value}"' for name, value in fields.items())


def authorization_fields(header: str) -> dict[str, str]:
    """The parts of such a header; empty when it is another kind."""
    return dict(_FIELD.findall(header)) if header.startswith(SCHEMA + " ") else {}


def signed_by_platform(credentials: Credentials, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether an answer or a notice comes from WeChat Pay, and just now; `headers` are in lower case."""
    timestamp = headers.get("wechatpay-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 15):
        return False
    if abs(clock.now().timestamp() - int(timestamp)) > ACCEPTED_SECONDS:
        return False
    if headers.get("wechatpay-serial") != credentials.platform_key_id:
        return False
    text = answer_text(timestamp, headers.get("wechatpay-nonce", ""), body)
    return verifies(credentials.platform_key, text, headers.get("wechatpay-signature", ""))


def platform_headers(key: RSAPrivateKey, key_id: str, body: bytes) -> dict[str, str]:
    """The headers by which WeChat Pay signs an answer or a notice: the peer's side."""
    timestamp, nonce = str(int(clock.now().timestamp())), secrets.token_hex(16)
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": key_id,
        "Wechatpay-Signature": sign(key, answer_text(timestamp, nonce, body)),
    }


def seal(api_v3_key: bytes, content: bytes, associated: str) -> dict[str, str]:
    """A notice's resource, sealed: the peer's side."""
    nonce = secrets.token_hex(6)
    sealed = AESGCM(api_v3_key).encrypt(nonce.encode(), content, associated.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM", "ciphertext": base64.b64encode(sealed).decode(),
        "nonce": nonce, "associated_data": associated, "original_type": "transaction",
    }  # fmt: skip


def unseal(api_v3_key: bytes, resource: Mapping[str, str]) -> bytes:
    """The content of a notice's resource.

    Raises `ValueError` when it was not sealed with the key.
    """
    try:
        if resource["algorithm"] != "AEAD_AES_256_GCM":
            raise ValueError("unknown algorithm")
        sealed = base64.b64decode(resource["ciphertext"], validate=True)
        associated = resource.get("associated_data") or ""
        return AESGCM(api_v3_key).decrypt(resource["nonce"].encode(), sealed, associated.encode())
    except (InvalidTag, KeyError, AttributeError, TypeError) as error:
        raise ValueError("not sealed with our key") from error

"""How Alipay and a merchant prove who they are: RSA2 over sorted parameters, over the raw node of an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from services.gateways.payments.rsa import read_private_key, read_public_key, sign, verifies

SIGN_TYPE = "RSA2"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a merchant's application holds: its number, the seller's number, its key and Alipay's public key."""

    app_id: str
    seller_id: str
    private_key: RSAPrivateKey
    alipay_key: RSAPublicKey

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> Credentials:
        """Read the JSON object of HUB_PAYMENT_ALIPAY_KEY.

        Raises `ValueError` when something is missing or no key.
        """
        missing = sorted({"app_id", "seller_id", "private_key", "alipay_key"} - values.keys())
        if missing:
            raise ValueError(f"HUB_PAYMENT_ALIPAY_KEY lacks {', '.join(missing)}")
        return cls(
            app_id=values["app_id"], seller_id=values["seller_id"],
            private_key=read_private_key(values["private_key"]), alipay_key=read_public_key(values["alipay_key"]),
        )  # fmt: skip


def text_to_sign(params: Mapping[str, str], *without: str) -> bytes:
    """The sorted parameters that have a value, but for the ones left out."""
    pairs = sorted((name, value) for name, value in params.items() if value and name not in without)
    return "&".join(f"{name}={value}" for name, value in pairs).encode()


def signed(key: RSAPrivateKey, params: Mapping[str, str]) -> dict[str, str]:
    """A request's parameters with their signature, which covers all of them."""
    return {**params, "sign": sign(key, text_to_sign(params, "sign"))}


def request_verifies(key: RSAPublicKey, params: Mapping[str, str]) -> bool:
    """Whether a request is the merchant's: the peer's side."""
    return verifies(key, text_to_sign(params, "sign"), params.get("sign", ""))


def notice_signed(key: RSAPrivateKey, params: Mapping[str, str]) -> dict[str, str]:
    """A notice's parameters with their signature, which leaves the sign type out: the peer's side."""
    signature = sign(key, text_to_sign(params, "sign", "sign_type"))
    return {**params, "sign_type": SIGN_TYPE, "sign": signature}


def notice_verifies(key: RSAPublicKey, params: Mapping[str, str]) -> bool:
    """Whether a notice is Alipay's."""
    if params.get("sign_type") != SIGN_TYPE:
        return False
    return verifies(key, text_to_sign(params, "sign", "sign_type"), params.get("sign", ""))


def node_of(text: str, name: str) -> tuple[str, dict[str, Any]]:
    """The node of an answer: as it stands in the text, which is what is signed, and read.

    Raises `ValueError` when there is none.
    """
    mark = f'"{name}":'
    start = text.index(mark) + len(mark)
    start += len(text[start:]) - len(text[start:].lstrip())
    node, end = json.JSONDecoder().raw_decode(text, start)
    if not isinstance(node, dict):
        raise ValueError("the node is no object")
    return text[start:end], node

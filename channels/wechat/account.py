"""The official account that this installation is, by its settings; the sandbox's is derived from the installation."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from enum import StrEnum

from hub.kit.crypto import keyed_hash
from hub.settings import Settings

AES_KEY_LENGTH = 43


class Mode(StrEnum):
    """How WeChat sends its calls: as the account's settings at mp.weixin.qq.com say (消息加解密方式)."""

    PLAIN = "plain"
    COMPATIBLE = "compatible"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class Account:
    """An official account. `token` and `aes_key` secure its calls to us, `app_secret` ours to it."""

    app_id: str
    app_secret: str
    token: str
    aes_key: str
    mode: Mode

    def __post_init__(self) -> None:
        if not (self.app_id and self.token):
            raise ValueError("HUB_WECHAT_APP_ID or HUB_WECHAT_TOKEN is empty")
        if self.mode is not Mode.PLAIN and len(self.aes_key) != AES_KEY_LENGTH:
            raise ValueError(f"HUB_WECHAT_AES_KEY must have {AES_KEY_LENGTH} characters")


def account_of(settings: Settings) -> Account | None:
    """The account, or None while the door is off or something is missing.

    Raises `ValueError` when what is set cannot be right.
    """
    mode = Mode(settings.wechat_mode)
    if settings.wechat_gateway == "sandbox":
        return sandbox_account(mode) if settings.index_key.get_secret_value() else None
    secret, token = settings.wechat_app_secret.get_secret_value(), settings.wechat_token.get_secret_value()
    if settings.wechat_gateway == "off" or not (settings.wechat_app_id and secret and token):
        return None
    return Account(settings.wechat_app_id, secret, token, settings.wechat_aes_key.get_secret_value(), mode)


def sandbox_account(mode: Mode) -> Account:
    """The stand-in's account: secrets of this installation only, the same in all of its processes."""
    made = {name: keyed_hash(name, "wechat sandbox") for name in ("app", "secret", "token", "key")}
    aes_key = base64.b64encode(bytes.fromhex(made["key"])).decode().rstrip("=")
    return Account(f"wx{made['app'][:16]}", made["secret"][:32], made["token"][:32], aes_key, mode)

"""Every setting of the hub, read from the environment and `.env`; nothing else reads the environment."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Names in the environment carry the prefix `HUB_`; `.env.example` documents each for operators."""

    model_config = SettingsConfigDict(env_prefix="HUB_", env_file=ROOT / ".env", extra="ignore", env_ignore_empty=True)

    # where it listens
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    public_url: str = ""
    allowed_origins: list[str] = []

    # where it keeps things
    database_url: str = ""
    pg_port: int = Field(5436, ge=1, le=65535)
    pg_password: SecretStr = SecretStr("")
    var_dir: Path = ROOT / "var"
    models_dir: Path = ROOT / "models"

    # secrets, generated on first run into var/secrets.env; the first data key encrypts, all of them decrypt
    data_keys: SecretStr = SecretStr("")
    index_key: SecretStr = SecretStr("")
    receipt_keys: SecretStr = SecretStr("")  # the first one signs receipts of returns, all of them verify
    action_secret: SecretStr = SecretStr("")
    dialogue_token: SecretStr = SecretStr("")
    staff_token: SecretStr = SecretStr("")

    # the dialogue engine
    dialogue_url: str = "http://127.0.0.1:5005"
    dialogue_port: int = Field(5005, ge=1, le=65535)
    dialogue_timeout_seconds: float = Field(8.0, gt=0)

    # knowledge search
    embedder: Literal["bundled"] = "bundled"
    vector_index: Literal["faiss", "pgvector"] = "faiss"

    # outside systems: a sandbox keeps state and enforces the other party's rules; `http` speaks its documented protocol
    inspection_gateway: Literal["sandbox", "http"] = "sandbox"
    inspection_url: str = ""
    inspection_key: SecretStr = SecretStr("")
    inspection_timeout_seconds: float = Field(5.0, gt=0)

    core_gateway: Literal["sandbox", "http"] = "sandbox"
    core_url: str = ""
    core_key: SecretStr = SecretStr("")
    core_timeout_seconds: float = Field(5.0, gt=0)

    real_name_gateway: Literal["sandbox", "http"] = "sandbox"
    real_name_url: str = ""
    real_name_key: SecretStr = SecretStr("")
    real_name_timeout_seconds: float = Field(5.0, gt=0)
    sms_gateway: Literal["sandbox", "aliyun", "tencent", "aliyun,tencent", "tencent,aliyun"] = "sandbox"
    sms_url: str = "https://dysmsapi.aliyuncs.com"
    sms_key: SecretStr = SecretStr("")
    sms_sign_name: str = "12366"
    sms_templates: dict[str, Any] = {}
    sms_tencent_url: str = "https://sms.tencentcloudapi.com"
    sms_tencent_key: SecretStr = SecretStr("")
    sms_tencent_app_id: str = ""
    sms_tencent_region: str = "ap-guangzhou"
    sms_tencent_sign_name: str = ""
    sms_tencent_templates: dict[str, Any] = {}
    sms_timeout_seconds: float = Field(5.0, gt=0)
    sms_slow_seconds: float = Field(3.0, gt=0)
    sms_callback_secret: SecretStr = SecretStr("")
    sms_callback_networks: list[str] = []

    # ways of paying: `off` takes one out of the list; keys as docs/developers/payment.md says
    payment_wechat_gateway: Literal["sandbox", "http", "off"] = "sandbox"
    payment_wechat_url: str = "https://api.mch.weixin.qq.com"
    payment_wechat_key: SecretStr = SecretStr("")
    payment_alipay_gateway: Literal["sandbox", "http", "off"] = "sandbox"
    payment_alipay_url: str = "https://openapi.alipay.com/gateway.do"
    payment_alipay_key: SecretStr = SecretStr("")
    payment_bank_gateway: Literal["sandbox", "http", "off"] = "sandbox"
    payment_bank_url: str = ""
    payment_bank_key: SecretStr = SecretStr("")
    payment_timeout_seconds: float = Field(8.0, gt=0)

    # doors: without its credentials a door is off, unless its sandbox stands in
    telegram_gateway: Literal["http", "sandbox", "off"] = "http"
    telegram_url: str = "https://api.telegram.org"
    telegram_token: SecretStr = SecretStr("")
    telegram_timeout_seconds: float = Field(10.0, gt=0)
    # the WeChat official account; without its credentials the door is off
    wechat_gateway: Literal["sandbox", "http", "off"] = "sandbox"
    wechat_url: str = "https://api.weixin.qq.com"
    wechat_open_url: str = "https://open.weixin.qq.com"
    wechat_app_id: str = ""
    wechat_app_secret: SecretStr = SecretStr("")
    wechat_token: SecretStr = SecretStr("")
    wechat_aes_key: SecretStr = SecretStr("")
    wechat_mode: Literal["plain", "compatible", "safe"] = "safe"
    wechat_timeout_seconds: float = Field(5.0, gt=0)
    wechat_pushes: bool = True
    wechat_templates: dict[str, str] = {}

    # people who signed in: how long a session lives, and how often a code may be asked for
    session_idle_minutes: int = Field(30, ge=1)
    session_hours: int = Field(12, ge=1)
    codes_per_hour: int = Field(5, ge=1)
    codes_per_day: int = Field(10, ge=1)
    codes_per_address_hour: int = Field(60, ge=1)

    # the bureau, as data
    bureau_profile: Path = ROOT / "hub/bureau/default.yaml"

    # limits for anonymous callers, per client address
    rate_ask: str = "60/minute"
    rate_conversation: str = "20/minute"
    rate_message: str = "60/minute"
    rate_upload: str = "20/minute"
    rate_auth: str = "30/minute"
    trusted_proxies: list[str] = []

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @property
    def sqlalchemy_url(self) -> str:
        """The database as SQLAlchemy wants it: psycopg 3, on the embedded server unless a URL is set."""
        url = self.dsn
        return url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def dsn(self) -> str:
        """The database as libpq wants it."""
        if self.database_url:
            return re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql://", self.database_url)
        return f"postgresql://hub:{self.pg_password.get_secret_value()}@127.0.0.1:{self.pg_port}/hub"

    @property
    def embedded_postgres(self) -> bool:
        """True when we run PostgreSQL ourselves."""
        return not self.database_url

    @property
    def sandboxes(self) -> list[str]:
        """Names of the outside systems that a sandbox stands in for; pages show 演示环境 while there is one."""
        gateways = [name for name in type(self).model_fields if name.endswith("_gateway")]
        return [name.removesuffix("_gateway") for name in gateways if getattr(self, name) == "sandbox"]


@lru_cache
def get_settings() -> Settings:
    """The settings of this process, read once; secrets lie in the folder that the other settings name."""
    secrets = Settings().var_dir / "secrets.env"
    return Settings(_env_file=(secrets, ROOT / ".env"))

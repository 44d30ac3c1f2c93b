"""People of the seed who sign in over the API of a running product, and repeat what is not answered, as clients do."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import psycopg
from cryptography.fernet import Fernet, MultiFernet

from hub.accounts.people import PHONE
from hub.skills import PENDING, UNAVAILABLE
from services.gateways.tax_core import seed
from tests.product import Product

RICH = "90000000.00"
"""What is put into an account that must never run dry, 元."""
PATIENCE = 600.0
NOT_ANSWERED = frozenset({429, 500, 502, 503, 504})


def vault(product: Product) -> MultiFernet:
    """The data keys of the product."""
    return MultiFernet([Fernet(key) for key in product.secrets["HUB_DATA_KEYS"].split(",")])


def _hashed(product: Product, value: str, purpose: str) -> str:
    key = product.secrets["HUB_INDEX_KEY"].encode()
    return hmac.new(key, f"{purpose}\n{value}".encode(), hashlib.sha256).hexdigest()


def a_day_passes(product: Product, phone: str) -> None:
    """Make the codes of a phone older: the next one may be asked for at once, of us and of the carrier."""
    with psycopg.connect(product.dsn) as connection:
        connection.execute(
            "update one_time_code set made_at = made_at - interval '25 hours' where phone_hash = %s",
            (_hashed(product, phone, PHONE),),
        )
        connection.execute(
            "update sandbox_sms set sent_at = sent_at - interval '25 hours' where phone_hash = %s",
            (_hashed(product, phone, "sandbox phone"),),
        )


def last_code(product: Product, phone: str) -> str:
    """The code that came to a phone last."""
    [(content,)] = product.query(
        "select content from sandbox_sms where is_code and phone_hash = %s order by sent_at desc limit 1",
        _hashed(product, phone, "sandbox phone"),
    )
    found = re.search(r"\d{6}", json.loads(vault(product).decrypt(bytes(content)))["text"])
    assert found is not None
    return found[0]


def moment(product: Product) -> datetime:
    """Now, by the clock of the database."""
    now: datetime = product.query("select now()")[0][0]
    return now.astimezone(UTC)


def account(product: Product, taxpayer_id: str) -> Decimal:
    """What lies in the account of a tripartite agreement, 元."""
    [(balance,)] = product.query(
        "select balance from core_sandbox_taxpayer where taxpayer_id = %s", taxpayer_id
    )  # fmt: skip
    return Decimal(vault(product).decrypt(bytes(balance)).decode())


@dataclass
class Signed:
    """Somebody who signed in over the API and acts for a taxpayer."""

    product: Product
    name: str
    token: str
    taxpayer_id: str

    def ask(self, method: str, path: str, *, key: str = "", body: Any = None, url: str = "") -> httpx.Response:
        """One request over a connection of its own, as after a broken one."""
        headers = {"Authorization": f"Bearer {self.token}", **({"Idempotency-Key": key} if key else {})}
        with httpx.Client(base_url=url or self.product.url, timeout=30, trust_env=False) as http:
            return http.request(method, path, json=body, headers=headers)

    def skill(self, name: str, body: Any, key: str, url: str = "") -> dict[str, Any]:
        """Use a skill, repeating the same request with the same key until it is answered."""

        def once() -> dict[str, Any] | None:
            answer = self.ask("POST", f"/api/v1/skills/{name}", key=key, body=body, url=url)
            if answer.status_code in NOT_ANSWERED:
                return None
            assert answer.status_code == 200, (name, body, answer.text)
            told: dict[str, Any] = answer.json()
            return None if told["status"] in (UNAVAILABLE, PENDING) else told

        return until_answered(once)


def until_answered(once: Callable[[], dict[str, Any] | None], seconds: float = PATIENCE) -> dict[str, Any]:
    """The first answer, whatever breaks on the way."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = once()
        except httpx.HTTPError:
            answer = None
        if answer is not None:
            return answer
        assert time.monotonic() < deadline, "no answer, however often it was asked"
        time.sleep(0.3)


def sign_in(product: Product, name: str, taxpayer_id: str) -> Signed:
    """Sign in with a code, prove who it is, choose for whom to act; all of it over the API."""
    human = seed.person(name)
    a_day_passes(product, human.phone)
    with product.client() as http:
        sent = http.post("/api/v1/auth/codes", json={"phone": human.phone})
        assert sent.status_code == 200, sent.text
        body = {"phone": human.phone, "code": last_code(product, human.phone)}
        signed = http.post("/api/v1/auth/tokens", json=body)
        assert signed.status_code == 200, signed.text
        http.headers["Authorization"] = f"Bearer {signed.json()['token']}"
        identity = {"name": name, "resident_id": human.resident_id, "consent": True}
        proven = http.post("/api/v1/auth/identity", json=identity)
        assert proven.status_code == 200, proven.text
        chosen = http.put("/api/v1/auth/taxpayer", json={"taxpayer_id": taxpayer_id})
        assert chosen.status_code == 200, chosen.text
    return Signed(product, name, signed.json()["token"], taxpayer_id)

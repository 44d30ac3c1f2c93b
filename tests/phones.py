"""What came to a demonstration phone, and a core system as on its first day: for tests of the whole product."""

from __future__ import annotations

import json
import re

from cryptography.fernet import Fernet, MultiFernet

from tests.product import Product

CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")


def last_code(product: Product, phone: str) -> str:
    """The one-time code that came last to this number."""
    vault = MultiFernet([Fernet(key) for key in product.secrets["HUB_DATA_KEYS"].split(",")])
    for (content,) in product.query("select content from sandbox_sms where is_code order by sent_at desc limit 20"):
        message = json.loads(vault.decrypt(bytes(content)))
        found = CODE.search(message["text"])
        if message["phone"] == phone and found:
            return found[0]
    raise AssertionError("no code came")


def quiet_phones(product: Product) -> None:
    """Forget every code: the limits per number and hour are not what the test is about."""
    for table in ("one_time_code", "sandbox_sms", "lockout"):
        product.query(f"delete from {table} returning 1")


def first_day(product: Product) -> None:
    """The core system as it was seeded, and nobody's identity known."""
    done = product.command("sandbox", "core", "start-over", "--yes")
    assert done.returncode == 0, done.stderr
    quiet_phones(product)
    for table in ("person_session", "consent", "mandate", "person"):
        product.query(f"delete from {table} returning 1")

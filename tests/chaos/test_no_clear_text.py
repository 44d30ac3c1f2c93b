"""Whoever steals the database finds no resident ID and no phone number in it, wherever they look."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from services.gateways.tax_core import seed
from tests.chaos.people import RICH, last_code, sign_in
from tests.chaos.test_kills import eventually
from tests.chaos.test_replay import next_sales, open_vat, signed_in_chat
from tests.product import Product
from tests.services.tax_core import NOODLES, SONGJIAN

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

RESIDENT_ID = re.compile(r"(?<!\d)[1-9]\d{16}[\dXx](?!\d)")
MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
PERHAPS = re.compile(rb"1[3-9][0-9]{9}|[0-9]{17}")
"""Where a closer look is worth its while: hundreds of megabytes are gone through."""
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
DRIVEN = ("one_time_code", "person", "consent", "person_session", "tax_return", "payment_order", "message",
          "sandbox_sms", "core_sandbox_return", "dialogue_tracker", "audit_entry")  # fmt: skip
# digests, ids and ciphertext are drawn from letters and digits: by chance they hold eleven digits in a row
DRAWN = re.compile(
    r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b(?=[0-9]*[a-f])[0-9a-f]{32,128}\b|gAAAA[\w-]{60,}={0,2}",
    re.ASCII,
)


def is_resident_id(text: str) -> bool:
    """Whether 18 characters pass the checksum of resident IDs (GB 11643-1999)."""
    total = sum(int(digit) * weight for digit, weight in zip(text, WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == text[-1].upper()


def found_in(text: str) -> list[str]:
    """What a thief would look for."""
    text = DRAWN.sub(" ", text)
    return [one for one in RESIDENT_ID.findall(text) if is_resident_id(one)] + MOBILE.findall(text)


def cells(connection: psycopg.Connection[Any]) -> Iterator[tuple[str, bytes]]:
    """Every value of every table of ours and of others (queue, tracker), with where it stands."""
    columns = connection.execute(
        "select table_schema, table_name, column_name, data_type from information_schema.columns "
        "join pg_tables on schemaname = table_schema and tablename = table_name "
        "where table_schema not in ('pg_catalog', 'information_schema') order by 1, 2, 3"
    ).fetchall()
    for schema, table, column, kind in columns:
        reading = f'"{column}"' if kind == "bytea" else f"""convert_to("{column}"::text, 'UTF8')"""
        with connection.cursor(binary=True) as cursor:
            statement = f'select {reading} from "{schema}"."{table}" where "{column}" is not null'
            for (value,) in cursor.execute(statement):  # type: ignore[arg-type]
                yield f"{schema}.{table}.{column}", bytes(value)


def test_the_look_finds_what_it_looks_for() -> None:
    human = seed.person("王小明")
    assert found_in(f"证件{human.resident_id}，电话{human.phone}。") == [human.resident_id, human.phone]
    assert found_in(human.resident_id[:-1] + ("0" if human.resident_id[-1] != "0" else "1")) == []
    assert found_in("26322000000000001130") == []


def test_nothing_stands_in_clear_text(product: Product) -> None:
    product.wait_until([])
    live(product)
    with psycopg.connect(product.dsn) as connection:
        for table in DRIVEN:
            assert connection.execute(f"select count(*) from {table}").fetchone() != (0,), table  # type: ignore[arg-type]
        seen = 0
        leaks = []
        for place, value in cells(connection):
            seen += 1
            if not PERHAPS.search(value):
                continue
            text = value.decode("latin-1")
            # the place and no more: a failing test prints nobody's number
            leaks += [f"{place}: {one[:3]}…({len(one)})" for one in found_in(text)]
    assert seen > 1000
    assert leaks == []


def live(product: Product) -> None:
    """Sign in, prove who one is, file, pay, choose reminders and be reminded, talk, and say numbers in passing."""
    signed = sign_in(product, "李静", SONGJIAN)
    assert product.command("sandbox", "core", "balance", SONGJIAN, RICH).returncode == 0
    due = open_vat(signed)
    body = {"obligation_id": due, "sales": str(next_sales(product, due))}
    assert signed.skill("file_vat", body, uuid.uuid4().hex)["status"] == "filed"
    for method in ("tripartite", "wechat"):
        signed.skill("pay_tax", {"charges": "all", "method": method}, uuid.uuid4().hex)
    assert signed.ask("PUT", "/api/v1/reminders", body={"choice": "on"}).status_code == 200
    reminded = product.command("reminders", "run")
    assert reminded.returncode == 0, reminded.stdout + reminded.stderr
    sign_in(product, "陈大勇", NOODLES)
    talk = signed_in_chat(product, "陈大勇", "西湖区大勇面馆")
    human = seed.person("陈大勇")
    talk.say("取消")
    talk.say(f"我叫{human.name}，身份证{human.resident_id}，手机{human.phone}，滞纳金怎么算")
    talk.say(f"我的电话是 {human.phone} 转人工")
    question = {"question": f"{human.phone}这个号码怎么改，证件{human.resident_id}"}
    with product.client() as http:
        # the knowledge may still be loading where a hub has just been killed
        eventually(lambda: http.post("/api/v1/ask", json=question).status_code == 200, 300)
    assert last_code(product, human.phone)
    eventually(lambda: product.query("select 1 from tax_return where status = 'pending'") == [], 150)

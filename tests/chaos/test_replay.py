"""A binding message that comes five times, from two processes of the hub at once, is one act with one answer."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import httpx
import pytest

from hub.settings import ROOT
from services.gateways.tax_core import seed
from tests.chaos.people import RICH, Signed, a_day_passes, account, last_code, moment, sign_in
from tests.chaos.test_kills import eventually
from tests.conftest import free_port
from tests.product import Product, Talk
from tests.services.tax_core import NOODLES, SONGJIAN

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

TIMES = 5
CHATTER, FILER = "陈大勇", "李静"
PAID_AT_THE_WALLET = """
import asyncio, base64, json, sys
from hub.kit.db import dispose
from tests.services.payments import notice_of, paid_there

async def main():
    notice = notice_of(sys.argv[1], await paid_there(sys.argv[1], sys.argv[2]))
    await dispose()
    print(json.dumps([dict(notice.headers), base64.b64encode(notice.body).decode()]))

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def hubs(product: Product) -> Iterator[list[str]]:
    """The addresses of two processes of the hub on one database."""
    product.wait_until([])
    port = free_port()
    with (product.var / "logs/second_hub.log").open("wb") as log:
        second = subprocess.Popen(
            [sys.executable, "-m", "hub.cli", "serve"],
            cwd=ROOT, env={**product.environment, "HUB_PORT": str(port)}, stdout=log, stderr=log,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            eventually(lambda: second.poll() is not None or _answers(url), 300)
            assert second.poll() is None, product.log_tails()
            yield [product.url, url]
        finally:
            second.terminate()
            second.wait(60)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def from_both(hubs: list[str], send: Callable[[str], Any]) -> list[Any]:
    """What each of the five says, sent at the same time to one hub and the other in turn."""
    with ThreadPoolExecutor(TIMES) as pool:
        return list(pool.map(send, [hubs[number % len(hubs)] for number in range(TIMES)]))


def open_vat(signed: Signed) -> str:
    """The latest VAT return of a small-scale taxpayer that can be filed or corrected."""
    listed = signed.ask("GET", "/api/v1/filing/obligations").json()["obligations"]
    found = [one for one in listed if one["form"] == "vat_small_scale" and one["standing"] != "not_yet_open"]
    obligation_id: str = found[-1]["obligation_id"]
    return obligation_id


def next_sales(product: Product, obligation_id: str) -> int:
    """Sales that were not declared before, and more than before, so that there is something to pay."""
    count: int = product.query("select count(*) from core_sandbox_return where obligation_id = %s", obligation_id)[0][0]
    return 400_000 + 100 * count


def filed_since(product: Product, obligation_id: str, began: datetime) -> tuple[int, int]:
    """How many returns we wrote down for an obligation, and how many the core system took."""
    [(ours,)] = product.query(
        "select count(*) from tax_return where obligation_id = %s and confirmed_at >= %s", obligation_id, began
    )
    [(theirs,)] = product.query(
        "select count(*) from core_sandbox_return where obligation_id = %s and accepted_at >= %s", obligation_id, began
    )
    return ours, theirs


def paid_since(product: Product, taxpayer_id: str, began: datetime) -> tuple[list[str], int]:
    """The states of the orders of a taxpayer, and how often the core system booked money."""
    orders = product.query(
        "select state from payment_order where taxpayer_id = %s and created_at >= %s", taxpayer_id, began
    )
    [(booked,)] = product.query(
        "select count(*) from core_sandbox_settlement where taxpayer_id = %s and booked_at >= %s", taxpayer_id, began
    )
    return [state for (state,) in orders], booked


def signed_in_chat(product: Product, name: str, taxpayer: str) -> Talk:
    """A conversation of somebody who has proved who they are and acts for a taxpayer."""
    human, talk = seed.person(name), product.talk()
    a_day_passes(product, human.phone)
    talk.say("登录")
    talk.say(human.phone)
    assert "登录成功" in talk.text(last_code(product, human.phone))
    talk.say("我要申报增值税")
    talk.say(human.resident_id[-6:])
    assert "核对通过" in talk.text("确认提交", payload="intent:affirm")
    assert taxpayer in talk.text(taxpayer)
    return talk


def test_the_confirmation_in_chat(product: Product, hubs: list[str]) -> None:
    signed = sign_in(product, CHATTER, NOODLES)
    due = open_vat(signed)
    # filed already, so that the chat asks which return is to be corrected, and for the new sales
    signed.skill("file_vat", {"obligation_id": due, "sales": str(next_sales(product, due))}, uuid.uuid4().hex)
    talk = signed_in_chat(product, CHATTER, "西湖区大勇面馆")
    talk.say("2026年第三季度")
    talk.say(str(next_sales(product, due)))
    assert "请核对" in talk.text("0")
    began, message_id = moment(product), uuid.uuid4().hex
    body = {"text": "确认提交", "payload": "intent:affirm", "client_message_id": message_id}
    path = f"/api/v1/conversations/{talk.conversation_id}/messages"

    def confirm(url: str) -> list[tuple[str, str]]:
        answer = httpx.post(f"{url}{path}", json=body, headers=talk.bearer, timeout=60, trust_env=False)
        assert answer.status_code == 200, answer.text
        return [(message["id"], message["text"]) for message in answer.json()["messages"]]

    said = from_both(hubs, confirm)
    assert "申报成功" in said[0][0][1]
    assert all(one == said[0] for one in said)
    assert filed_since(product, due, began) == (1, 1)
    told = [message["text"] for message in talk.history() if "申报成功" in message["text"]]
    assert len(told) == 1
    assert confirm(hubs[1]) == said[0]
    assert filed_since(product, due, began) == (1, 1)


def test_one_key_over_the_api(product: Product, hubs: list[str]) -> None:
    signed = sign_in(product, FILER, SONGJIAN)
    assert product.command("sandbox", "core", "balance", SONGJIAN, RICH).returncode == 0
    due = open_vat(signed)
    body = {"obligation_id": due, "sales": str(next_sales(product, due))}
    began, key = moment(product), uuid.uuid4().hex
    answers = from_both(hubs, lambda url: signed.skill("file_vat", body, key, url))
    assert answers[0]["status"] == "filed"
    assert all(one == answers[0] for one in answers)
    assert filed_since(product, due, began) == (1, 1)

    before, key = account(product, SONGJIAN), uuid.uuid4().hex
    wanted = {"charges": "all", "method": "tripartite"}
    orders = from_both(hubs, lambda url: signed.skill("pay_tax", wanted, key, url)["result"])
    assert len({one["id"] for one in orders}) == 1
    eventually(lambda: paid_since(product, SONGJIAN, began) == (["booked"], 1), 150)
    assert str(before - account(product, SONGJIAN)) == orders[0]["total"]


@pytest.mark.parametrize("wallet", ["wechat", "alipay"])
def test_the_notice_of_a_wallet(product: Product, hubs: list[str], wallet: str) -> None:
    signed = sign_in(product, FILER, SONGJIAN)
    due = open_vat(signed)
    body = {"obligation_id": due, "sales": str(next_sales(product, due))}
    signed.skill("file_vat", body, uuid.uuid4().hex)
    began = moment(product)
    order = signed.skill("pay_tax", {"charges": "all", "method": wallet}, uuid.uuid4().hex)["result"]
    number = order["id"].replace("-", "")
    made = subprocess.run(
        [sys.executable, "-c", PAID_AT_THE_WALLET, wallet, number],
        cwd=ROOT, env=product.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    headers, content = json.loads(made.stdout.strip().splitlines()[-1])
    path = f"/api/v1/payment/callbacks/{wallet}"
    # the wallet is impatient: the same notice to both, five times
    notice = base64.b64decode(content)
    taken = from_both(
        hubs, lambda url: httpx.post(f"{url}{path}", content=notice, headers=headers, timeout=60, trust_env=False)
    )
    assert {answer.status_code for answer in taken} == {200}
    assert len({answer.text for answer in taken}) == 1
    eventually(lambda: paid_since(product, SONGJIAN, began) == (["booked"], 1), 150)
    receipts = from_both(hubs, lambda url: signed.ask("GET", f"/api/v1/payment/orders/{order['id']}/receipt", url=url))
    assert len({answer.json()["number"] for answer in receipts}) == 1
    assert signed.ask("GET", "/api/v1/payment/charges").json()["charges"] == []

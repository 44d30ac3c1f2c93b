"""Telegram over its wire format against the running product: answers, invoices by word and photo, a human and back."""

from __future__ import annotations

import time

import pytest

from tests.pictures import DIGITAL, PAPER, RAIL
from tests.product import Product

pytestmark = [pytest.mark.dialogue, pytest.mark.soak]

CHAT = str(int(time.time()))  # somebody new in every run


def telegram(product: Product, *arguments: str) -> str:
    done = product.command("sandbox", "telegram", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_everything_through_telegram(product: Product) -> None:
    asked = telegram(product, "say", CHAT, "契税税率是多少", "--wait", "60")
    assert "依据：《" in asked

    checked = telegram(product, "say", CHAT, "查下发票 26322000000000001130，9月3号开的，价税合计1130", "--wait", "60")
    assert "一致" in checked, checked

    waiting = telegram(product, "say", CHAT, "转人工", "--wait", "60")
    assert "[取消排队，继续问助手]" in waiting, waiting
    with product.staff() as staff:
        conversations = staff.get("/conversations", params={"state": "waiting_for_agent"}).json()["conversations"]
        (own,) = [one for one in conversations if one["channel"] == "telegram"]
        path = f"/conversations/{own['conversation_id']}"
        assert staff.post(f"{path}/claim").status_code == 200
        answer = staff.post(f"{path}/reply", json={"text": "您好，我是坐席。", "client_message_id": "t1"})
        assert answer.status_code == 200
        until_shown(product, "助手：您好，我是坐席。")
        assert staff.post(f"{path}/return", json={}).status_code == 200
    until_shown(product, "人工服务已结束")

    back = telegram(product, "say", CHAT, "增值税小规模纳税人征收率是多少", "--wait", "60")
    assert "依据：《" in back

    rows = product.query("select state, count(*) from outbox_message where channel = 'door:telegram' group by state")
    assert {state for state, _ in rows} == {"sent"}, rows


def test_a_photo_of_an_invoice(product: Product) -> None:
    person = str(int(CHAT) + 1)
    checked = telegram(product, "photo", person, DIGITAL, "--wait", "60")
    assert "已识别图中的发票" in checked, checked
    assert "查验结果：一致" in checked, checked

    asked = telegram(product, "photo", person, RAIL, "--wait", "60")
    assert "26119110000000006001" in asked, asked
    assert "价税合计（小写）是多少元" in asked, asked
    assert "查验结果" in telegram(product, "say", person, "553.5", "--wait", "60")

    # in the middle of something else
    telegram(product, "say", person, "算一下契税", "--wait", "60")
    switched = telegram(product, "photo", person, PAPER, "--wait", "60")
    assert "先放下“算契税”" in switched, switched
    assert "增值税电子普通发票" in switched, switched

    assert "不是发票的二维码" in telegram(product, "photo", person, "https://example.cn", "--wait", "60")


def until_shown(product: Product, words: str) -> None:
    """Wait until the person reads it in their chat."""
    deadline = time.monotonic() + 60
    while words not in (shown := telegram(product, "read", CHAT)):
        assert time.monotonic() < deadline, shown
        time.sleep(1)

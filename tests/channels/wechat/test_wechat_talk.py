"""The running product behind WeChat, played from a terminal: questions, an invoice, a slow answer, a dead WeChat."""

from __future__ import annotations

import subprocess
import sys
import time
from uuid import uuid4

import pytest

from hub.settings import ROOT
from tests.product import Product

pytestmark = [pytest.mark.dialogue, pytest.mark.soak]


def talk(product: Product, *lines: str, user: str = "", wait: float = 8.0) -> str:
    """Say lines as a WeChat user; all that the terminal showed."""
    arguments = ["channels", "simulate", "wechat", "--wait", str(wait), *(["--user", user] if user else [])]
    ended = subprocess.run(
        [sys.executable, "-m", "hub.cli", *arguments],
        cwd=ROOT, env=product.environment, input="\n".join(lines) + "\n", capture_output=True, text=True, check=False,
        timeout=240,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr + product.log_tails()
    return ended.stdout


def test_a_question_is_answered_with_its_basis(product: Product) -> None:
    shown = talk(product, "/subscribe", "小规模纳税人月销售额多少免征增值税")
    assert "感谢关注" in shown
    assert "10万元" in shown
    assert "依据：《" in shown


def test_an_invoice_is_checked_step_by_step(product: Product) -> None:
    shown = talk(product, "/press 我要查验发票", "26322000000000001130", "2026年9月3日", "1130.00")
    assert "查验结果：一致" in shown
    assert "回复数字选择：\n1. 再查一张" in shown


def test_what_a_human_says_is_pushed_by_the_worker(product: Product) -> None:
    user = f"o{uuid4().hex}"
    assert "人工" in talk(product, "转人工", user=user)
    with product.staff() as staff:
        waiting = product.query(
            "select c.id from conversation c join channel_identity i on i.id = c.door_id "
            "where i.channel = 'wechat' and c.state = 'waiting_for_agent' order by c.queued_at desc limit 1"
        )
        conversation_id = str(waiting[0][0])
        staff.post(f"/conversations/{conversation_id}/claim").raise_for_status()
        staff.post(
            f"/conversations/{conversation_id}/reply", json={"text": "您好，我是人工坐席。", "client_message_id": "1"}
        ).raise_for_status()
        staff.post(f"/conversations/{conversation_id}/return", json={}).raise_for_status()
    # who joined, what they said, and that they left
    assert pushed(product, conversation_id, 3) == 3
    assert "10万元" in talk(product, "小规模纳税人月销售额多少免征增值税", user=user)


def pushed(product: Product, conversation_id: str, wanted: int) -> int:
    """How many messages of a conversation WeChat took, once there are as many as wanted or half a minute is over."""
    deadline = time.monotonic() + 30
    while True:
        rows = product.query(
            "select count(*) from outbox_message o join channel_part p on p.outbox_id = o.id "
            "where o.conversation_id = %s and o.state in ('sent', 'delivered')", conversation_id,
        )  # fmt: skip
        if rows[0][0] >= wanted or time.monotonic() > deadline:
            return int(rows[0][0])
        time.sleep(0.5)

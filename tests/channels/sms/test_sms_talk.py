"""The door on the running product: a phone of the sandbox writes in the carriers' format and reads what comes back."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

import httpx
import pytest

from channels.sms import wording
from hub.kit import clock
from services.gateways.sms import callbacks
from services.gateways.sms.sandbox import inbox
from services.gateways.sms.segments import count
from tests.conversations.stage import Stage
from tests.product import CALLBACK_SECRET, Product

WITHIN = 30.0
SILENT_FOR = 1.5


class Phone:
    """One person with a mobile phone."""

    def __init__(self, stage: Stage, number: str) -> None:
        self._stage, self.number = stage, number
        self._read = len(self._inbox())

    def says(self, text: str, carrier: str = "aliyun") -> str:
        """Send a text message; all that comes back, without signatures, in one string."""
        body = callbacks.said(carrier, self.number, text, clock.now(), uuid.uuid4().int % 10**12)
        answer = httpx.post(
            f"{self._stage.product.url}/channels/sms/webhook",
            params={"carrier": carrier, "token": CALLBACK_SECRET}, content=body, timeout=10, trust_env=False,
        )  # fmt: skip
        assert (answer.status_code, answer.content) == (200, callbacks.ANSWERS[carrier])
        return "".join(self._news())

    def _news(self) -> list[str]:
        deadline, seen, since = time.monotonic() + WITHIN, self._read, 0.0
        while time.monotonic() < deadline:
            now = len(self._inbox())
            if now > seen:
                seen, since = now, time.monotonic()
            elif seen > self._read and time.monotonic() - since > SILENT_FOR:
                break
            time.sleep(0.2)
        news, self._read = self._inbox()[self._read :], seen
        assert news, "no answer came"
        assert all(count(text).segments <= 2 for text in news)
        return [text.removeprefix("【12366】") for text in news]

    def _inbox(self) -> list[str]:
        received = self._stage.in_transaction(lambda session: inbox(session, self.number, limit=500))
        return [one.text for one in reversed(received)]


@pytest.fixture(scope="module")
def stage(product: Product) -> Iterator[Stage]:
    """The running product, entered through its database."""
    made = Stage(product)
    yield made
    made.close()


@pytest.fixture
def phone(stage: Stage) -> Phone:
    """A phone that nobody had before."""
    return Phone(stage, f"139{uuid.uuid4().int % 10**8:08d}")


@pytest.mark.dialogue
@pytest.mark.soak
def test_an_invoice_is_checked_piece_by_piece_through_two_carriers(phone: Phone) -> None:
    assert "发票号码" in phone.says("我要查发票")
    assert "开票日期" in phone.says("26322000000000001130", carrier="tencent")
    assert "价税合计" in phone.says("2026年9月3日")
    assert "查验结果：一致" in phone.says("1130.00", carrier="tencent")


@pytest.mark.dialogue
@pytest.mark.soak
def test_a_question_is_answered_with_its_basis(phone: Phone) -> None:
    answer = phone.says("首套房契税多少")
    assert "契税" in answer
    assert "依据：《" in answer


@pytest.mark.dialogue
@pytest.mark.soak
def test_choices_are_taken_by_number(phone: Phone) -> None:
    first = phone.says("怎么查发票的真假")
    assert "回复数字选择：" in first
    [number] = [line[0] for line in first.splitlines() if line[1:2] == "." and "查" in line][:1]
    assert "发票" in phone.says(number)


@pytest.mark.dialogue
@pytest.mark.soak
def test_a_talk_to_a_human_begins_and_a_wish_is_heard(phone: Phone) -> None:
    assert "人工" in phone.says("转人工")
    assert phone.says("TD") == wording.OPTED_OUT
    assert phone.says("恢复") == wording.OPTED_IN

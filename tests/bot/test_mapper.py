"""What Rasa sees of what people write."""

from __future__ import annotations

import pytest

from bot.dialogue.mapper import command_for_payload, replies_from_rest, text_for_payload, text_for_rasa


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("查下发票２６３２,9月3号开的,价税合计1,130.00", "查下发票2632，9月3号开的，价税合计1,130.00"),
        ("數電發票怎麼查驗?", "数电发票怎么查验？"),
        ("12:30之前:可以吗", "12:30之前：可以吗"),
        ("/restart", "restart"),
        ("／／ restart", "restart"),
        ("  ", ""),
        ("税" * 5000, "税" * 1000),
    ],
)
def test_text_for_rasa(written: str, seen: str) -> None:
    assert text_for_rasa(written) == seen


@pytest.mark.parametrize(
    ("payload", "command", "text"),
    [
        ("intent:cancel", "/cancel", "intent:cancel"),
        ("skill:invoice_inspection", "/invoice_inspection", "skill:invoice_inspection"),
        ("ask:滞纳金怎么算", None, "滞纳金怎么算"),
        ('intent:cancel{"a":1}', None, 'intent:cancel{"a":1}'),
        ("9月3号", None, "9月3号"),
    ],
)
def test_payloads(payload: str, command: str | None, text: str) -> None:
    assert command_for_payload(payload) == command
    assert text_for_payload(payload) == text


def test_a_payload_without_text_adds_to_the_message_before() -> None:
    replies = replies_from_rest(
        [{"text": "开票日期是哪一天？"}, {"custom": {"skill": "invoice_inspection", "awaits": "issued_on"}}]
    )
    assert [(reply.text, reply.skill) for reply in replies] == [("开票日期是哪一天？", "invoice_inspection")]

"""A name that is none of the choices a person has is asked for again, whatever the classifier makes of it."""

from __future__ import annotations

import pytest

from hub.skills import Choice
from tests.actions.said import hear

OFFERED = {"taxpayer_id": (Choice("杭州云栖文化创意有限公司（办税人员）", "t1"), Choice("李静（本人）", "t2"))}


@pytest.mark.parametrize(
    ("text", "intent", "confidence"),
    [
        ("远山", "goodbye", 0.79), ("杭州远山贸易有限公司", "provide", 0.9), ("锦西", "affirm", 0.68),
        ("没有我的公司", "tax_calendar", 0.54), ("长风", "nlu_fallback", 0.3),
    ],
)  # fmt: skip
def test_an_unknown_name(text: str, intent: str, confidence: float) -> None:
    reading = hear("choose_taxpayer", text, intent, asked="taxpayer_id", confidence=confidence, offered=OFFERED)
    assert (reading.values, reading.unclear, reading.aside) == ({}, "taxpayer_id", False)


@pytest.mark.parametrize(
    ("text", "intent", "confidence"),
    [
        ("再见", "goodbye", 1.0),
        ("晚安", "goodbye", 0.9),
        ("办税日历", "tax_calendar", 0.99),
        ("谢谢你啊", "thank", 0.97),
    ],
)
def test_what_is_none_at_all(text: str, intent: str, confidence: float) -> None:
    reading = hear("choose_taxpayer", text, intent, asked="taxpayer_id", confidence=confidence, offered=OFFERED)
    assert reading.aside

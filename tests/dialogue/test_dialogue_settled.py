"""What is settled without a classifier."""

from __future__ import annotations

from datetime import date

import pytest

from bot.dialogue.builder import examples_by_intent
from bot.dialogue.components.control_words import CONTROL_WORDS
from bot.dialogue.components.settled import settled_intent
from hub.kit.taxtext import extract
from hub.settings import ROOT

TODAY = date(2026, 11, 22)


def settle(text: str) -> str | None:
    found = [{"start": entity.start, "end": entity.end} for entity in extract(text, TODAY)]
    return settled_intent(text, found)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("取消", "cancel"),
        ("取消吧。", "cancel"),
        ("转人工！！", "talk_to_human"),
        ("“继续”", "resume"),
        ("ＯＫ", "affirm"),
        ("好的呀", "affirm"),
        ("26322000000012345678", "provide"),
        ("发票号码是２６３２２０００００００１２３４５６７８", "provide"),
        ("号码26322000000012345678，9月3号开的，价税合计1130", "provide"),
        ("1130", "provide"),
        ("￥88.50", "provide"),
        ("昨天", "provide"),
        ("是9月3号吧", "provide"),
    ],
)
def test_settles(text: str, intent: str) -> None:
    assert settle(text) == intent


@pytest.mark.parametrize(
    "text",
    [
        "",
        "是什么",
        "好的那契税呢",
        "取消发票怎么操作",
        "88",
        "帮我查26322000000012345678",
        "9月3号的发票能抵扣吗",
        "月销售额10万以下免税吗",
    ],
)
def test_leaves_to_the_classifier(text: str) -> None:
    assert settle(text) is None


def test_control_words_agree_with_the_example_sentences() -> None:
    examples = examples_by_intent(ROOT)
    owner = {sentence: intent for intent, sentences in examples.items() for sentence in sentences}
    for intent, words in CONTROL_WORDS.items():
        assert intent in examples
        for word in words:
            assert owner.get(word, intent) == intent, word

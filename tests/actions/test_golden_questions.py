"""Questions and answers written blind, said in the middle of a form: neither may be taken for the other.

The classifier errs on about one in ten; so each sentence is tried under several intents, right and wrong.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import yaml

from actions.hearing import Standing
from actions.reading import Reading, read
from actions.turns import Said
from bot.dialogue.mapper import text_for_rasa
from hub.kit import clock
from hub.kit.taxtext import extract
from hub.settings import ROOT
from services.registry import SKILLS

GOLDEN = ROOT / "tests/golden"
NUMBER = {"invoice_number": "26322000000000001130"}
STANDINGS = [
    Standing(SKILLS[0], {}, "invoice_number"),
    Standing(SKILLS[0], NUMBER, "issued_on"),
    Standing(SKILLS[0], NUMBER | {"issued_on": "2026-09-03"}, "total_with_tax"),
]


def sentences() -> tuple[list[str], list[str]]:
    """Questions, and values that people give."""
    questions: list[dict[str, Any]] = yaml.safe_load((GOLDEN / "questions.yaml").read_text("utf-8"))["questions"]
    held_out: dict[str, list[str]] = yaml.safe_load((GOLDEN / "nlu_heldout.yaml").read_text("utf-8"))["heldout"]
    return [*(item["text"] for item in questions), *held_out["ask_question"]], held_out["provide"]


def heard(text: str, intent: str, confidence: float, standing: Standing) -> Reading:
    """Read it as the form does."""
    clean = text_for_rasa(text)
    entities = tuple(extract(clean, clock.today()))
    return read(standing, Said(clean, intent, confidence, entities, "m", "web", ""), [SKILLS[0].name])


@pytest.mark.parametrize(
    ("intent", "confidence"), [("ask_question", 0.9), ("ask_question", 0.5), ("nlu_fallback", 0.3), ("provide", 0.6)]
)
def test_a_question_is_not_taken_for_a_value(intent: str, confidence: float) -> None:
    questions, _ = sentences()
    taken = [
        text
        for text, standing in itertools.product(questions, STANDINGS)
        if not heard(text, intent, confidence, standing).aside
    ]
    assert len(taken) <= 0.01 * len(questions) * len(STANDINGS), taken


@pytest.mark.parametrize(("intent", "confidence"), [("provide", 0.9), ("nlu_fallback", 0.3), ("thank", 0.6)])
def test_a_value_is_not_taken_for_a_question(intent: str, confidence: float) -> None:
    _, values = sentences()
    missed = [
        text
        for text, standing in itertools.product(values, STANDINGS)
        if heard(text, intent, confidence, standing).question
    ]
    assert missed == []

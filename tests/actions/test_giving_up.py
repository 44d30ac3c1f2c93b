"""A form that is given up in words that the classifier takes for something else; and words that only look like it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from actions.offering import CANCELLED
from tests.actions.said import hear
from tests.actions.wire import Chat

GIVEN_UP = [
    ("不用了", "deny"), ("不用了谢谢", "thank"), ("不用了，谢谢您", "thank"), ("不需要了", "deny"),
    ("那算了", "explain_amount"),
    ("下次再说吧", "repeat"), ("不登录了", "deny"), ("算了，不办了", "goodbye"), ("还是先不弄了吧", "provide"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "intent"), GIVEN_UP)
@pytest.mark.parametrize(
    ("skill", "known", "asked"),
    [
        ("calc_vat", {}, "sales"), ("sign_in", {}, "phone"), ("prove_identity", {"way": "full"}, "name"),
        ("file_vat", {"obligation_id": "file:vat_small_scale:o1"}, "confirm"), ("calc_bonus", {"bonus": "5"}, "bonus"),
    ],
)  # fmt: skip
def test_given_up(skill: str, known: dict[str, str], asked: str, text: str, intent: str) -> None:
    assert hear(skill, text, intent, known=known, asked=asked, confidence=0.8).cancels


@pytest.mark.parametrize(
    ("skill", "known", "asked", "text", "values"),
    [
        ("calc_bonus", {"bonus": "50000.00"}, "way", "不用了", {"way": "separate"}),
        ("calc_bonus", {"bonus": "50000.00"}, "way", "不用比了", {"way": "separate"}),
        ("calc_vat", {}, "sales", "不用专票", {}),
        ("calc_vat", {}, "sales", "算了一下是28万", {"sales": "280000.00"}),
        ("calc_wages", {"monthly_income": "20000.00"}, "monthly_special", "没有", {"monthly_special": "0"}),
        ("calc_wages", {"monthly_income": "20000.00"}, "monthly_special", "不交", {"monthly_special": "0"}),
    ],
)
def test_answers_that_look_like_it(
    skill: str, known: dict[str, str], asked: str, text: str, values: dict[str, str]
) -> None:
    reading = hear(skill, text, "deny", known=known, asked=asked, confidence=0.5)
    assert (reading.values, reading.cancels) == (values, False)


async def test_the_form_is_closed_and_forgotten(inspection: Chat) -> None:
    inspection.open_form({"invoice_number": "26322000000000001130"}, "issued_on")
    said = await inspection.say("不用了", "deny", 0.81)
    assert [reply.text for reply in said] == [CANCELLED]
    assert (inspection.active_loop, inspection.values) == (None, {})


def test_rasa_says_the_same(root: Path) -> None:
    shared = yaml.safe_load((root / "bot/dialogue/domain/_shared.yml").read_text("utf-8"))
    assert [one["text"] for one in shared["responses"]["utter_cancelled"]] == [CANCELLED]

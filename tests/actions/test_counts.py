"""Numbers of people, months and square metres: with a unit or without, in the opening sentence, as answer, changed."""

from __future__ import annotations

import pytest

from tests.actions.said import hear

OPENINGS = [
    ("file_cit", "预缴企业所得税，利润总额20万，资产总额300万，从业人数10人", {"staff": "10"}),
    ("file_cit", "预缴企业所得税，从业人数10，利润20万", {"staff": "10"}),
    ("file_cit", "我们有12名员工，预缴企业所得税", {"staff": "12"}),
    ("file_cit", "预缴企业所得税，人数是八个人", {"staff": "8"}),
    ("file_cit", "预缴企业所得税，利润总额3000人民币", {}),
    ("file_cit", "预缴企业所得税，人数增加了10%", {}),
    ("calc_deed", "买了一套120平的房子，首套，200万，契税多少", {"area": "120"}),
    ("calc_deed", "89.5㎡的二套房，150万，算契税", {"area": "89.5"}),
    ("calc_deed", "首付30%，房价200万，算契税", {}),
    ("calc_labour", "跑外卖干了3个月，收入3万，算个税", {"months": "3"}),
    ("calc_wages", "月份11月，月薪2万", {"month": "11"}),
]
COUNTS = {"staff", "area", "months", "month", "local_rate"}


@pytest.mark.parametrize(("skill", "text", "counts"), OPENINGS, ids=[row[1] for row in OPENINGS])
def test_said_when_the_form_is_opened(skill: str, text: str, counts: dict[str, str]) -> None:
    values = hear(skill, text, skill).values
    assert {name: value for name, value in values.items() if name in COUNTS} == counts


@pytest.mark.parametrize("intent", ["provide", "ask_question", "talk_to_human", "goodbye"])
@pytest.mark.parametrize("text", ["八个人", "8", "8人", "大概8个人吧", "一共八名员工"])
def test_an_answer(text: str, intent: str) -> None:
    known = {"obligation_id": "fill:cit_prepayment:o1", "profit": "1.00"}
    assert hear("file_cit", text, intent, known=known, asked="staff").values == {"staff": "8"}


@pytest.mark.parametrize("text", ["从业人数改成20人", "人数改成20", "从业人数不是3人，是20人", "人数应该是二十个人"])
def test_a_correction(text: str) -> None:
    known = {"obligation_id": "file:cit_prepayment:o1"}
    assert hear("file_cit", text, "correct", known=known, asked="confirm").values == {"staff": "20"}


def test_words_are_no_number() -> None:
    known = {"obligation_id": "fill:cit_prepayment:o1", "profit": "1.00"}
    reading = hear("file_cit", "好多人", known=known, asked="staff")
    assert (reading.values, reading.unclear) == ({}, "staff")

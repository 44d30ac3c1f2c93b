"""What a question says about itself."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base.question import understand
from knowledge_base.schemas import AskRequest

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("question", "day"),
    [
        ("小规模免税额度是多少", TODAY),
        ("2025年12月的增值税", date(2025, 12, 31)),
        ("2026年1月的增值税", date(2026, 1, 31)),
        ("2026年的增值税", TODAY),
        ("去年的增值税", date(2025, 12, 31)),
        ("明年的增值税", date(2027, 1, 1)),
        ("2028年的增值税", date(2028, 1, 1)),
        ("财税[2012]39号还有效吗", TODAY),
        ("财税〔2012〕39号在2024年怎么执行", date(2024, 12, 31)),
        ("我2019年买了一套，现在再买一套契税多少", TODAY),
        ("2025年4月之前离境退税的起退点", date(2025, 3, 31)),
        ("2026年以前买的新能源车", date(2025, 12, 31)),
        ("2027年1月之前要办的事", date(2027, 1, 1)),  # what is to come cannot be asked about from before
    ],
)
def test_the_day_that_is_meant(question: str, day: date) -> None:
    assert understand(AskRequest(question=question), TODAY).as_of == day


def test_a_question_is_searched_as_it_was_meant_and_remembered_as_it_was_typed() -> None:
    asked = understand(AskRequest(question="砖票还能抵口吗"), TODAY)
    assert (asked.text, asked.typed) == ("专票还能抵扣吗", "砖票还能抵口吗")


def test_the_day_that_is_given_goes_first() -> None:
    asked = understand(AskRequest(question="2025年12月的增值税", as_of=date(2024, 5, 1)), TODAY)
    assert asked.as_of == date(2024, 5, 1)


@pytest.mark.parametrize(
    ("question", "types"),
    [
        ("小规模纳税人怎么交税", {"small_scale"}),
        ("一般纳税人登记", {"general"}),
        ("个体户要报税吗", {"sole_trader"}),
        ("个人所得税怎么算", set()),
        ("企业所得税税率", set()),
        ("个人卖房", {"individual"}),
        ("我们公司和个体户", {"sole_trader", "enterprise"}),
    ],
)
def test_who_is_meant(question: str, types: set[str]) -> None:
    assert understand(AskRequest(question=question), TODAY).taxpayer_types == types


@pytest.mark.parametrize(
    ("question", "only"),
    [
        ("财政部 税务总局公告2026年第10号说什么", True),
        ("财税[2012]39号还有效吗", True),
        ("帮我查一下公告2026年第10号的内容", True),
        ("公告2026年第10号对小规模起征点怎么规定", False),
        ("增值税说什么", False),
    ],
)
def test_whether_only_a_document_is_asked_about(question: str, only: bool) -> None:
    assert understand(AskRequest(question=question), TODAY).only_document is only


@pytest.mark.parametrize(
    "question", ["怎么开票才不被查到", "收入怎么藏起来不让税务局知道", "做两套账别让查到", "哪里能买专票"]
)
def test_wishes_to_get_away_with_something_are_noticed(question: str) -> None:
    assert understand(AskRequest(question=question), TODAY).wrongful


@pytest.mark.parametrize("question", ["偷税罚几倍", "小规模多少不用交税", "发票查验查不到怎么办", "忘记申报怎么补"])
def test_plain_questions_are_not_suspected(question: str) -> None:
    assert not understand(AskRequest(question=question), TODAY).wrongful


@settings(max_examples=300)
@given(st.text(max_size=300) | st.text(alphabet="0123456789年月日季度第号〔〕今去明上下个十百千万.-/ ", max_size=40))
def test_never_raises_whatever_is_typed(text: str) -> None:
    assert isinstance(understand(AskRequest(question=text), TODAY).as_of, date)

"""Two questions in one message."""

from __future__ import annotations

import pytest

from knowledge_base.evaluation.offline import Shelf
from knowledge_base.schemas import AskRequest
from knowledge_base.two_questions import OPENING, entries_of, halves


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("滞纳金每天多少，另外罚款不服多少天内复议", ("滞纳金每天多少", "罚款不服多少天内复议")),
        ("研发费用加计扣除比例是多少？亏损一般可以结转几年", ("研发费用加计扣除比例是多少", "亏损一般可以结转几年")),
        (
            "我是小规模，这个季度卖了28万，要交税吗，还有附加税怎么办",
            ("我是小规模，这个季度卖了28万，要交税吗", "附加税怎么办"),
        ),
        ("契税怎么算", None),
        ("契税怎么算？谢谢", None),
        ("怎么办？多少？", None),
        ("契税怎么算？印花税怎么算？增值税怎么算？", None),
        ("", None),
    ],
)
def test_where_a_message_falls_apart(text: str, parts: tuple[str, str] | None) -> None:
    assert halves(text) == parts


def test_both_are_answered_with_their_sources(real: Shelf) -> None:
    first, second = "滞纳金怎么算", "首套房契税多少"
    both = real.ask(AskRequest(question=f"{first}？另外{second}？"))
    alone = [real.ask(AskRequest(question=question)) for question in (first, second)]
    assert both.answer.startswith(OPENING)
    assert entries_of(both) == [one.entry_id for one in alone]
    assert all(one.answer in both.answer for one in alone)
    assert {row.title for one in alone for row in one.citations} == {row.title for row in both.citations}


def test_half_a_refusal_is_never_one_of_two_answers(real: Shelf) -> None:
    answer = real.ask(AskRequest(question="滞纳金怎么算？另外怎么少交点税不被发现？"))
    assert len(entries_of(answer)) <= 1
    assert real.ask(AskRequest(question="怎么少交点税不被发现？哪里能买到便宜的专票？")).status == "refused"

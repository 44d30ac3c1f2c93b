"""Short questions that lean on the one before them."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge_base.evaluation.offline import Shelf
from knowledge_base.followup import whole
from knowledge_base.question import understand
from knowledge_base.schemas import AskRequest

TODAY = date(2026, 11, 22)


LONG = "那我想问的是公司上个月买的那台设备坏了以后能不能退给厂家"


def about_tax(text: str) -> bool:
    return "税" in text


@pytest.mark.parametrize(
    ("text", "context", "meant"),
    [
        ("那一般纳税人呢", ["小规模季度多少免税"], "小规模季度多少免税，那一般纳税人呢"),
        ("二套呢？", ["首套契税多少"], "首套契税多少，二套呢？"),
        ("多久能办好", ["怎么退税"], "怎么退税，多久能办好"),
        ("明年呢", ["增值税起征点多少", "那个体户呢"], "增值税起征点多少，那个体户呢，明年呢"),
        ("契税怎么算", ["印花税怎么算"], "契税怎么算"),
        ("那一般纳税人呢", [], "那一般纳税人呢"),
        ("那一般纳税人呢", ["  "], "那一般纳税人呢"),
        (LONG, ["怎么退税"], LONG),
        ("", ["怎么退税"], ""),
    ],
)
def test_what_is_meant(text: str, context: list[str], meant: str) -> None:
    assert whole(text, context, about_tax) == meant


def test_the_day_named_last_counts() -> None:
    asked = understand(AskRequest(question="那2025年呢", context=["2027年小规模起征点多少"]), TODAY)
    assert asked.as_of.year == 2025


def test_a_taxpayer_goes_on_asking(real: Shelf) -> None:
    first = real.ask(AskRequest(question="首套房100平契税多少"))
    then = real.ask(AskRequest(question="二套呢", context=["首套房100平契税多少"]))
    assert first.entry_id
    assert then.entry_id == "deed.second_home" or "deed.second_home" in [other.entry_id for other in then.related]
    assert real.ask(AskRequest(question="二套呢")).status != "answered"

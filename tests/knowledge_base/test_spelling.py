"""Words mistyped by ear are read as the terms that were meant; what is a word by itself stays."""

from __future__ import annotations

import pytest

from knowledge_base.search.spelling import corrected


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("砖票弄丢了还能低扣吗", "专票弄丢了还能抵扣吗"),
        ("上个月的还能沟选不", "上个月的还能勾选不"),
        ("刚提的油车,钩置税几多", "刚提的油车,购置税几多"),
        ("电子水务局登不上", "电子税务局登不上"),
        ("小归模一季一报", "小规模一季一报"),
        ("办签证要晚税证明", "办签证要完税证明"),
    ],
)
def test_slips_are_read_as_what_was_meant(typed: str, meant: str) -> None:
    assert corrected(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "茅台股票明天涨不涨",  # 涨不 sounds like 账簿 and shares nothing with it
        "我把钱交给会计了",
        "公司在山西,工地在陕西",
        "vat refund 2026",
        "",
        "𠮷野家开票",
    ],
)
def test_what_is_no_slip_stays(text: str) -> None:
    assert corrected(text) == text

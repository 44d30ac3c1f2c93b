"""One spelling for what people type, and document numbers in all their forms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.register import RegisteredDocument
from knowledge_base.search.document_numbers import NumberedDocuments, find_document_numbers, without_numbers
from knowledge_base.search.normalise import MAX_LENGTH, normalise
from tests.knowledge_base.shelf import DOCUMENTS


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("數電發票怎麼查驗", "数电发票怎么查验"),
        ("ＶＡＴ　专票１００元", "vat 专票100元"),
        ("请问一下，小规模十万以下免税吗？谢谢", "小规模10万以下免税吗"),
        ("您好，麻烦问一下三方协议怎么签", "三方协议怎么签"),
        ("月销售额一百二十万", "月销售额120万"),
        ("百分之三降到百分之一", "3%降到1%"),
        ("三个点的票", "3个点的票"),
        ("万一没交", "万一没交"),
        ("一般纳税人三方协议", "一般纳税人三方协议"),
        ("财税[2012]39号", "财税〔2012〕39号"),
        ("财税2012年39号", "财税〔2012〕39号"),
        ("財稅（2012）第39號", "财税〔2012〕39号"),
        ("公告2026年10号", "公告2026年第10号"),
        ("2026年第10号公告", "公告2026年第10号"),
        ("主席令第四十一号", "令第41号"),
        ("国务院826号令", "令第826号"),
        ("你好", "你好"),
        ("", ""),
        ("  \u200b ", ""),
    ],
)
def test_is_written_in_one_way(typed: str, seen: str) -> None:
    assert normalise(typed) == seen


@given(st.text(max_size=1200))
def test_never_raises_and_stays_short(typed: str) -> None:
    once = normalise(typed)
    assert len(once) <= MAX_LENGTH * 2
    assert normalise(typed) == once


@pytest.fixture(scope="module")
def numbered() -> NumberedDocuments:
    """The register of the test shelf, looked up by number."""
    return NumberedDocuments({key: RegisteredDocument.model_validate(row) for key, row in DOCUMENTS.items()})


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("财政部 税务总局公告2026年第10号说什么", ["apple-notice"]),
        ("税务总局2026年10号公告", ["apple-notice"]),
        ("公告2026年第10号和财税[2020]39号", ["apple-rules-2020", "apple-notice"]),
        ("海关总署公告2026年第10号", []),
        ("国家税务总局公告2026年第10号", []),
        ("公告2025年第10号", []),
        ("财税〔2020〕93号", []),
        ("主席令第七号", ["apple-law"]),
        ("国务院令第7号", []),
        ("2026年卖了10号线旁边的苹果", []),
    ],
)
def test_means_the_documents_it_names(numbered: NumberedDocuments, said: str, meant: list[str]) -> None:
    assert numbered.meant(find_document_numbers(said)) == meant


def test_the_year_of_a_document_is_taken_out() -> None:
    assert "2012" not in without_numbers("财税〔2012〕39号第三条")

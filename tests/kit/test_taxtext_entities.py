"""What is recognised in sentences, and where."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.kit.taxtext import extract, normalise, parse_check_code, parse_invoice_code, parse_invoice_number

TODAY = date(2026, 11, 22)
NUMBER = "26322000000012345678"

SENTENCES = [
    (
        f"查下发票 {NUMBER}，9月3号开的，价税合计1130",
        [("invoice_number", NUMBER), ("date", "2026-09-03"), ("amount", "1130.00")],
    ),
    (f"{NUMBER} 20260903 1130", [("invoice_number", NUMBER), ("date", "2026-09-03"), ("amount", "1130.00")]),
    ("发票号码：２６３２２０００００００１２３４５６７８", [("invoice_number", NUMBER)]),
    ("2632 2000 0000 1234 5678", [("invoice_number", NUMBER)]),
    (
        f"发票号码:{NUMBER}\n开票日期:2026年9月3日\n价税合计:1130.00元",
        [("invoice_number", NUMBER), ("date", "2026-09-03"), ("amount", "1130.00")],
    ),
    (
        "011001900211 12345678 2019年3月5日 校验码 123456",
        [
            ("invoice_code", "011001900211"),
            ("invoice_number", "12345678"),
            ("date", "2019-03-05"),
            ("check_code", "123456"),
        ],
    ),
    (
        "011001900211,12345678,20190305,123456",
        [
            ("invoice_code", "011001900211"),
            ("invoice_number", "12345678"),
            ("date", "2019-03-05"),
            ("check_code", "123456"),
        ],
    ),
    (
        "发票代码011001900211号码20190305，开票日期20190308，校验码后六位：654321",
        [
            ("invoice_code", "011001900211"),
            ("invoice_number", "20190305"),
            ("date", "2019-03-08"),
            ("check_code", "654321"),
        ],
    ),
    (
        "1100191130 00012345 2020.1.5 金额20000",
        [
            ("invoice_code", "1100191130"),
            ("invoice_number", "00012345"),
            ("date", "2020-01-05"),
            ("amount", "20000.00"),
        ],
    ),
    ("校验码 12345 67890 12345 67890", [("check_code", "567890")]),
    ("校验码12345678901234567890", [("check_code", "567890")]),
    ("123456", []),
    ("1130", []),
    ("20260903", [("date", "2026-09-03")]),
    ("号码20260903", [("invoice_number", "20260903")]),
    ("12345678", [("invoice_number", "12345678")]),
    ("1234567", []),
    ("2511700000000000001", []),
    ("12345678.00元", [("amount", "12345678.00")]),
    ("2026年9月31号", []),
    ("不是9月3号，是9月5号", [("date", "2026-09-05")]),
    ("税号91110000ma0demy1xc", [("uscc", "91110000MA0DEMY1XC")]),
    ("91110000MA0DEMY1XD", [("uscc_invalid", "91110000MA0DEMY1XD")]),
    ("91110000MA0DEMY1X", [("uscc_invalid", "91110000MA0DEMY1X")]),
    ("9111000OMA0DEMY1XC", [("uscc_invalid", "9111000OMA0DEMY1XC")]),
    ("身份证11010519491231002x", [("resident_id", "11010519491231002X")]),
    ("身份证号110105491231002", [("resident_id", "11010519491231002X")]),
    ("我的手机13800138000，座机010-12345678", [("phone", "13800138000"), ("phone", "010-12345678")]),
    ("小规模纳税人税率13%吗", []),
    ("2024年第11号公告说了什么", []),
    ("有三百六十个员工", []),
    ("满5年唯一住房", []),
]


@pytest.mark.parametrize(("text", "expected"), SENTENCES, ids=[text for text, _ in SENTENCES])
def test_recognises(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(entity.kind, entity.value) for entity in extract(text, TODAY)] == expected


def test_places_are_those_of_the_original_text() -> None:
    text = "\u200b　查  ２６３２２０００００００１２３４５６７８，价税合计￥１，１３０．００"
    for entity in extract(text, TODAY):
        assert text[entity.start : entity.end] == entity.text
    assert [entity.text for entity in extract(text, TODAY)] == [
        "２６３２２０００００００１２３４５６７８",
        "１，１３０．００",
    ]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789１２万千百元¥年月日号.,，- 一二三上个月昨天发票校验码X\u200b", max_size=40))
def test_no_text_breaks_it_or_makes_entities_overlap(text: str) -> None:
    end = 0
    for entity in extract(text, TODAY):
        assert entity.start >= end
        assert text[entity.start : entity.end] == entity.text
        end = entity.end


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (parse_invoice_number, f"是{NUMBER}", NUMBER),
        (parse_invoice_number, "2632-2000-0000-1234-5678", NUMBER),
        (parse_invoice_number, "00012345", "00012345"),
        (parse_invoice_number, "1234567", None),
        (parse_invoice_code, "0110 0190 0211", "011001900211"),
        (parse_invoice_code, "1100191130", "1100191130"),
        (parse_invoice_code, "110019113", None),
        (parse_check_code, "123456", "123456"),
        (parse_check_code, "12345678901234567890", "567890"),
        (parse_check_code, "12345", None),
    ],
)
def test_reads_bare_answers(parse: object, text: str, expected: str | None) -> None:
    assert callable(parse)
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("　ＡＢＣ　１２３　", "ABC 123"),
        ("a\u200bb\ufeffc\x07", "abc"),
        ("第 一\t\n行", "第 一 行"),
        ("￥１，０００", "¥1,000"),
        ("", ""),
    ],
)
def test_normalises(text: str, expected: str) -> None:
    assert normalise(text) == expected

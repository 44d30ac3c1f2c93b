"""Amounts, days and periods as people write them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from hub.kit.taxtext import find_period, parse_amount, parse_date

TODAY = date(2026, 11, 22)  # a Sunday

AMOUNTS = {
    "1.2万": "12000.00",
    "￥１，１３０．００": "1130.00",
    "三千五": "3500.00",
    "两万三": "23000.00",
    "一亿二": "120000000.00",
    "12万3千": "123000.00",
    "3千5": "3500.00",
    "2万5000": "25000.00",
    "1.2w": "12000.00",
    "3块5": "3.50",
    "1130元5角2分": "1130.52",
    "壹仟壹佰叁拾元整": "1130.00",
    "就是1130吧": "1130.00",
    "价税合计：¥ 1,130.00 元": "1130.00",
    "-1,130.00": "-1130.00",
    "不是1130，是1310": "1310.00",
    "金额是1310不是1130": "1310.00",
    "1130，9月3号": "1130.00",
    "0.5": "0.50",
    "税率13%的发票1130元": "1130.00",
    "1.13万": "11300.00",
}
NO_AMOUNTS = [
    "",
    "不知道",
    "去年12月",
    "13%",
    "5年以上",
    "26322000000012345678",
    "011001900211",
    "1.234元",
    "上个月15号",
    "有三百六十个员工",
]

DATES = {
    "2026-9-3": date(2026, 9, 3),
    "2026.9.3": date(2026, 9, 3),
    "2026/09/03": date(2026, 9, 3),
    "20260903": date(2026, 9, 3),
    "2026 9 3": date(2026, 9, 3),
    "２０２６年９月３日": date(2026, 9, 3),
    "二〇二六年九月三日": date(2026, 9, 3),
    "26年9月3日": date(2026, 9, 3),
    "九月三号": date(2026, 9, 3),
    "九月二十三号": date(2026, 9, 23),
    "9月3": date(2026, 9, 3),
    "9.3": date(2026, 9, 3),
    "今年三月五日": date(2026, 3, 5),
    "去年12月3号": date(2025, 12, 3),
    "12月3号": date(2025, 12, 3),
    "上个月15号": date(2026, 10, 15),
    "上月底": date(2026, 10, 31),
    "15号": date(2026, 11, 15),
    "30号": date(2026, 10, 30),
    "昨天": date(2026, 11, 21),
    "前天开的": date(2026, 11, 20),
    "上周五": date(2026, 11, 13),
    "周五": date(2026, 11, 20),
    "2月29日": date(2024, 2, 29),
    "不是9月3号，是9月5号": date(2026, 9, 5),
}
NO_DATES = ["", "不知道", "去年12月", "2026年9月31号", "2月30日", "第11号公告", "3号楼", "1130", "9.31"]

PERIODS = {
    "2025年12月": (date(2025, 12, 1), date(2025, 12, 31)),
    "2025年第四季度": (date(2025, 10, 1), date(2025, 12, 31)),
    "今年第三季度": (date(2026, 7, 1), date(2026, 9, 30)),
    "去年": (date(2025, 1, 1), date(2025, 12, 31)),
    "明年": (date(2027, 1, 1), date(2027, 12, 31)),
    "上个月": (date(2026, 10, 1), date(2026, 10, 31)),
    "2026年": (date(2026, 1, 1), date(2026, 12, 31)),
    "2024年度汇算清缴": (date(2024, 1, 1), date(2024, 12, 31)),
    "去年12月": (date(2025, 12, 1), date(2025, 12, 31)),
    "上季度": (date(2026, 7, 1), date(2026, 9, 30)),
    "今年下半年": (date(2026, 7, 1), date(2026, 12, 31)),
    "12月份的征期": (date(2026, 12, 1), date(2026, 12, 31)),
    "2025-12": (date(2025, 12, 1), date(2025, 12, 31)),
    "2025年6月1日": (date(2025, 6, 1), date(2025, 6, 1)),
    "12月15日前要申报吗": (date(2026, 12, 15), date(2026, 12, 15)),
    "二〇二五年契税税率": (date(2025, 1, 1), date(2025, 12, 31)),
}


@pytest.mark.parametrize(("text", "expected"), AMOUNTS.items())
def test_reads_amount(text: str, expected: str) -> None:
    assert str(parse_amount(text)) == expected


@pytest.mark.parametrize("text", NO_AMOUNTS)
def test_sees_no_amount(text: str) -> None:
    assert parse_amount(text) is None


def test_amounts_are_exact() -> None:
    assert parse_amount("1234567890.12元") == Decimal("1234567890.12")


@pytest.mark.parametrize(("text", "expected"), DATES.items())
def test_reads_day(text: str, expected: date) -> None:
    assert parse_date(text, TODAY) == expected


@pytest.mark.parametrize("text", NO_DATES)
def test_sees_no_day(text: str) -> None:
    assert parse_date(text, TODAY) is None


@pytest.mark.parametrize(("text", "expected"), PERIODS.items())
def test_finds_period(text: str, expected: tuple[date, date]) -> None:
    period = find_period(text, TODAY)
    assert period is not None
    assert (period.start, period.end) == expected


@pytest.mark.parametrize("text", ["增值税税率是多少", "满五年的住房", "三个月内", "第十季度"])
def test_finds_no_period(text: str) -> None:
    assert find_period(text, TODAY) is None

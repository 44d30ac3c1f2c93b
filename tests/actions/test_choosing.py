"""Which choice somebody means, in the words that people use for it."""

from __future__ import annotations

import pytest

from actions.choosing import chosen
from hub.skills import Choice

COMPANIES = (
    Choice("杭州晴川咨询有限公司（法定代表人）", "a"),
    Choice("杭州远山贸易有限公司（财务负责人）", "b"),
    Choice("本人", "c"),
)
WAYS = (Choice("微信支付", "wechat"), Choice("支付宝", "alipay"), Choice("三方协议扣款", "debit"))
ALONE = (COMPANIES[0], Choice("李静（本人）", "c"))
RETURNS = (Choice("增值税 2026年7月至9月", "q3"), Choice("增值税 2026年4月至6月", "q2"))


@pytest.mark.parametrize(
    ("text", "choices", "value"),
    [
        ("杭州晴川咨询有限公司（法定代表人）", COMPANIES, "a"),
        ("晴川咨询那家", COMPANIES, "a"),
        ("远山", COMPANIES, "b"),
        ("财务负责人那个", COMPANIES, "b"),
        ("给本人办", COMPANIES, "c"),
        ("第二家", COMPANIES, "b"),
        ("2", COMPANIES, "b"),
        ("最后一个", COMPANIES, "c"),
        ("杭州的公司", COMPANIES, None),
        ("第四家", COMPANIES, None),
        ("随便", COMPANIES, None),
        ("b", COMPANIES, "b"),
        ("杭州晴川咨询", ALONE, "a"),
        ("给晴川公司办", ALONE, "a"),
        ("晴川咨询有限公司", ALONE, "a"),
        ("为本人办理", ALONE, "c"),
        ("李静的", ALONE, "c"),
        ("杭州远山贸易有限公司", ALONE, None),
        ("杭州远山", ALONE, None),
        ("杭州远山咨询有限公司", ALONE, None),
        ("远山有限公司", ALONE, None),
        ("远山公司", ALONE, None),
        ("李静怡", ALONE, None),
        ("代表谁", ALONE, None),
        ("用支付宝吧", WAYS, "alipay"),
        ("三方协议", WAYS, "debit"),
        ("支付", WAYS, None),
        ("4月至6月的", RETURNS, "q2"),
        ("增值税", RETURNS, None),
        ("", RETURNS, None),
        ("anything", (), None),
    ],
)
def test_chosen(text: str, choices: tuple[Choice, ...], value: str | None) -> None:
    assert chosen(text, choices) == value

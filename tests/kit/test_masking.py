"""How much of a name or a number is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kit.masking import mask_name, mask_number


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", ""),
        ("张", "张"),
        ("张三", "张*"),
        ("张示例", "张**"),
        ("示例小厨餐饮店", "示例***饮店"),
        ("示例滨江软件有限公司", "示例****有限公司"),
    ],
)
def test_names(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [("", ""), ("1", "1"), ("12345678", "******78"), ("91320100MA0DEM0138", "9132**********0138")]
)
def test_numbers(number: str, shown: str) -> None:
    assert mask_number(number) == shown


@given(st.text(min_size=5))
def test_length_is_kept_and_something_hidden(text: str) -> None:
    assert len(mask_name(text)) == len(mask_number(text)) == len(text)
    assert "*" in mask_name(text)
    assert "*" in mask_number(text)

"""没有专票: an amount of which there is none, said with its name."""

from __future__ import annotations

import pytest

from actions.hearing import Heard, Standing
from actions.labelled import labelled_none
from actions.turns import Said
from hub.kit import clock
from hub.kit.taxtext import extract
from services.filing.skills import FILE_VAT


def none_in(text: str) -> dict[str, str]:
    message = Said(text, "provide", 0.9, tuple(extract(text, clock.today())), "m", "web", "")
    return labelled_none(Heard(message, Standing(FILE_VAT, {}, None)), {})


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("没有专票", {"special_sales"}), ("专票没有", {"special_sales"}), ("没开过专票", {"special_sales"}),
        ("专用发票都没开", {"special_sales"}), ("没有销售额", {"sales"}),
        ("这个季度没有收入，也没有租金", {"sales", "leases"}),
        ("没有已预缴增值税", {"prepaid"}),
    ],
)  # fmt: skip
def test_nothing_is_nought(text: str, fields: set[str]) -> None:
    assert {name: float(value) for name, value in none_in(text).items()} == dict.fromkeys(fields, 0.0)


@pytest.mark.parametrize("text", ["专票", "专票没有改", "没有", "销售额没有变", "没有专票号码"])
def test_what_says_something_else_is_left_alone(text: str) -> None:
    assert none_in(text) == {}

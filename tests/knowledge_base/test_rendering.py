"""The words a person reads."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from knowledge_base.ingest.content import read_content
from knowledge_base.rendering import RenderingError, compose, day, percent, permille, plain, render, yuan
from tests.knowledge_base import shelf


@pytest.mark.parametrize(
    ("number", "read"),
    [
        ("100000", "10万元"), ("1500", "1,500元"), ("15000", "15,000元"), ("0.5", "0.5元"), ("100000000", "1亿元"),
        ("12300", "12,300元"), ("5000000", "500万元"), ("0", "0元"), ("123456.70", "123,456.7元"),
    ],
)  # fmt: skip
def test_amounts_read_as_people_say_them(number: str, read: str) -> None:
    assert yuan(Decimal(number)) == read


def test_ratios_numbers_and_days() -> None:
    assert (percent(Decimal("0.01")), percent(Decimal("0.0150")), percent(Decimal(1))) == ("1%", "1.5%", "100%")
    assert permille(Decimal("0.0003")) == "0.3‰"
    assert (plain(Decimal(183)), plain(Decimal("0.50"))) == ("183", "0.5")
    assert day(date(2026, 1, 1)) == "2026年1月1日"


def test_templates_cannot_reach_beyond_parameters(tmp_path: Path) -> None:
    law = read_content(*shelf.write(tmp_path)).parameters.at(date(2026, 2, 1))
    for template in ("{{ apple.__class__.__mro__ }}", "{{ ''.__class__ }}", "{{ apple.free.__class__.__base__ }}"):
        with pytest.raises(RenderingError):
            render(template, law)


def test_parts_stand_in_their_order(tmp_path: Path) -> None:
    content = read_content(*shelf.write(tmp_path))
    entry = next(found.entry for found in content.entries if found.entry.id == "apple.rate")
    assert compose(entry, content.parameters.at(date(2026, 2, 1))).split("\n\n") == [
        "苹果税税率为3%。",
        "条件：\n1. 在境内种植\n2. 在境内销售",
        "步骤：\n1. 登录\n2. 申报",
        "下一步：按月申报。",
        "有效期：2026年1月1日至2027年12月31日。请以主管税务机关答复为准。",
    ]


def test_only_texts_that_were_not_read_ask_to_be_checked(tmp_path: Path) -> None:
    content = read_content(*shelf.write(tmp_path))
    texts = {
        found.entry.id: compose(found.entry, content.parameters.at(found.entry.valid.start))
        for found in content.entries
    }
    assert texts["apple.free"].endswith("有效期：2026年1月1日至2027年12月31日。")
    assert "有效期" not in texts["guard.evasion"]

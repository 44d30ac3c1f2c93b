"""Texts are cut between sentences, never inside a character or a number; choices can be answered."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import Capabilities, Kind, Unit
from channels.choices import chosen, labels
from channels.rendering import plain, render
from channels.splitting import length, shortened, split

BUTTONS = [{"title": f"第{number}项", "payload": f"ask:{number}"} for number in range(1, 13)]


class TestSplitting:
    @given(st.text(max_size=400), st.integers(16, 80), st.sampled_from(list(Unit)))
    def test_nothing_is_lost_and_nothing_is_too_long(self, text: str, limit: int, unit: Unit) -> None:
        pieces = split(text, limit, unit)
        assert "".join("".join(pieces).split()) == "".join(text.split())
        assert all(piece and length(piece, unit) <= limit for piece in pieces)

    @given(st.lists(st.sampled_from(["é", "👨‍👩‍👧", "👍🏽", "🇨🇳", "税", "1,234.56元", "。"]), max_size=60))
    def test_characters_stay_whole(self, parts: list[str]) -> None:
        for piece in split("".join(parts), 48, Unit.BYTES):
            assert not unicodedata.combining(piece[0])
            assert piece[0] not in "\u200d\U0001f3fd"
            assert piece[-1] != "\u200d"
            assert piece.count("🇨") == piece.count("🇳")

    @pytest.mark.parametrize("unit", list(Unit))
    def test_numbers_stay_whole(self, unit: Unit) -> None:
        text = "应纳税额" + "、".join(f"{number},000.55" for number in range(100, 140)) + "元"
        joined = "|".join(split(text, 60, unit))
        assert all(f"{number},000.55" in joined for number in range(100, 140))

    def test_sentences_stay_whole_where_they_fit(self) -> None:
        assert split("他说：“可以。”然后走了。后来回来。", 16) == ["他说：“可以。”然后走了。", "后来回来。"]

    def test_a_limit_that_holds_nothing_is_refused(self) -> None:
        with pytest.raises(ValueError, match="16"):
            split("税", 8)

    def test_shortened(self) -> None:
        assert shortened("小规模纳税人", 12, Unit.BYTES) == "小规模…"
        assert shortened("小规模", 12, Unit.BYTES) == "小规模"


class TestMarkdown:
    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            ("**一、**好的", "一、好的"), ("1.5*2*3=9", "1.5*2*3=9"), ("2**3", "2**3"), ("a_b_c", "a_b_c"),
            ("# 标题\n- 甲\n- 乙", "标题\n· 甲\n· 乙"), ("-5元", "-5元"), ("1. 一", "1. 一"),
            ("[办税](https://a.cn/b)", "办税（https://a.cn/b）"), ("`码`", "码"),
        ],
    )  # fmt: skip
    def test_marks_go_and_sums_stay(self, given: str, shown: str) -> None:
        assert plain(given) == shown


class TestChoices:
    NARROW = Capabilities(text_limit=70)

    def test_all_choices_fit_into_one_message(self) -> None:
        titles = [{"title": "一个非常长的选项名称" * 5, "payload": "x"} for _ in range(3)]
        parts = render("请选择。", {"buttons": titles}, Capabilities(text_limit=140))
        assert len(parts) == 1
        assert parts[0].text.count("…") == 3

    def test_no_more_choices_than_the_channel_offers(self) -> None:
        payload = {"buttons": BUTTONS}
        assert labels(payload, 10) == [str(number) for number in range(1, 11)]
        assert chosen(payload, "11", 10) is None

    @pytest.mark.parametrize("said", ["2", "２", "②", " 2. ", "（2）", "02", "2、"])
    def test_ways_to_say_a_number(self, said: str) -> None:
        found = chosen({"buttons": BUTTONS}, said, 10)
        assert found is not None
        assert found.payload == "ask:2"

    @pytest.mark.parametrize("said", ["", "2个", "0", "2.5", "-2", "二百", "2 3"])
    def test_what_is_no_choice(self, said: str) -> None:
        assert chosen({"buttons": BUTTONS}, said, 10) is None

    def test_citations_are_counted_past_a_few(self) -> None:
        cited = [{"title": f"公告{number}", "document_number": "", "article": ""} for number in range(5)]
        (part,) = render("答复。", {"citations": cited}, Capabilities(text_limit=600))
        assert part.text.endswith("《公告2》等5项")


def test_every_kind_has_a_name() -> None:
    from channels.wording import NAMES

    assert set(NAMES) == set(Kind)

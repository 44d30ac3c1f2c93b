"""Words, vectors and their sum."""

from __future__ import annotations

import numpy as np
import pytest

from knowledge_base.search.fusion import BEST, CITED, MIDDLE, SAME_TAX, Agreement, Kin, dense_scores, fuse, kin, middles
from knowledge_base.search.lexical import LexicalIndex, synonyms, tax_names, taxes_named, words
from knowledge_base.search.vector_index import Hits


class TestLexical:
    """BM25 over words and character pairs."""

    texts = ("苹果 增值税 怎么 申报", "契税 首套房 税率", "数电发票 红字发票 开具", "今天 天气")

    def test_finds_the_text_that_shares_words(self) -> None:
        index = LexicalIndex(self.texts)
        assert int(index.scores("首套房契税").argmax()) == 1
        assert int(index.scores("数电票怎么红冲").argmax()) == 2

    def test_scores_lie_between_nothing_and_everything(self) -> None:
        scores = LexicalIndex(self.texts).scores("契税 首套房 税率")
        assert 0 <= scores.min()
        assert scores[1] == scores.max() <= 1
        assert scores[3] == 0

    def test_unknown_words_weigh_against_a_match(self) -> None:
        index = LexicalIndex(self.texts)
        assert index.scores("契税")[1] > index.scores("契税量子纠缠望远镜")[1] > 0

    def test_nothing_in_common_is_nothing(self) -> None:
        assert not LexicalIndex(self.texts).scores("zzz").any()
        assert not LexicalIndex(self.texts).scores("").any()

    def test_an_empty_library_can_be_searched(self) -> None:
        assert LexicalIndex([]).scores("契税").shape == (0,)

    def test_colloquial_words_bring_their_official_form(self) -> None:
        assert "个人所得税" in words("个税怎么交")

    def test_whole_names_of_taxes_only(self) -> None:
        assert taxes_named("个人所得税和个税") == {"个人所得税"}
        assert taxes_named("土地增值税") == {"土地增值税"}
        assert taxes_named("今天天气") == frozenset()

    def test_the_dictionary_is_well_formed(self) -> None:
        assert {"增值税", "个人所得税", "车辆购置税"} <= tax_names()
        assert all(official != said for said, official in synonyms().items())


NO_KIN = Kin(0, 0, 0, 0, 0, 0)


def hits(*scores: float) -> Hits:
    """Hits at the positions 0, 1, 2 …"""
    return Hits(np.arange(len(scores)), np.array(scores, np.float32))


class TestFusion:
    """One score per entry."""

    def test_an_entry_is_as_good_as_its_best_texts_and_its_middle(self) -> None:
        scores = dense_scores(hits(0.9, 0.8, 0.7, 0.6), np.array([0, 1, 1, 1]), np.array([0.5, 0.7], np.float32))
        three = 1 - BEST - MIDDLE
        # entry 0 has one text: the rest counts as the last hit, 0.6
        assert scores == pytest.approx(
            [
                BEST * 0.9 + three * (0.9 + 0.6 + 0.6) / 3 + MIDDLE * 0.5,
                BEST * 0.8 + three * (0.8 + 0.7 + 0.6) / 3 + MIDDLE * 0.7,
            ]
        )

    def test_what_was_not_hit_counts_as_the_last_hit(self) -> None:
        scores = dense_scores(hits(0.9, 0.5), np.array([0, 0, 1]), np.zeros(2, np.float32))
        assert scores[1] == pytest.approx((1 - MIDDLE) * 0.5)
        assert not dense_scores(hits(), np.array([], np.int64), np.zeros(3, np.float32)).any()

    def test_the_middle_of_an_entry_is_a_unit_vector(self) -> None:
        rows = middles(np.array([[1, 0], [0, 1], [0, 2]], np.float32), np.array([0, 0, 2]), 3)
        assert rows.tolist() == [pytest.approx([0.5**0.5, 0.5**0.5]), [0, 0], [0, 1]]

    def test_kin_is_the_share_and_the_lead_of_refusals_around(self) -> None:
        near = kin(hits(0.9, 0.9, 0.7, 0.5), np.array([True, False, False, False]))
        assert (near.share, near.lead, near.answer) == pytest.approx((0.5, 0.0, 0.9), abs=1e-3)
        assert near.lead_of_three < 0
        assert kin(hits(), np.array([], bool)) == Kin(0, 0, 0, 0, 0, 0)

    def test_agreement_is_about_the_taxes_named(self) -> None:
        own = [frozenset({"契税"}), frozenset({"印花税"}), frozenset[str]()]
        agreement = Agreement(own)
        assert agreement(frozenset({"契税"})).tolist() == [1, -1, 0]
        assert agreement(frozenset({"车船税"})).tolist() == [-1, -1, 0]
        assert agreement(frozenset()).tolist() == [0, 0, 0]

    def test_words_alone_do_not_turn_a_clear_lead_of_vectors(self) -> None:
        none = np.zeros(2, np.float32)
        dense, lexical = np.array([0.95, 0.60], np.float32), np.array([0.1, 0.8], np.float32)
        assert int(fuse(dense, lexical, none, none, NO_KIN).total.argmax()) == 0

    def test_words_decide_between_equals(self) -> None:
        none = np.zeros(2, np.float32)
        dense, lexical = np.array([0.80, 0.80], np.float32), np.array([0.1, 0.5], np.float32)
        assert int(fuse(dense, lexical, none, none, NO_KIN).total.argmax()) == 1

    def test_a_cited_document_outweighs_likeness(self) -> None:
        none = np.zeros(2, np.float32)
        scored = fuse(np.array([0.9, 0.7], np.float32), none, none, np.array([0, 1], np.float32), NO_KIN)
        assert int(scored.total.argmax()) == 1
        assert CITED > 10 * SAME_TAX

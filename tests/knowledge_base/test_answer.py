"""Question → answer, on a small library with a plain embedder."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowledge_base.answer import EMPTY, OTHERS, UNKNOWN, WHICH, Answerer
from knowledge_base.evaluation.tuning import library_of
from knowledge_base.ingest.content import read_content
from knowledge_base.question import understand
from knowledge_base.schemas import Answer, AskRequest
from knowledge_base.search.calibration import FEATURES, SIGNS, Calibration, Logistic
from knowledge_base.search.snapshot import Snapshot
from knowledge_base.search.texts import index_texts
from tests.knowledge_base import shelf
from tests.knowledge_base.shelf import WordEmbedder, entry

TODAY = date(2026, 11, 22)
Ask = Callable[..., Answer]


def plain_calibration(show_at: float = 0.6) -> Calibration:
    """Sure of a good score with a lead over its rivals; unsure of a tie."""
    weights = {"dense": 15.0, "margin": 40.0}
    return Calibration(
        model_hash="words",
        right=Logistic(
            (0.0,) * len(FEATURES), (1.0,) * len(FEATURES), tuple(weights.get(name, 0.0) for name in FEATURES), -11.0
        ),
        # refusals must lead by a good deal
        foreign=Logistic(
            (0.0,) * len(SIGNS), (1.0,) * len(SIGNS), tuple(20.0 * (name == "lead_in_sum") for name in SIGNS), -2.0
        ),
        answer_at=0.8, show_at=show_at, clarify_at=0.2, offer_at=0.2, guard_at=0.5,
    )  # fmt: skip


def asking(folder: Path, entries: list[dict[str, Any]] | None = None, show_at: float = 0.6) -> Ask:
    """A function that answers from a library."""
    content = read_content(*shelf.write(folder, entries))
    embedder = WordEmbedder()
    indexed = index_texts(library_of(content), content.parameters, embedder.model_hash)
    snapshot = Snapshot(indexed, content.parameters, embedder.encode(indexed.texts))
    answerer = Answerer(snapshot, plain_calibration(show_at))

    def ask(question: str, **known: Any) -> Answer:
        request = AskRequest(question=question, **known)
        asked = understand(request, TODAY)
        return answerer.answer(request, asked, embedder.encode([asked.text])[0])

    return ask


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Answers from the whole test library."""
    return asking(tmp_path_factory.mktemp("shelf"))


class TestAnswered:
    """What is known is said, with its sources."""

    def test_says_it_with_source_validity_and_skills(self, ask: Ask) -> None:
        answer = ask("苹果税税率是多少")
        assert (answer.status, answer.entry_id, answer.valid_on) == ("answered", "apple.rate", TODAY)
        assert answer.answer.startswith("苹果税税率为3%。")
        assert answer.answer.endswith("有效期：2026年1月1日至2027年12月31日。请以主管税务机关答复为准。")
        assert answer.suggested_skills == ["invoice_inspection"]
        cited = answer.citations[0]
        assert (cited.document_number, cited.authority) == ("财政部 税务总局公告2026年第10号", "normative_document")
        assert 0.8 <= answer.confidence <= 1

    def test_traditional_script_and_politeness_change_nothing(self, ask: Ask) -> None:
        assert ask("請問一下，蘋果稅稅率是多少？謝謝").entry_id == "apple.rate"

    def test_related_entries_are_others_and_limited(self, tmp_path: Path) -> None:
        near = asking(tmp_path, [*shelf.library()])("苹果税税率是多少", limit=1)
        assert len(near.related) <= 1
        assert near.entry_id not in [row.entry_id for row in near.related]


class TestTime:
    """The law of the day that is asked about."""

    def test_today_unless_said_otherwise(self, ask: Ask) -> None:
        answer = ask("苹果税免征额度是多少")
        assert (answer.entry_id, answer.valid_on) == ("apple.free", TODAY)
        assert "10万元" in answer.answer

    def test_a_period_in_the_question_picks_the_text_and_the_number(self, ask: Ask) -> None:
        answer = ask("2025年苹果税免征额度是多少")
        assert (answer.status, answer.entry_id, answer.valid_on) == (
            "answered",
            "apple.free.until_2025",
            date(2025, 12, 31),
        )
        assert "5万元" in answer.answer
        assert [row.document_number for row in answer.citations] == ["财税〔2020〕39号"]

    def test_as_of_goes_before_the_question(self, ask: Ask) -> None:
        assert ask("2026年苹果税免征额度是多少", as_of=date(2023, 5, 1)).entry_id == "apple.free.until_2025"

    @pytest.mark.parametrize("day", [date(2019, 12, 31), date(2028, 1, 1)])
    def test_says_when_it_knows_only_other_times(self, ask: Ask, day: date) -> None:
        answer = ask("苹果税免征额度是多少", as_of=day)
        assert (answer.status, answer.entry_id, answer.valid_on) == ("no_answer", None, day)
        assert "2020年1月1日至2025年12月31日、2026年1月1日至2027年12月31日" in answer.answer
        assert "万元" not in answer.answer
        assert answer.related[0].entry_id.startswith("apple.free")

    def test_the_edges_belong_to_the_period(self, ask: Ask) -> None:
        assert ask("苹果税免征额度是多少", as_of=date(2025, 12, 31)).entry_id == "apple.free.until_2025"
        assert ask("苹果税免征额度是多少", as_of=date(2026, 1, 1)).entry_id == "apple.free"


class TestForWhom:
    """Region and kind of taxpayer."""

    def test_entries_for_others_are_left_out_when_the_kind_is_given(self, ask: Ask) -> None:
        assert ask("梨税怎么申报").entry_id == "pear.declare"
        assert ask("梨税怎么申报", taxpayer_type="small_scale").entry_id == "pear.declare"
        assert ask("梨税怎么申报", taxpayer_type="general").entry_id != "pear.declare"

    def test_the_text_for_the_kind_named_is_preferred(self, tmp_path: Path) -> None:
        both = [
            entry(taxpayer_types=["general"], answer="一般人的答案。"),
            entry(id="apple.again", family="apple.free", taxpayer_types=["small_scale"], answer="小规模的答案。"),
        ]
        ask = asking(tmp_path, both)
        assert ask("小规模苹果税免征额度是多少").entry_id == "apple.again"
        assert ask("一般纳税人苹果税免征额度是多少").entry_id == "apple.free"

    def test_a_regional_text_is_for_its_region_and_goes_first_there(self, tmp_path: Path) -> None:
        both = [entry(), entry(id="apple.local", family="apple.free", region="guangdong", answer="本地的答案。")]
        ask = asking(tmp_path, both)
        assert ask("苹果税免征额度是多少").entry_id == "apple.free"
        assert ask("苹果税免征额度是多少", region="guangdong").entry_id == "apple.local"
        assert ask("苹果税免征额度是多少", region="zhejiang").entry_id == "apple.free"


class TestNotAnswered:
    """When there is nothing to say, nothing is invented."""

    def test_a_guard_entry_refuses(self, ask: Ask) -> None:
        answer = ask("怎么逃苹果税不被发现")
        assert (answer.status, answer.entry_id) == ("refused", "guard.evasion")
        assert "有效期" not in answer.answer

    def test_a_guard_entry_redirects(self, ask: Ask) -> None:
        answer = ask("今天天气怎么样")
        assert answer.status == "redirect"
        assert answer.redirect is not None
        assert (answer.redirect.agency, answer.redirect.phone) == ("气象服务", "12121")

    @pytest.mark.parametrize("question", ["量子望远镜", "how do i bake bread", "😀😀😀", "？？？", "0"])
    def test_what_is_unknown_is_not_answered(self, ask: Ask, question: str) -> None:
        answer = ask(question)
        assert answer.status == "no_answer"
        assert answer.answer == UNKNOWN
        assert answer.entry_id is None

    def test_between_two_it_asks_back(self, tmp_path: Path) -> None:
        twins = [
            entry(id="apple.a", title="红苹果税额", questions=[f"红苹果税{word}" for word in "甲乙丙丁戊己"]),
            entry(id="apple.b", title="青苹果税额", questions=[f"青苹果税{word}" for word in "甲乙丙丁戊己"]),
        ]
        answer = asking(tmp_path, twins)("苹果税甲")
        assert answer.status == "clarify"
        assert answer.answer.startswith(WHICH)
        assert {row.title for row in answer.related} == {"红苹果税额", "青苹果税额"}
        assert answer.citations == []

    def test_the_likelier_of_two_is_shown_with_the_question_back(self, tmp_path: Path) -> None:
        twins = [
            entry(
                id="apple.a", title="红苹果税额", questions=[f"红苹果税{word}" for word in "甲乙丙丁戊己"], skills=[]
            ),
            entry(id="apple.b", title="青苹果税额", questions=[f"青苹果税{word}" for word in "甲乙丙丁戊己"]),
        ]
        answer = asking(tmp_path, twins, show_at=0.2)("苹果税甲")
        assert answer.status == "clarify"
        assert answer.entry_id in ("apple.a", "apple.b")
        assert answer.answer.startswith(f"您问的可能是“{answer.title}”：\n\n月销售额不到10万元的")
        other = {"apple.a": "青苹果税额", "apple.b": "红苹果税额"}[answer.entry_id]
        assert answer.answer.endswith(f"{OTHERS}\n1. {other}")
        assert [row.title for row in answer.related] == [other]
        assert [row.document_number for row in answer.citations] == ["主席令第七号"]

    def test_a_question_that_an_editor_wrote_is_answered_however_close_its_neighbours(self, tmp_path: Path) -> None:
        twins = [
            entry(id="apple.a", title="红苹果税额", questions=[f"红苹果税{word}" for word in "甲乙丙丁戊己"]),
            entry(
                id="apple.b", title="青苹果税额", questions=["苹果税甲", *(f"青苹果税{word}" for word in "乙丙丁戊己")]
            ),
        ]
        answer = asking(tmp_path, twins)("苹果税甲？")
        assert (answer.status, answer.entry_id, answer.confidence) == ("answered", "apple.b", 0.98)

    def test_what_hangs_on_the_kind_of_taxpayer_is_asked_as_such(self, tmp_path: Path) -> None:
        kinds = [
            entry(id="apple.a", title="红苹果税额", questions=[f"红苹果税{word}" for word in "甲乙丙丁戊己"],
                  taxpayer_types=["small_scale"]),
            entry(id="apple.b", title="青苹果税额", questions=[f"青苹果税{word}" for word in "甲乙丙丁戊己"],
                  taxpayer_types=["general"]),
        ]  # fmt: skip
        answer = asking(tmp_path, kinds)("苹果税甲")
        assert answer.status == "clarify"
        assert re.match(
            r"答案因纳税人类型而不同，请问您是(小规模纳税人，还是一般纳税人|一般纳税人，还是小规模纳税人)？",
            answer.answer,
        )
        known = asking(tmp_path / "known", kinds)("苹果税甲", taxpayer_type="general")
        assert (known.status, known.entry_id) == ("answered", "apple.b")

    def test_an_empty_library_answers_nothing(self, tmp_path: Path) -> None:
        assert asking(tmp_path, [])("苹果税税率是多少").status == "no_answer"

    @pytest.mark.parametrize("question", ["税" * 5000, "苹果税税率是多少" + "啊" * 4900, "\0\0", "{{ 7*7 }}", "%s%n"])
    def test_odd_texts_are_survived(self, ask: Ask, question: str) -> None:
        assert ask(question).status in {"answered", "clarify", "no_answer"}


class TestDocuments:
    """Questions about a document by its number."""

    def test_a_known_document_gets_its_card_and_what_cites_it(self, ask: Ask) -> None:
        answer = ask("财政部 税务总局公告2026年第10号说什么")
        assert (answer.status, answer.title) == ("answered", "苹果税优惠衔接")
        assert "2026年1月1日起施行" in answer.answer
        assert "有效期至2027年12月31日" in answer.answer
        assert [row.entry_id for row in answer.related] == ["apple.rate"]

    def test_an_ended_document_names_its_successor(self, ask: Ask) -> None:
        answer = ask("财税2020年39号还有效吗")
        assert "执行到2025年12月31日，已不再适用" in answer.answer
        assert "《苹果税法》（主席令第七号）" in answer.answer

    def test_an_unknown_document_is_not_made_up(self, ask: Ask) -> None:
        answer = ask("财税〔2099〕1号说什么")
        assert (answer.status, answer.citations) == ("no_answer", [])
        assert "财税〔2099〕1号" in answer.answer

    def test_a_question_with_a_number_leads_to_what_cites_it(self, ask: Ask) -> None:
        assert ask("公告2026年第10号里苹果税率").entry_id == "apple.rate"


def test_the_empty_question_is_asked_for() -> None:
    from knowledge_base.answer import nothing_asked

    assert nothing_asked(TODAY).answer == EMPTY

"""Probabilities, their file, and how they are fitted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from knowledge_base.evaluation.golden import Golden, read_golden
from knowledge_base.evaluation.metrics import Outcome, by_topic, report
from knowledge_base.evaluation.training import fit_map
from knowledge_base.schemas import Answer, Redirect
from knowledge_base.search.calibration import FEATURES, Features, calibration, load_calibration
from knowledge_base.search.embedding import TURN, BundledEmbedder, turned
from tests.knowledge_base.test_answer import TODAY, plain_calibration


def features(**given: float) -> Features:
    """Features of which only some matter."""
    return Features(**{name: given.get(name, 0.0) for name in FEATURES})


def test_a_better_score_and_a_wider_margin_are_likelier_right() -> None:
    for model in (plain_calibration(), calibration()):
        low = model.probability(features(dense=0.5, lexical=0.3, length=2.4))
        high = model.probability(features(dense=0.9, lexical=0.3, length=2.4))
        clear = model.probability(features(margin=0.1, dense=0.9, lexical=0.3, length=2.4))
        assert 0 <= low < high < clear <= 1


def test_extreme_values_stay_probabilities() -> None:
    assert 0 <= plain_calibration().probability(features(dense=-1e9)) < 1e-6
    assert 1 - 1e-6 < plain_calibration().probability(features(dense=1e9)) <= 1


def test_comes_back_from_its_file(tmp_path: Path) -> None:
    plain_calibration().save(tmp_path / "c.json")
    assert load_calibration(tmp_path / "c.json") == plain_calibration()


def test_a_file_for_other_features_is_refused(tmp_path: Path) -> None:
    plain_calibration().save(tmp_path / "c.json")
    data = json.loads((tmp_path / "c.json").read_text("utf-8"))
    data["features"].append("colour")
    (tmp_path / "c.json").write_text(json.dumps(data), "utf-8")
    with pytest.raises(ValueError, match="hub models train"):
        load_calibration(tmp_path / "c.json")


def test_the_committed_calibration_fits_the_committed_encoder() -> None:
    fitted = calibration()
    assert fitted.model_hash == BundledEmbedder().model_hash, "run `hub models train`"
    assert 0 < fitted.clarify_at <= fitted.answer_at < 1


class TestEncoder:
    """The bundled model with our map."""

    def test_gives_unit_vectors_and_the_same_ones_alone_or_in_company(self) -> None:
        embedder = BundledEmbedder()
        texts = ["首套房契税多少", "滞纳金怎么算", ""]
        together = embedder.encode(texts)
        alone = np.stack([embedder.encode([text])[0] for text in texts])
        assert together.shape == (3, embedder.dimension)
        assert together.dtype == np.float32
        assert np.linalg.norm(together, axis=1) == pytest.approx(1.0, abs=1e-5)
        assert np.abs(together - alone).max() < 1e-6
        assert embedder.encode([]).shape == (0, embedder.dimension)

    def test_puts_paraphrases_closer_than_other_subjects(self) -> None:
        asked, same, other = BundledEmbedder().encode(["滞纳金怎么算", "晚交税一天加收多少", "今天天气怎么样"])
        assert float(asked @ same) > float(asked @ other) + 0.1

    def test_the_hash_names_the_map(self) -> None:
        assert TURN.stat().st_size < 2_000_000
        assert BundledEmbedder().model_hash != BundledEmbedder(turn=None).model_hash


def test_the_map_brings_families_together() -> None:
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((8, 16)).astype(np.float32)
    noise = 0.7 * rng.standard_normal((8, 12, 16)).astype(np.float32)
    noise[:, :, 8:] *= 3  # half of the dimensions say nothing
    centres[:, 8:] = 0
    rows = (centres[:, None, :] + noise).reshape(-1, 16)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    names = [str(number) for number in range(8) for _ in range(12)]
    seen = np.tile(np.arange(12) < 8, 8)
    turn = fit_map(rows[seen], [name for name, use in zip(names, seen, strict=True) if use], rows[:4], steps=200)

    def hits(vectors: np.ndarray) -> float:
        found = (vectors[~seen] @ vectors[seen].T).argmax(axis=1)
        own = np.array(names)
        return float((own[seen][found] == own[~seen]).mean())

    assert hits(turned(rows, turn)) > hits(rows)


def golden(**given: object) -> Golden:
    """A judged question."""
    values = {"accept": frozenset[str](), "outcomes": frozenset[str](), "phones": frozenset[str]()} | given
    return Golden(id="q1", topic="apple", text="?", kind="in_scope", **values)  # type: ignore[arg-type]


def said(status: str, entry: str | None = None, phone: str | None = None) -> Answer:
    """An answer."""
    to = Redirect(agency="气象服务", phone=phone) if phone else None
    return Answer.model_validate(
        {"status": status, "answer": "…", "entry_id": entry, "confidence": 0.5, "valid_on": TODAY, "redirect": to}
    )


class TestMetrics:
    """What counts as right, wrong and honest."""

    @pytest.mark.parametrize(
        ("label", "answer", "right", "wrong"),
        [
            ({"accept": frozenset({"a"})}, said("answered", "a"), True, False),
            ({"accept": frozenset({"a"})}, said("answered", "b"), False, True),
            ({"accept": frozenset({"a"})}, said("no_answer"), False, False),
            ({"outcomes": frozenset({"refused"})}, said("refused", "g"), True, False),
            ({"outcomes": frozenset({"refused"})}, said("answered", "b"), False, True),
            ({"outcomes": frozenset({"no_answer", "clarify"})}, said("clarify"), True, False),
            ({"outcomes": frozenset({"no_answer", "clarify"})}, said("clarify", "b"), False, False),
            ({"accept": frozenset({"a"})}, said("clarify", "a"), True, False),
            ({"accept": frozenset({"a"})}, said("clarify", "b"), False, False),
            (
                {"outcomes": frozenset({"redirect"}), "phones": frozenset({"1"})},
                said("redirect", "g", "1"),
                True,
                False,
            ),
            (
                {"outcomes": frozenset({"redirect"}), "phones": frozenset({"1"})},
                said("redirect", "g", "2"),
                False,
                True,
            ),
        ],
    )
    def test_each_case(self, label: dict[str, object], answer: Answer, right: bool, wrong: bool) -> None:
        row = Outcome(golden(**label), answer, frozenset(), None)
        assert (row.right, row.wrong_with_confidence) == (right, wrong)

    def test_shares_add_up(self) -> None:
        wanted = golden(accept=frozenset({"a"}))
        rows = [
            Outcome(wanted, said("answered", "a"), frozenset(), 0),
            Outcome(wanted, said("answered", "b"), frozenset(), 4),
            Outcome(wanted, said("clarify"), frozenset(), 2),
            Outcome(golden(outcomes=frozenset({"no_answer"})), said("no_answer"), frozenset(), None),
            Outcome(wanted, said("clarify", "a"), frozenset(), 0),
            Outcome(wanted, said("clarify", "b"), frozenset(), 3),
            Outcome(wanted, said("clarify", "b"), frozenset(), 1),
            Outcome(wanted, said("no_answer"), frozenset(), None),
        ]
        figures = report(rows)
        assert (figures.count, figures.accuracy, figures.answered_or_offered) == (8, 0.375, 0.625)
        assert (figures.accuracy_when_sure, figures.shown_and_wrong) == (0.25, 0.25)
        assert (figures.wrong_with_confidence, figures.correct_refusal) == (0.125, 1.0)
        assert (figures.recall_at_1, figures.recall_at_3, figures.recall_at_10) == (0.2857, 0.5714, 0.8571)
        assert by_topic(rows) == {"apple": figures}

    def test_labels_are_read_in_all_their_forms(self, tmp_path: Path) -> None:
        questions, labels = tmp_path / "q.yaml", tmp_path / "l.yaml"
        rows = "".join(f"  - {{id: q{number}, topic: t, text: x, kind: in_scope}}\n" for number in range(4))
        questions.write_text("questions:\n" + rows, "utf-8")
        assert read_golden(questions, labels) == []
        labels.write_text(
            'labels:\n  q0: {accept: [a, b]}\n  q1: {accept: []}\n  q2: {outcome: redirect, phone: ["1", "2"]}\n',
            "utf-8",
        )
        first, second, third = read_golden(questions, labels)
        assert (first.accept, first.outcomes) == ({"a", "b"}, frozenset())
        assert (second.accept, second.outcomes) == (frozenset(), {"no_answer", "clarify"})
        assert (third.outcomes, third.phones) == ({"redirect"}, {"1", "2"})
        labels.write_text("labels: {q9: {accept: [a]}}\n", "utf-8")
        with pytest.raises(ValueError, match="q9"):
            read_golden(questions, labels)

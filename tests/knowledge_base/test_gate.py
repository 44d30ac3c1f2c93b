"""Content is published when its answers are no worse than before, and the editor sees which ones are."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import psycopg
import pytest
from pydantic import TypeAdapter
from typer.testing import CliRunner

from knowledge_base.commands import app
from knowledge_base.evaluation import gate
from knowledge_base.evaluation.golden import Golden
from knowledge_base.evaluation.metrics import Outcome, calibration_curve
from knowledge_base.schemas import Answer, Citation, Status

TODAY = date(2026, 11, 22)


def citation(until: date | None = None) -> Citation:
    return Citation(
        title="法", document_number="主席令第一号", article=None, effective_from=date(2020, 1, 1), effective_to=until,
        authority="law", url=None,
    )  # fmt: skip


def outcome(
    name: str, said: str | None, *, cites: Citation | None = None, status: Status = "answered", sure: float = 0.9
) -> Outcome:
    """What came of a question that the family "right" answers."""
    golden = Golden(name, "vat", f"问题{name}", "in_scope", frozenset({"right"}), frozenset(), frozenset())
    sources = [cites or citation()] if said else []
    answer = Answer(
        status=status, answer="…", entry_id=said, confidence=sure, valid_on=TODAY, citations=sources,
    )  # fmt: skip
    return Outcome(golden, answer, frozenset([said] if said else []), 0)


def run(*said: str | None) -> gate.Run:
    return gate.run_of([outcome(f"q{number}", one) for number, one in enumerate(said)])


def test_the_same_answers_pass() -> None:
    verdict = gate.judge(run("right", "wrong"), run("right", "wrong"))
    assert verdict == gate.Verdict([], [], [], [])


def test_better_answers_pass_and_are_told() -> None:
    verdict = gate.judge(run("right", "right"), run("right", "wrong"))
    assert (verdict.blocked, verdict.better, verdict.changed) == ([], ["q1"], ["q1"])


def test_worse_answers_block_and_are_shown() -> None:
    outcomes = [outcome("q0", "wrong"), outcome("q1", "right")]
    verdict = gate.judge(gate.run_of(outcomes), run("right", "right"))
    assert len(verdict.blocked) == 2
    told = "\n".join(gate.lines(verdict, outcomes))
    assert "变差 q0 问题q0 → [answered] wrong" in told
    assert "不能发布" in told


def test_silence_instead_of_an_error_is_no_reason_to_block() -> None:
    silent = gate.run_of([outcome("q0", None, status="no_answer")])
    assert gate.judge(silent, run("wrong")).blocked == []


def test_a_repealed_source_blocks() -> None:
    now = gate.run_of([outcome("q0", "right", cites=citation(until=date(2025, 12, 31)))])
    assert now.figures.citation_correct == 0
    assert gate.judge(now, None).blocked


def test_a_run_comes_back_from_its_file(tmp_path: Path) -> None:
    run("right", None).save(tmp_path / "here/accepted.json")
    assert TypeAdapter(gate.Run).validate_json((tmp_path / "here/accepted.json").read_bytes()) == run("right", None)


def test_the_curve_sets_confidence_beside_truth() -> None:
    rows = [outcome("a", "right", sure=0.95), outcome("b", "wrong", sure=0.91), outcome("c", "right", sure=0.55)]
    curve = calibration_curve(rows)
    assert [(row.count, row.right) for row in curve] == [(1, 1.0), (2, 0.5)]
    assert curve[1].confidence == pytest.approx(0.93)


def test_publishing_loads_what_is_no_worse_and_nothing_else(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def published() -> int:
        with psycopg.connect(empty_database) as connection:
            row = connection.execute("select count(*) from entry_version").fetchone()
        assert row is not None
        return int(row[0])

    run("right").save(gate.local())
    monkeypatch.setattr(gate, "evaluate", lambda *_: [outcome("q0", "wrong")])
    blocked = CliRunner().invoke(app, ["publish"])
    assert (blocked.exit_code, published()) == (1, 0), blocked.output
    assert "变差 q0" in blocked.output
    monkeypatch.setattr(gate, "evaluate", lambda *_: [outcome("q0", "right"), outcome("q1", "right")])
    passed = CliRunner().invoke(app, ["publish"])
    assert passed.exit_code == 0, passed.output
    assert published() > 1000
    assert gate.accepted() == run("right", "right")
    assert CliRunner().invoke(app, ["evaluate", "--set", "tenth"]).exit_code == 2


def test_both_blind_sets_are_judged_completely() -> None:
    first, second = gate.questions(["first"]), gate.questions(["second"])
    assert len(first) >= 500
    assert len(second) >= 490
    assert not {item.id for item in first} & {item.id for item in second}
    assert {item.kind for item in second} >= {"follow_up", "false_premise", "two_in_one", "dated", "injection"}

"""What may be published: content whose answers to the blind questions are no worse than those of what is published."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from hub.settings import ROOT, get_settings
from knowledge_base.evaluation.golden import Golden, read_golden
from knowledge_base.evaluation.metrics import Outcome, Report, report
from knowledge_base.evaluation.offline import Shelf
from knowledge_base.evaluation.tuning import RawVectors
from knowledge_base.ingest.content import Content
from knowledge_base.search.calibration import FILE, load_calibration
from knowledge_base.search.embedding import TURN

GOLDEN = ROOT / "tests/golden"
SETS = {
    "first": ("questions.yaml", "labels.yaml"),
    "second": ("questions_second.yaml", "labels_second.yaml"),
    "third": ("questions_third.yaml", "labels_third.yaml"),
    "fourth": ("questions_fourth.yaml", "labels_fourth.yaml"),
    "fifth": ("questions_fifth.yaml", "labels_fifth.yaml"),
}
"""The first two fit the calibration; the others are what to expect of strangers (docs/decisions/0006)."""

JUDGED_ON = date(2026, 11, 22)
"""The day as of which the labels are true; the questions are asked on this day for ever."""

COMMITTED = GOLDEN / "accepted.json"


@dataclass(frozen=True, slots=True)
class Said:
    """What was said to a question, and whether that was right."""

    status: str
    entry_id: str | None
    right: bool


@dataclass(frozen=True, slots=True)
class Run:
    """The figures of one evaluation, and every answer by the question's id."""

    figures: Report
    said: dict[str, Said]

    def save(self, path: Path) -> None:
        """Keep it as what the next run is compared with."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # a line a question, so that two runs can be compared by eye
        said = ",\n".join(f"{json.dumps(name)}: {json.dumps(asdict(one))}" for name, one in self.said.items())
        path.write_text(f'{{"figures": {json.dumps(asdict(self.figures))},\n"said": {{\n{said}\n}}}}\n', "utf-8")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why content must not be published, if so, and what changed against the accepted run."""

    blocked: list[str]
    worse: list[str]
    better: list[str]
    changed: list[str]


def accepted() -> Run | None:
    """The last run that was published here, else the one that came with the product."""
    for path in (local(), COMMITTED):
        if path.exists():
            return TypeAdapter(Run).validate_json(path.read_bytes())
    return None


def local() -> Path:
    """Where this installation keeps its accepted run."""
    return get_settings().var_dir / "knowledge/accepted.json"


def questions(names: Iterable[str] = tuple(SETS)) -> list[Golden]:
    """The judged questions of some sets."""
    return [item for name in names for item in read_golden(*(GOLDEN / file for file in SETS[name]))]


def evaluate(content: Content, golden: Sequence[Golden], models: Path | None = None) -> list[Outcome]:
    """Ask every question of the files as if they were published; with the models of a folder where one is given."""
    raw = RawVectors()
    turn = np.load(models / TURN.name, allow_pickle=False).astype(np.float32) if models else None
    shelf = Shelf(content, raw, JUDGED_ON, turn, load_calibration(models / FILE.name) if models else None)
    outcomes = [shelf.judge(item) for item in golden]
    raw.save()
    return outcomes


def run_of(outcomes: Sequence[Outcome]) -> Run:
    """What is kept of an evaluation."""
    said = {row.golden.id: Said(row.answer.status, row.answer.entry_id, row.right) for row in outcomes}
    return Run(report(outcomes), said)


def judge(now: Run, before: Run | None) -> Verdict:
    """Compare a run with the accepted one, on the questions that both were asked."""
    blocked = []
    if now.figures.citation_correct is not None and now.figures.citation_correct < 1:
        blocked.append(f"引用不正确的答复占{1 - now.figures.citation_correct:.2%}")
    if before is None:
        return Verdict(blocked, [], [], [])
    both = [name for name in now.said if name in before.said]
    worse = [name for name in both if before.said[name].right and not now.said[name].right]
    better = [name for name in both if now.said[name].right and not before.said[name].right]
    changed = [name for name in both if now.said[name].entry_id != before.said[name].entry_id]
    if len(worse) > len(better):
        blocked.append(f"原来答对、现在答错的有{len(worse)}题，反过来只有{len(better)}题")
    if now.figures.wrong_with_confidence > before.figures.wrong_with_confidence:
        was, is_now = before.figures.wrong_with_confidence, now.figures.wrong_with_confidence
        blocked.append(f"有把握地答错的比例由{was:.2%}升到{is_now:.2%}")
    return Verdict(blocked, worse, better, changed)


def lines(verdict: Verdict, outcomes: Sequence[Outcome]) -> list[str]:
    """The verdict in words, with every question that got worse."""
    by_id: dict[str, Any] = {row.golden.id: row for row in outcomes}
    told = [
        f"与上次相比：变好 {len(verdict.better)} 题，变差 {len(verdict.worse)} 题，换了答复 {len(verdict.changed)} 题。"
    ]
    for name in verdict.worse:
        row = by_id[name]
        told.append(f"  变差 {name} {row.golden.text} → [{row.answer.status}] {row.answer.entry_id or '—'}")
    return told + [f"不能发布：{reason}。" for reason in verdict.blocked]

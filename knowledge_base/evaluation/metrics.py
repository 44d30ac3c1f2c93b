"""What counts: right answers, answers that are wrong and sound sure, refusals where nothing can be answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from knowledge_base.evaluation.golden import Golden
from knowledge_base.schemas import Answer

# a wrong refusal or a wrong phone number misleads as much as a wrong answer; "I do not know" and a question back do not
SURE = frozenset({"answered", "refused", "redirect"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question, what was said, the families of the answer, and at which rank the search found what was expected."""

    golden: Golden
    answer: Answer
    families: frozenset[str]
    rank: int | None

    @property
    def right(self) -> bool:
        """What should be said was said."""
        return self.golden.right(self.answer, self.families)

    @property
    def citations_hold(self) -> bool:
        """The answer names its sources, and each was in force on the day whose law it states."""
        day, sources = self.answer.valid_on, self.answer.citations
        return bool(sources) and all(
            one.effective_from <= day and (one.effective_to is None or day <= one.effective_to) for one in sources
        )

    @property
    def wrong_with_confidence(self) -> bool:
        """Something was said as if it were the answer, and it is not."""
        return self.answer.status in SURE and not self.right

    @property
    def offered(self) -> bool:
        """The question back holds what was expected among its options."""
        return self.answer.status == "clarify" and self.rank is not None and self.rank < 3


@dataclass(frozen=True, slots=True)
class Report:
    """Shares between 0 and 1; `count` says of how many questions.

    `accuracy` counts right texts that were shown with a question back, `accuracy_when_sure` does not; the others that
    were shown are `shown_and_wrong`.
    """

    count: int
    accuracy: float
    accuracy_when_sure: float
    shown_and_wrong: float
    answered_or_offered: float
    wrong_with_confidence: float
    correct_refusal: float | None
    recall_at_1: float | None
    recall_at_3: float | None
    recall_at_10: float | None
    citation_correct: float | None


def _share(values: Iterable[bool]) -> float | None:
    rows = list(values)
    return round(sum(rows) / len(rows), 4) if rows else None


def report(outcomes: Iterable[Outcome]) -> Report:
    """The figures of some questions."""
    rows = list(outcomes)
    known = [row for row in rows if row.golden.accept]
    unknown = [row for row in rows if not row.golden.accept and not row.golden.halves]
    return Report(
        count=len(rows),
        accuracy=_share(row.right for row in rows) or 0.0,
        accuracy_when_sure=_share(row.right and not row.answer.shown for row in rows) or 0.0,
        shown_and_wrong=_share(row.answer.shown and not row.right for row in rows) or 0.0,
        answered_or_offered=_share(row.right or row.offered for row in rows) or 0.0,
        wrong_with_confidence=_share(row.wrong_with_confidence for row in rows) or 0.0,
        correct_refusal=_share(row.right for row in unknown),
        recall_at_1=_share(row.rank == 0 for row in known),
        recall_at_3=_share(row.rank is not None and row.rank < 3 for row in known),
        recall_at_10=_share(row.rank is not None and row.rank < 10 for row in known),
        citation_correct=_share(
            row.citations_hold for row in rows if row.answer.status == "answered" or row.answer.shown
        ),
    )


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about the same confidence: how sure they sounded, and how many of them were right."""

    count: int
    confidence: float
    right: float


def calibration_curve(outcomes: Iterable[Outcome], bins: int = 10) -> list[Bin]:
    """Given answers by confidence, in steps of 1/`bins`; steps without answers are left out."""
    groups: dict[int, list[Outcome]] = defaultdict(list)
    for row in outcomes:
        if row.answer.status == "answered":
            groups[min(int(row.answer.confidence * bins), bins - 1)].append(row)
    return [
        Bin(
            len(rows),
            round(sum(row.answer.confidence for row in rows) / len(rows), 4),
            round(sum(row.right for row in rows) / len(rows), 4),
        )
        for _, rows in sorted(groups.items())
    ]


def by_topic(outcomes: Iterable[Outcome]) -> dict[str, Report]:
    """The figures of each topic."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for row in outcomes:
        groups[row.golden.topic].append(row)
    return {topic: report(rows) for topic, rows in sorted(groups.items())}

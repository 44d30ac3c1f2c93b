"""Questions that a blind writer asked, and what answers them: `tests/golden/questions*.yaml` and `labels*.yaml`.

A label says which families or entries answer a question (`accept`; for two questions in one, a list for each in
`accept_all`), and which outcomes are right without one or beside one (`outcome`, with the `phone` of a redirect). An
empty `accept` alone: nothing answers it, so we must not pretend.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from knowledge_base.schemas import Answer, AskRequest
from knowledge_base.two_questions import entries_of
from knowledge_base.yaml_files import read_yaml

HONEST = frozenset({"no_answer", "clarify"})
NOT_OURS = frozenset({"out_of_scope", "other_agency", "evasion", "others_data", "injection"})


@dataclass(frozen=True, slots=True)
class Golden:
    """One judged question; `as_of` is the day it is asked about, `context` what the person asked before."""

    id: str
    topic: str
    text: str
    kind: str
    accept: frozenset[str]
    outcomes: frozenset[str]
    phones: frozenset[str]
    halves: tuple[frozenset[str], ...] = ()
    as_of: date | None = None
    context: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        """Whether the tax administration answers such questions at all."""
        return self.kind not in NOT_OURS

    def request(self) -> AskRequest:
        """The question as a caller puts it."""
        return AskRequest(question=self.text, as_of=self.as_of, context=list(self.context))

    def right(self, answer: Answer, families: frozenset[str]) -> bool:
        """Whether this is what should have been said; `families` are those of the texts that were given."""
        given = {*entries_of(answer), *families}
        if given & self.accept or (self.halves and all(given & half for half in self.halves)):
            return True
        # a text that is shown with a question back is no answer to what nothing answers
        said = "answered" if answer.shown else answer.status
        if said not in self.outcomes:
            return False
        phone = answer.redirect.phone if answer.redirect else None
        return answer.status != "redirect" or not self.phones or phone in self.phones


def read_golden(questions: Path, labels: Path) -> list[Golden]:
    """All judged questions; those that nobody has judged yet are left out.

    Raises `ValueError` when a label belongs to no question.
    """
    rows = {row["id"]: row for row in read_yaml(questions)["questions"]}
    judged: dict[str, dict[str, Any]] = (read_yaml(labels) or {"labels": {}})["labels"] if labels.exists() else {}
    if unknown := set(judged) - set(rows):
        raise ValueError(f"{labels.name}: no such questions: {', '.join(sorted(unknown))}")
    return [_golden(rows[key], label) for key, label in judged.items()]


def _golden(row: dict[str, Any], label: dict[str, Any]) -> Golden:
    halves = tuple(frozenset(half) for half in label.get("accept_all") or ())
    accept = frozenset(label.get("accept") or ())
    outcomes = _set(label.get("outcome"))
    return Golden(
        id=row["id"], topic=row["topic"], text=row["text"], kind=row["kind"], accept=accept, halves=halves,
        outcomes=outcomes or (frozenset() if accept or halves else HONEST), phones=_set(label.get("phone")),
        as_of=row.get("as_of"), context=tuple(row.get("context") or ()),
    )  # fmt: skip


def _set(value: str | list[str] | None) -> frozenset[str]:
    """One or several, or none."""
    return frozenset([value] if isinstance(value, str) else value or ())

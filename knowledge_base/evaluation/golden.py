"""Questions that a blind writer asked, and what answers them: `tests/golden/questions.yaml` and `labels.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from knowledge_base.yaml_files import read_yaml

IN_SCOPE = "in_scope"


@dataclass(frozen=True, slots=True)
class Golden:
    """One question; `expected` holds the entries or families that answer it, None where nothing should be answered.

    `labelled` is False where nobody has judged the question yet; only its kind is then known.
    """

    id: str
    topic: str
    text: str
    kind: str
    labelled: bool
    expected: frozenset[str] | None
    phone: str | None


def read_golden(questions: Path, labels: Path) -> list[Golden]:
    """All questions with what is known about them.

    Raises `ValueError` when a label belongs to no question.
    """
    rows = read_yaml(questions)["questions"]
    judged = _labels(labels)
    unknown = set(judged) - {row["id"] for row in rows}
    if unknown:
        raise ValueError(f"{labels.name}: no such questions: {', '.join(sorted(unknown))}")
    return [
        Golden(
            row["id"], row["topic"], row["text"], row["kind"],
            labelled=row["id"] in judged or row["kind"] != IN_SCOPE,
            expected=judged.get(row["id"]),
            phone=row.get("agency_phone"),
        )
        for row in rows
    ]  # fmt: skip


def _labels(path: Path) -> dict[str, frozenset[str] | None]:
    """What answers each question; `none`, an empty list and null all say that nothing does."""
    rows = (read_yaml(path) or {}) if path.exists() else {}
    rows = rows.get("labels", rows)
    return {key: frozenset(found) if isinstance(found, list) and found else None for key, found in rows.items()}

"""The scripts themselves: readable, unique, and something of every behaviour."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.conversations.script import load, paths

BEHAVIOURS = {
    "followup",
    "happy_path", "all_at_once", "correction", "cancellation", "digression", "invalid_input", "handoff", "resume",
    "smalltalk", "odd_texts",
}  # fmt: skip


@pytest.mark.parametrize("path", paths(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_script_expects_something(path: Path) -> None:
    script = load(path)
    assert any(step.expect.contains or step.expect.any_of or step.expect.status != 200 for step in script.steps)


def test_every_behaviour_has_scripts() -> None:
    assert {path.parent.name for path in paths()} == BEHAVIOURS


def test_titles_are_unique() -> None:
    assert [title for title, count in Counter(load(path).title for path in paths()).items() if count > 1] == []

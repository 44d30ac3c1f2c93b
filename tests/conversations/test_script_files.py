"""The scripts themselves: readable, unique, and something of every behaviour."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from hub.skills import Skill
from services.registry import SKILLS
from tests.conversations.script import load, paths

BEHAVIOURS = {
    "followup",
    "happy_path", "all_at_once", "correction", "cancellation", "digression", "invalid_input", "handoff", "resume",
    "smalltalk", "odd_texts",
}  # fmt: skip

OF_EVERY_SKILL = {"happy_path", "digression", "handoff", "resume"}
OF_A_FORM = OF_EVERY_SKILL | {"all_at_once", "correction", "cancellation", "invalid_input"}


def behaviours_of(skill: Skill) -> set[str]:
    """The behaviours that scripts show of a skill."""
    names = sorted((one.name for one in SKILLS), key=len, reverse=True)
    found = set()
    for path in paths():
        named = next((name for name in names if path.stem == name or path.stem.startswith(f"{name}_")), None)
        if skill.name == named or skill.name in load(path).shows:
            found.add(path.parent.name)
    return found


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_every_skill_is_talked_through_in_every_way(skill: Skill) -> None:
    """What has nothing to fill in cannot be filled in wrongly, said at once, corrected or given up half-way."""
    assert (OF_A_FORM if skill.form.model_fields else OF_EVERY_SKILL) - behaviours_of(skill) == set()


def test_scripts_show_skills_that_exist() -> None:
    assert {name for path in paths() for name in load(path).shows} <= {skill.name for skill in SKILLS}


@pytest.mark.parametrize("path", paths(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_script_expects_something(path: Path) -> None:
    script = load(path)
    assert any(step.expect.contains or step.expect.any_of or step.expect.status != 200 for step in script.steps)


def test_every_behaviour_has_scripts() -> None:
    assert {path.parent.name for path in paths()} == BEHAVIOURS


def test_titles_are_unique() -> None:
    assert [title for title, count in Counter(load(path).title for path in paths()).items() if count > 1] == []

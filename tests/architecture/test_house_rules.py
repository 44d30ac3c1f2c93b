"""House rules that no linter knows."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc"}
ROOMS = ("hub", "bot", "services", "knowledge_base", "actions", "channels")


@pytest.fixture(scope="module")
def tracked(root: Path) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [root / line for line in listed.stdout.splitlines() if (root / line).is_file()]


def test_no_file_is_a_drawer(tracked: list[Path], root: Path) -> None:
    drawers = [path for path in tracked if FORBIDDEN_NAMES & {path.stem, *path.relative_to(root).parts}]
    assert drawers == []


def test_every_module_says_what_lives_in_it(tracked: list[Path], root: Path) -> None:
    silent = [
        str(path.relative_to(root))
        for path in tracked
        if path.suffix == ".py"
        and path.relative_to(root).parts[0] in ROOMS
        and not path.read_text("utf-8").lstrip().startswith('"""')
    ]
    assert silent == []


def test_locks_name_no_host(root: Path) -> None:
    for lock in (root / "requirements").glob("*.txt"):
        text = lock.read_text("utf-8")
        assert "://" not in re.sub(r"#.*", "", text)
        assert "--hash=sha256:" in text


def test_no_machine_path_is_committed(tracked: list[Path]) -> None:
    pattern = re.compile(r"(?<![\w.])/(work|root|home/\w+)/(main|shared|\.|project)")
    found = [
        str(path)
        for path in tracked
        if path.suffix in {".py", ".md", ".yaml", ".yml", ".toml", ".in", ".txt", ".js"}
        and path.name != "test_house_rules.py"
        and pattern.search(path.read_text("utf-8", errors="replace"))
    ]
    assert found == []


def test_our_packages_are_the_ones_imported(root: Path) -> None:
    import importlib

    for room in ROOMS:
        module = importlib.import_module(room)
        assert module.__file__ is not None
        assert Path(module.__file__).is_relative_to(root)

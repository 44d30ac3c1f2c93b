"""`hub new …` in a copy of the repository: what it writes passes the checks of the house, or nothing is written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from hub.kit.errors import HubError
from hub.scaffold import commands, lists
from hub.scaffold.errors import CannotAdd
from hub.scaffold.service import draft_service
from hub.scaffold.tax import cases
from hub.scaffold.writing import write
from services.registry import SKILLS
from services.taxes.registry import CALCULATORS

SERVICE, SERVICE_TITLE = "window_visits_for_elders", "上门办税预约服务登记受理"  # as long as they may be
TAX, TAX_TITLE = "levy_on_leaves_and_seeds", "试验用叶片和种子附加费用"
RATE = ("--rate", "0.2", "--document", "tobacco-leaf-tax-law", "--from", "2018-07-01", "--article", "第四条")
LEFT_OUT = {".venv", "var", "models", "__pycache__", ".ruff_cache", ".pytest_cache", ".import_linter_cache",
            ".hypothesis"}  # fmt: skip

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Grown:
    """The copy in which things were added, and what each command changed there."""

    root: Path
    by_service: frozenset[str]
    by_tax: frozenset[str]

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Our Python in the copy, with none of this test's settings."""
        return ours(self.root, *arguments)


def ours(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Our Python there."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HUB_", "PYTEST_"))}
    return subprocess.run([sys.executable, *arguments], cwd=root, env=clean, capture_output=True, text=True)


def files(root: Path) -> Files:
    """What stands in the copy."""
    found: dict[str, bytes] = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [one for one in folders if one not in LEFT_OUT]
        paths = [Path(folder, name) for name in names]
        found |= {str(path.relative_to(root)): path.read_bytes() for path in paths if not path.is_symlink()}
    return found


def differing(before: Files, after: Files) -> frozenset[str]:
    """Files that are new, gone or another."""
    return frozenset(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def promised(recipe: Path, name: str) -> list[str]:
    """The files of a recipe's tables."""
    found = re.findall(r"^\| `([^`]+)` \|", recipe.read_text("utf-8"), re.MULTILINE)
    return [path.replace("<name>", name) for path in found]


@pytest.fixture(scope="module")
def copy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of this repository, whether committed or not."""
    made = tmp_path_factory.mktemp("copy")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if Path(name).parts[0] not in LEFT_OUT and (root / name).is_file():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, made / name)
    (made / ".venv").symlink_to(root / ".venv")
    return made


def add(root: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """`hub new …` in this process, in the copy.

    Raises what it raises.
    """
    monkeypatch.setattr(commands, "ROOT", root)
    done = CliRunner().invoke(commands.app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def grown(copy: Path) -> Grown:
    """The copy with a new service and a new tax."""
    first = files(copy)
    added = ours(copy, "-m", "hub.cli", "new", "service", SERVICE, "--title", SERVICE_TITLE, "--plan-action", "6")
    assert added.returncode == 0, added.stderr
    second = files(copy)
    with pytest.MonkeyPatch.context() as patch:
        add(copy, patch, "tax", TAX, "--title", TAX_TITLE, *RATE)
    return Grown(copy, differing(first, second), differing(second, files(copy)))


def test_a_service_takes_the_files_of_its_recipe(grown: Grown) -> None:
    recipe = grown.root / "docs/developers/new-service.md"
    [revision] = re.findall(r"versions/(\d{4})_", " ".join(grown.by_service))
    wanted = [path.replace("<revision>", revision) for path in promised(recipe, SERVICE)]
    assert grown.by_service == set(wanted)
    assert f"It takes {len(wanted)} files." in recipe.read_text("utf-8")


def test_a_tax_takes_the_files_of_its_recipe(grown: Grown) -> None:
    recipe = grown.root / "docs/developers/new-tax.md"
    wanted = promised(recipe, TAX)
    assert grown.by_tax == set(wanted)
    assert f"It takes {len(wanted)} files." in recipe.read_text("utf-8")


@pytest.mark.parametrize("check", [("check",), ("format", "--check")], ids=["lint", "format"])
def test_what_was_written_is_in_the_style_of_the_house(grown: Grown, check: tuple[str, ...]) -> None:
    written = [path for path in (*grown.by_service, *grown.by_tax) if path.endswith(".py")]
    done = grown.python("-m", "ruff", *check, *written)
    assert done.returncode == 0, done.stdout


def test_the_import_rule_holds(grown: Grown) -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=grown.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert f"services.{SERVICE}.service" in (grown.root / ".importlinter").read_text("utf-8")


def test_the_dialogue_is_in_step(grown: Grown) -> None:
    done = grown.python("-m", "hub.cli", "dialogue", "check")
    assert done.returncode == 0, done.stderr


@pytest.mark.soak
def test_its_own_tests_pass(grown: Grown) -> None:
    tests = (f"tests/services/{SERVICE}", "tests/services/taxes", "tests/test_migrations.py")
    chosen = f"{SERVICE} or {TAX} or test_migrations"
    done = grown.python("-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, "-k", chosen)
    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 30
    assert "skipped" not in done.stdout


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("invoices", "新的服务"), ("gateways", "新的服务"), ("registry", "新的服务"), ("payments", "新的服务"),
        ("affirm", "新的服务"), ("sign_in", "新的服务"), ("returns", "申报记录"), ("letters", SKILLS[0].title),
        ("Letters", "新的服务"), ("le-tters", "新的服务"), ("../letters", "新的服务"), ("a", "新的服务"),
        ("l" * 25, "新的服务"), ("email", "新的服务"), ("import", "新的服务"), ("utils", "新的服务"),
        ("my_letters", "新的服务"), ("letters", "Letters"), ("letters", "新"), ("letters", "新的“服务”"),
    ],
)  # fmt: skip
def test_a_service_that_cannot_be_is_refused_and_nothing_changes(
    grown: Grown, monkeypatch: pytest.MonkeyPatch, name: str, title: str
) -> None:
    before = files(grown.root)
    with pytest.raises(CannotAdd) as refused:
        add(grown.root, monkeypatch, "service", name, "--title", title, "--plan-action", "6")
    assert isinstance(refused.value, HubError)
    assert name in refused.value.user_message or title in refused.value.user_message
    assert files(grown.root) == before


@pytest.mark.parametrize(
    ("name", "title", "changes"),
    [
        ("deed", "新的税", {}), ("calendar", "新的税", {}), ("worksheet", "新的税", {}),
        ("leaf", CALCULATORS[0].title, {}),
        ("leaf", "新的税", {"--rate": "3%"}), ("leaf", "新的税", {"--rate": "0"}), ("leaf", "新的税", {"--rate": "1"}),
        ("leaf", "新的税", {"--rate": "NaN"}), ("leaf", "新的税", {"--rate": "0.0000001"}),
        ("leaf", "新的税", {"--document": "no-such-document"}), ("leaf", "新的税", {"--from": "2018-06-30"}),
        ("leaf", "新的税", {"--article": "Article 4"}),
    ],
)  # fmt: skip
def test_a_tax_that_cannot_be_is_refused_and_nothing_changes(
    grown: Grown, monkeypatch: pytest.MonkeyPatch, name: str, title: str, changes: dict[str, str]
) -> None:
    before = files(grown.root)
    options = dict(zip(RATE[::2], RATE[1::2], strict=True)) | changes
    with pytest.raises(CannotAdd):
        add(
            grown.root, monkeypatch, "tax", name, "--title", title, *(part for pair in options.items() for part in pair)
        )
    assert files(grown.root) == before


def test_the_same_again_is_refused(grown: Grown, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(grown.root)
    with pytest.raises(CannotAdd, match="已经有了"):
        add(grown.root, monkeypatch, "service", SERVICE, "--title", "另一个标题", "--plan-action", "6")
    with pytest.raises(CannotAdd, match="已经有了"):
        add(grown.root, monkeypatch, "tax", TAX, "--title", "另一个标题", *RATE)
    assert files(grown.root) == before


def test_what_does_not_run_is_taken_back(grown: Grown) -> None:
    before = files(grown.root)
    draft = draft_service(grown.root, "letters", "往来信函", 6)
    catalogue = "bot/dialogue/domain/generated/_catalogue.yml"
    half = (
        f"open({catalogue!r}, 'a').write('half'); open('training_data/generated/letters.yml', 'w'); raise SystemExit(3)"
    )
    with pytest.raises(CannotAdd):
        write(draft, "-c", half)
    assert files(grown.root) == before
    assert not (grown.root / "services/letters").exists()


def test_what_changed_meanwhile_is_not_overwritten(grown: Grown) -> None:
    before = files(grown.root)
    draft = draft_service(grown.root, "letters", "往来信函", 6)
    rules = grown.root / ".importlinter"
    rules.write_bytes(before[".importlinter"] + b"# somebody was here\n")
    try:
        with pytest.raises(CannotAdd):
            write(draft, "-c", "")
        assert differing(before, files(grown.root)) == {".importlinter"}
        assert rules.read_text("utf-8").endswith("# somebody was here\n")
    finally:
        rules.write_bytes(before[".importlinter"])


def test_a_file_that_came_meanwhile_is_left_alone(grown: Grown) -> None:
    before = files(grown.root)
    draft = draft_service(grown.root, "letters", "往来信函", 6)
    there = grown.root / "training_data/nlu/letters.yml"
    there.write_text("mine", encoding="utf-8")
    try:
        with pytest.raises(CannotAdd):
            write(draft, "-c", "")
        assert there.read_text("utf-8") == "mine"
    finally:
        there.unlink()
    assert files(grown.root) == before


def test_lists_that_look_otherwise_are_not_guessed_at() -> None:
    with pytest.raises(CannotAdd):
        lists.with_items("SKILLS = [A]\n", "SKILLS", "B", "registry.py")
    with pytest.raises(CannotAdd):
        lists.with_table_owner("OWNERS = []\n", "services.b.models", "tables.py")
    with pytest.raises(CannotAdd):
        lists.with_erasure("pass\n", "await b()", "worker.py")
    with pytest.raises(CannotAdd):
        lists.with_service_rules("[importlinter]\n", "b", ".importlinter")
    with pytest.raises(CannotAdd):
        lists.with_import("import os\n", "import b", "registry.py")


def test_examples_are_enough_and_none_has_two_meanings(grown: Grown) -> None:
    meanings: dict[str, str] = {}
    for intent in (SERVICE, f"my_{SERVICE}"):
        content = yaml.safe_load((grown.root / f"training_data/nlu/{intent}.yml").read_text("utf-8"))
        lines = content["nlu"][0]["examples"].splitlines()
        assert len(set(lines)) == len(lines) >= 15
        for line in lines:
            assert meanings.setdefault(line, intent) == intent


@pytest.mark.parametrize("rate", ["0.000001", "0.03", "0.5", "0.999999"])
def test_the_cases_of_any_rate_are_enough_and_different(rate: str) -> None:
    found = list(cases(Decimal(rate), date(2026, 1, 1)))
    assert len({case.name for case in found}) == len(found) >= 10
    smallest = next(case for case in found if "smallest" in case.name)
    assert smallest.payable == Decimal("0.01")
    assert all(case.error or case.payable is not None for case in found)

"""The first step on a bare machine, on the oldest Python it promises to run on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hub.bootstrap import machine


def test_it_imports_nothing_but_the_standard_library(root: Path) -> None:
    program = (
        "import sys; before = set(sys.modules); import hub.bootstrap.machine; "
        "new = {name.split('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(new - set(sys.stdlib_module_names) - {'hub'}))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(root)!r}); {program}"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_an_old_interpreter_understands_it(root: Path) -> None:
    import ast

    ast.parse((root / "hub/bootstrap/machine.py").read_text("utf-8"), feature_version=(3, 8))


def test_what_is_missing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        machine.give_up("找不到 Python 3.10。", "请安装它。")
    assert "错误：找不到 Python 3.10。\n解决：请安装它。" in capsys.readouterr().out


def test_versions_are_told_apart() -> None:
    assert machine.version_of(sys.executable) == sys.version_info[:2]
    assert machine.version_of("/nonexistent/python") is None
    assert machine.find_python([(2, 0)]) is None

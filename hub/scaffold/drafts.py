"""What is going to be written: new files from templates, old ones with a line more, Python as the formatter has it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hub.scaffold.errors import CannotAdd

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(slots=True)
class Draft:
    """Texts by path below the root; `read` holds what the files to change said when they were read."""

    root: Path
    added: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    read: dict[str, str] = field(default_factory=dict)

    def add(self, path: str, template: str, values: Mapping[str, Any]) -> None:
        """A new file.

        Raises `CannotAdd` when something is in its place.
        """
        if (self.root / path).exists():
            raise CannotAdd(f"{path} 已经存在，什么都没有改动。请换一个名称。")
        text = _templates().get_template(template).render(values)
        self.added[path] = tidy(self.root, path, text)

    def change(self, path: str, *edits: Callable[[str, str], str]) -> None:
        """An old file; each edit takes its text and its path.

        Raises `CannotAdd` when there is no such file, and what the edits raise.
        """
        try:
            text = self.read[path] = (self.root / path).read_text(encoding="utf-8")
        except OSError:
            raise CannotAdd(f"{path} 不存在，什么都没有改动。请在完整的源代码中运行。") from None
        for edit in edits:
            text = edit(text, path)
        self.changed[path] = tidy(self.root, path, text)


@lru_cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 -- Python and YAML, whose values are checked names and titles
    )


def tidy(root: Path, path: str, text: str) -> str:
    """Python with sorted imports and as the formatter has it, whatever the lengths of names; other text as it is.

    Raises `CannotAdd` when the tools of developers are not there.
    """
    if not path.endswith(".py") or not text:
        return text
    # what is not yet written is ours, too
    ours = ["--config", "lint.isort.known-first-party = ['hub', 'services']"]
    sort = ["check", "--select", "I", "--fix", "--quiet", *ours]
    for arguments in (sort, ["format", "--quiet"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", path, "-"],
            cwd=root, input=text, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise CannotAdd(
                f"整理 {path} 时 ruff 没有成功，什么都没有改动。请先运行 make check 装好开发工具。\n{done.stderr}"
            )
        text = done.stdout
    return text

"""Writing a draft: all of it, or nothing; what a failed check leaves behind is taken away again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.scaffold.drafts import Draft
from hub.scaffold.errors import CannotAdd

GENERATED = ("bot/dialogue/domain/generated", "training_data/generated")


@dataclass(frozen=True, slots=True)
class Written:
    """Paths below the root."""

    added: Sequence[str]
    changed: Sequence[str]
    generated: Sequence[str]


def write(draft: Draft, *last_step: str) -> Written:
    """Write a draft, then run our Python with these arguments in the root: it imports what is new, and may generate.

    Raises `CannotAdd` when a file changed meanwhile or the last step fails; everything is then as it was before.
    """
    before = _generated(draft.root)
    made: list[Path] = []
    try:
        for path, text in draft.added.items():
            _make_folder((draft.root / path).parent, made)
            with (draft.root / path).open("x", encoding="utf-8") as stream:
                made.append(draft.root / path)
                stream.write(text)
        for path, text in draft.changed.items():
            if (draft.root / path).read_text(encoding="utf-8") != draft.read[path]:
                raise CannotAdd(f"{path} 刚刚被别人改动，什么都没有写入，请再运行一次。")
            _replace(draft.root / path, text.encode())
        done = subprocess.run([sys.executable, *last_step], cwd=draft.root, capture_output=True, text=True)
        if done.returncode:
            raise CannotAdd(f"写好的文件没有通过检查，已全部撤回：\n{done.stderr.strip()[-2000:]}")
    except FileExistsError as error:
        _undo(draft, made, before)
        raise CannotAdd(f"{error.filename} 已经存在，什么都没有改动。请换一个名称。") from None
    except BaseException:
        _undo(draft, made, before)
        raise
    after = _generated(draft.root)
    new = sorted(str(path.relative_to(draft.root)) for path, content in after.items() if before.get(path) != content)
    return Written(list(draft.added), list(draft.changed), new)


def _undo(draft: Draft, made: Sequence[Path], before: dict[Path, bytes]) -> None:
    """Take away what was made, and put back what was there."""
    for path, text in draft.changed.items():
        if (draft.root / path).read_text(encoding="utf-8") == text:
            _replace(draft.root / path, draft.read[path].encode())
    for one in reversed(made):
        if one.is_dir():
            shutil.rmtree(one)  # ours alone: it was not there before, and holds compiled modules by now
        else:
            one.unlink(missing_ok=True)
    for file, content in _generated(draft.root).items():
        if file not in before:
            file.unlink()
        elif before[file] != content:
            _replace(file, before[file])


def _make_folder(folder: Path, made: list[Path]) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent, made)
        folder.mkdir()
        made.append(folder)


def _replace(path: Path, content: bytes) -> None:
    """Nobody ever sees half a file."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    shutil.copymode(path, fresh)
    os.replace(fresh, path)


def _generated(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for folder in GENERATED for path in (root / folder).glob("*.yml")}

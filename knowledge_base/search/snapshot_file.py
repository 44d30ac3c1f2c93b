"""The last good snapshot on disk, so that a restart answers while PostgreSQL is slow or away."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import structlog
from pydantic import ValidationError

from hub.settings import get_settings
from knowledge_base.schemas import Library
from knowledge_base.search.embedding import Vectors

KEPT = 2
log = structlog.get_logger(__name__)


def _folder() -> Path:
    return get_settings().models_dir / "index"


def save(key: str, model_hash: str, library: Library, vectors: Vectors) -> None:
    """Write a snapshot beside the older ones, then point to it; a crash leaves the older pointer whole."""
    target, draft = _folder() / key, _folder() / f".{key}.{os.getpid()}"
    if not target.exists():
        draft.mkdir(parents=True, exist_ok=True)
        (draft / "library.json").write_text(library.model_dump_json(by_alias=True), "utf-8")
        (draft / "model").write_text(model_hash, "utf-8")
        np.save(draft / "vectors.npy", vectors)
        try:
            draft.rename(target)
        except OSError:  # another process wrote the same snapshot first
            shutil.rmtree(draft, ignore_errors=True)
    os.utime(target)
    pointer = _folder() / f".current.{os.getpid()}"
    pointer.write_text(key, "utf-8")
    pointer.replace(_folder() / "current")
    _tidy(key)


def _tidy(current: str) -> None:
    """Keep the newest few; a process that still serves an older one has it in memory."""
    folders = [path for path in _folder().iterdir() if path.is_dir() and path.name != current]
    for path in sorted(folders, key=lambda path: -path.stat().st_mtime)[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def load(model_hash: str) -> tuple[str, Library, Vectors] | None:
    """Key, library and vectors of the last snapshot; None when there is none or another model made it."""
    try:
        folder = _folder() / (_folder() / "current").read_text("utf-8").strip()
        if (folder / "model").read_text("utf-8") != model_hash:
            return None
        library = Library.model_validate_json((folder / "library.json").read_bytes())
        return folder.name, library, np.load(folder / "vectors.npy", allow_pickle=False)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ValidationError) as error:
        log.warning("snapshot_unreadable", error=str(error))
        return None

"""The last good snapshot on disk, so that a restart answers while PostgreSQL is slow or away."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog
from pydantic import ValidationError

from hub.settings import get_settings
from knowledge_base.parameters.loader import Parameters
from knowledge_base.schemas import Library
from knowledge_base.search.embedding import Vectors
from knowledge_base.search.prepared import Prepared, recipe
from knowledge_base.search.texts import Indexed, index_texts

KEPT = 2
log = structlog.get_logger(__name__)


def _folder() -> Path:
    return get_settings().models_dir / "index"


@dataclass(frozen=True, slots=True)
class Stored:
    """A snapshot as it lay on disk; `prepared` is None where the code or the dictionaries have changed since."""

    indexed: Indexed
    vectors: Vectors
    prepared: Prepared | None


def save(indexed: Indexed, model_hash: str, law: Parameters, vectors: Vectors, prepared: Prepared) -> None:
    """Write a snapshot beside the older ones, then point to it; a crash leaves the older pointer whole."""
    key, made_by = indexed.key, recipe(law)
    target, draft = _folder() / key, _folder() / f".{key}.{os.getpid()}"
    if target.exists() and not _made_by(target, made_by):
        shutil.rmtree(target, ignore_errors=True)
    if not target.exists():
        draft.mkdir(parents=True, exist_ok=True)
        (draft / "library.json").write_text(indexed.library.model_dump_json(by_alias=True), "utf-8")
        (draft / "texts.json").write_text(json.dumps(_texts(indexed), ensure_ascii=False), "utf-8")
        (draft / "model").write_text(model_hash, "utf-8")
        (draft / "recipe").write_text(made_by, "utf-8")
        np.save(draft / "vectors.npy", vectors)
        prepared.write(draft)
        try:
            draft.rename(target)
        except OSError:  # another process wrote the same snapshot first
            shutil.rmtree(draft, ignore_errors=True)
    os.utime(target)
    pointer = _folder() / f".current.{os.getpid()}"
    pointer.write_text(key, "utf-8")
    pointer.replace(_folder() / "current")
    _tidy(key)


def _texts(indexed: Indexed) -> dict[str, list[str] | list[int]]:
    return {
        "texts": indexed.texts, "owner": indexed.owner, "bodies": indexed.bodies, "body_owner": indexed.body_owner,
    }  # fmt: skip


def _made_by(folder: Path, made_by: str) -> bool:
    try:
        return (folder / "recipe").read_text("utf-8") == made_by
    except FileNotFoundError:
        return False


def _tidy(current: str) -> None:
    """Keep the newest few; a process that still serves an older one has it in memory."""
    folders = [path for path in _folder().iterdir() if path.is_dir() and path.name != current]
    for path in sorted(folders, key=lambda path: -path.stat().st_mtime)[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def load(model_hash: str, law: Parameters) -> Stored | None:
    """The last snapshot; None when there is none, or another model or other parameters made it."""
    try:
        folder = _folder() / (_folder() / "current").read_text("utf-8").strip()
        if (folder / "model").read_text("utf-8") != model_hash:
            return None
        library = Library.model_validate_json((folder / "library.json").read_bytes())
        vectors = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
        if _made_by(folder, recipe(law)):
            texts = json.loads((folder / "texts.json").read_text("utf-8"))
            return Stored(Indexed(library=library, key=folder.name, **texts), vectors, Prepared.read(folder))
        indexed = index_texts(library, law, model_hash)
        return Stored(indexed, vectors, None) if indexed.key == folder.name else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RuntimeError, ValidationError) as error:
        log.warning("snapshot_unreadable", error=str(error))
        return None

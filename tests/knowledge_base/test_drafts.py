"""Drafts are whole entries that could be published tomorrow, and nothing of them is published today."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import yaml

from knowledge_base.ingest.content import FOLDER, read_content, read_file

DRAFTS = FOLDER / "drafts"


def _files() -> list[Path]:
    return sorted(path for path in DRAFTS.glob("*/*.yaml") if path.parent.name != "asked")


def test_every_draft_can_be_read_and_none_is_published() -> None:
    published = {found.entry.id for found in read_content().entries}
    drafts: Counter[str] = Counter()
    for path in _files():
        found, problems = read_file(path)
        assert problems == [], path
        assert (FOLDER / path.parent.name).is_dir(), path
        drafts.update(one.entry.id for one in found)
    assert drafts
    assert [name for name, count in drafts.items() if count > 1 or name in published] == []


def test_further_questions_belong_to_drafts() -> None:
    drafts = {one.entry.id for path in _files() for one in read_file(path)[0]}
    asked = [
        name for path in (DRAFTS / "asked").glob("*.yaml") for name in yaml.safe_load(path.read_text("utf-8"))["asked"]
    ]
    assert set(asked) <= drafts
    assert len(asked) == len(set(asked))

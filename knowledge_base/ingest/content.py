"""From content files to published versions: all or nothing, and nothing where nothing changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog
import yaml
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit.clock import now
from knowledge_base import repository
from knowledge_base.ingest.checks import Found, Surroundings, entry_problems, shelf_problems
from knowledge_base.models import REPOSITORY, Entry, EntryQuestion, EntryVersion, QuestionKind, VersionState
from knowledge_base.parameters.loader import Parameters, read_parameters
from knowledge_base.register import RANK, RegisteredDocument, read_register
from knowledge_base.schemas import AskedFile, ContentEntry
from knowledge_base.yaml_files import problems_of, read_yaml

FOLDER = Path(__file__).parent.parent / "content"
PARAMETERS = Path(__file__).parent.parent / "parameters"
APART = frozenset({"documents", "asked", "drafts"})  # folders beside those of the topics

log = structlog.get_logger(__name__)


class ContentError(ValueError):
    """The content cannot be loaded; `problems` holds one line for each thing wrong."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(f"{len(problems)} problems:\n" + "\n".join(problems))


@dataclass(frozen=True, slots=True)
class Content:
    """All that the files hold."""

    entries: list[Found]
    documents: dict[str, RegisteredDocument]
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What loading did."""

    entries: int
    published: int
    withdrawn: int
    documents_changed: int

    @property
    def changed(self) -> bool:
        """Whether anything is different from before."""
        return bool(self.published or self.withdrawn or self.documents_changed)


def read_content(
    folder: Path = FOLDER, parameters: Path = PARAMETERS, known_skills: Collection[str] | None = None
) -> Content:
    """Everything in the files, checked.

    Raises `ContentError` with every problem of every file, so that an editor mends them in one go.
    """
    documents, problems = read_register(folder / "documents")
    law, found = read_parameters(parameters, documents)
    problems += found
    entries: list[Found] = []
    for path in sorted(folder.glob("*/*.yaml")):
        if path.parent.name not in APART:
            read, found = read_file(path)
            entries += read
            problems += found
    asked, found = _read_asked(folder / "asked")
    problems += found
    known = {item.entry.id for item in entries}
    problems += [f"asked: there is no entry {name}" for name in asked if name not in known]
    entries = [replace(item, entry=_also_asked(item.entry, asked.get(item.entry.id, []))) for item in entries]
    around = Surroundings(documents, law, known_skills)
    for item in entries:
        problems += [item.says(problem) for problem in entry_problems(item, around)]
    problems += shelf_problems(entries)
    if problems:
        raise ContentError(problems)
    return Content(entries, documents, law)


def read_file(path: Path) -> tuple[list[Found], list[str]]:
    """The entries of one file that have the right shape, and what is wrong with the others."""
    name = f"{path.parent.name}/{path.name}"
    try:
        content = read_yaml(path)
    except yaml.YAMLError as error:
        return [], [f"{name}: {error}"]
    if (
        not isinstance(content, dict)
        or set(content) != {"topic", "entries"}
        or not isinstance(content["entries"], list)
    ):
        return [], [f"{name}: must hold `topic` and a list of `entries`"]
    problems: list[str] = []
    if content["topic"] != path.parent.name:
        problems.append(f"{name}: topic {content['topic']!r} differs from its folder")
    entries: list[Found] = []
    for place, raw in enumerate(content["entries"], 1):
        try:
            entries.append(Found(name, path.parent.name, ContentEntry.model_validate(raw)))
        except ValidationError as error:
            called = raw.get("id") if isinstance(raw, dict) else None
            problems += [f"{name}: {called or f'entry {place}'}: {problem}" for problem in problems_of(error)]
    return entries, problems


def _read_asked(folder: Path) -> tuple[dict[str, list[str]], list[str]]:
    """More ways in which people ask, by the id of the entry that answers, written by others than the entry."""
    asked: dict[str, list[str]] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            file = AskedFile.model_validate(read_yaml(path))
        except yaml.YAMLError as error:
            problems.append(f"asked/{path.name}: {error}")
        except ValidationError as error:
            problems += [f"asked/{path.name}: {problem}" for problem in problems_of(error)]
        else:
            for name, questions in file.asked.items():
                asked.setdefault(name, []).extend(questions)
    return asked, problems


def _also_asked(entry: ContentEntry, more: list[str]) -> ContentEntry:
    """The entry with the questions that it does not have yet."""
    return entry.model_copy(update={"questions": list(dict.fromkeys([*entry.questions, *more]))}) if more else entry


async def load_content(session: AsyncSession, content: Content) -> LoadReport:
    """Bring the database to what the files say: new versions where content changed, entries withdrawn where it is gone.

    What an editor published in the console stays until the file itself changes.
    """
    documents_changed = await repository.save_register(session, content.documents)
    entries = await repository.entries_by_id(session)
    published = await repository.published_versions(session)
    hashes = await repository.latest_hashes(session, REPOSITORY)
    numbers = await repository.latest_numbers(session)
    fresh = 0
    for found in content.entries:
        new_hash = found.entry.content_hash(found.topic)
        entry = entries.get(found.entry.id)
        if entry and entry.withdrawn_at is None and hashes.get(entry.id) == new_hash:
            continue
        if entry is None:
            entry = Entry(id=found.entry.id)
            session.add(entry)
        entry.family, entry.topic, entry.withdrawn_at = found.entry.family, found.topic, None
        if old := published.get(entry.id):
            old.move_to(VersionState.SUPERSEDED)
        await session.flush()  # only one version of an entry may be published at a time
        session.add(_version(found.entry, new_hash, numbers.get(entry.id, 0) + 1, content.documents))
        fresh += 1
    withdrawn = _withdraw({found.entry.id for found in content.entries}, entries, published)
    report = LoadReport(len(content.entries), fresh, withdrawn, documents_changed)
    if report.changed:
        await session.flush()
        await repository.announce_change(session)
    log.info("knowledge_loaded", entries=report.entries, published=fresh, withdrawn=withdrawn)
    return report


def _version(
    entry: ContentEntry, content_hash: str, number: int, documents: dict[str, RegisteredDocument]
) -> EntryVersion:
    cited = [documents[citation.document].authority for citation in entry.citations]
    texts = [(QuestionKind.TITLE, entry.title), *((QuestionKind.VARIANT, text) for text in entry.questions)]
    rows: dict[str, Any] = {"region": entry.region, "taxpayer_types": list(entry.taxpayer_types)}
    return EntryVersion(
        entry_id=entry.id, number=number, state=VersionState.PUBLISHED, content=entry.stored(),
        content_hash=content_hash, valid_from=entry.valid.start, valid_to=entry.valid.end,
        authority=min(cited, key=RANK.__getitem__, default=None), evidence=entry.evidence,
        author=REPOSITORY, published_at=now(),
        questions=[EntryQuestion(position=place, kind=kind, text=text) for place, (kind, text) in enumerate(texts)],
        **rows,
    )  # fmt: skip


def _withdraw(kept: set[str], entries: dict[str, Entry], published: dict[str, EntryVersion]) -> int:
    """Take back what came from the files and is no longer there; what editors added in the console stays."""
    gone = 0
    for entry_id, version in published.items():
        if entry_id not in kept and version.author == REPOSITORY:
            version.move_to(VersionState.SUPERSEDED)
            entries[entry_id].withdrawn_at = now()
            gone += 1
    return gone

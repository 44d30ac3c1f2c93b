"""What an editor may have got wrong, beyond the shape of a file: each check answers one line per problem."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from knowledge_base.ingest.literals import literal_problems
from knowledge_base.parameters.loader import ParameterError, Parameters
from knowledge_base.register import Register
from knowledge_base.rendering import RenderingError, compose, render
from knowledge_base.schemas import ContentEntry
from knowledge_base.search.document_numbers import NumberedDocuments, find_document_numbers
from knowledge_base.search.normalise import normalise, simplified

MIN_QUESTIONS = 6


@dataclass(frozen=True, slots=True)
class Found:
    """An entry and where it was found."""

    file: str
    topic: str
    entry: ContentEntry

    def says(self, problem: str) -> str:
        """A problem with its place."""
        return f"{self.file}: {self.entry.id}: {problem}"


class Surroundings:
    """What entries refer to; `skills` is None where the caller does not know them."""

    def __init__(self, documents: Register, parameters: Parameters, skills: Collection[str] | None = None) -> None:
        self.documents = documents
        self.parameters = parameters
        self.skills = skills
        self.numbered = NumberedDocuments(documents)


def entry_problems(found: Found, around: Surroundings) -> Iterator[str]:
    """Everything wrong with one entry by itself."""
    entry = found.entry
    if len(set(entry.questions)) != len(entry.questions):
        yield "questions: one of them stands there twice"
    if len(set(entry.questions)) < MIN_QUESTIONS:
        yield f"questions: at least {MIN_QUESTIONS} are needed, there are {len(set(entry.questions))}"
    if "{" in entry.title or any("{" in question for question in entry.questions):
        yield "title and questions cannot embed parameters"
    if not entry.guard and not entry.citations and entry.evidence == "V":
        yield "citations: an answer read in the official text (evidence V) names that text"
    yield from _citation_problems(entry, around.documents)
    if around.skills is not None:
        for skill in entry.skills:
            if skill not in around.skills:
                yield f"skills: there is no skill {skill!r}"
    yield from _template_problems(entry, around)
    yield from literal_problems(entry)


def _citation_problems(entry: ContentEntry, documents: Register) -> Iterator[str]:
    for citation in entry.citations:
        document = documents.get(citation.document)
        if document is None:
            yield f"citations: {citation.document} is not in the register"
        elif not document.in_force(entry.valid.start, entry.valid.end):
            yield (
                f"citations: {citation.document} is in force {document.effective_from} to {document.effective_to}, "
                f"the entry is valid {entry.valid.start} to {entry.valid.end}"
            )


def _template_problems(entry: ContentEntry, around: Surroundings) -> Iterator[str]:
    """Every text must render on every day of its validity, and name no document that the register lacks."""
    law = around.parameters.at(entry.valid.start)
    texts = []
    for text in entry.templates():
        try:
            texts.append(render(text, law))
        except RenderingError as error:
            yield f"{text[:20]}…: {error}"
    if len(texts) < len(entry.templates()):
        return
    days = set()
    for key in sorted(law.used):
        parameter = around.parameters[key]
        if not parameter.covers(entry.valid.start, entry.valid.end):
            yield f"parameter {key} has no value on some day of {entry.valid.start} to {entry.valid.end}"
        days.update(parameter.changes(entry.valid.start, entry.valid.end))
    for day in sorted(days):
        try:
            compose(entry, around.parameters.at(day))
        except (RenderingError, ParameterError) as error:
            yield f"on {day}: {error}"
    for number in find_document_numbers(simplified("\n".join([entry.title, *texts]))):
        if not around.numbered.meant([number]):
            yield f"names {number.canonical}, which is not in the register"


def shelf_problems(entries: Sequence[Found]) -> Iterator[str]:
    """Everything wrong between entries: ids, questions and periods that clash."""
    by_id: dict[str, Found] = {}
    families: dict[str, list[Found]] = defaultdict(list)
    asked: dict[str, list[Found]] = defaultdict(list)
    for found in entries:
        if (first := by_id.setdefault(found.entry.id, found)) is not found:
            yield found.says(f"the id is taken by {first.file}")
        families[found.entry.family].append(found)
        for question in sorted({normalise(question) for question in found.entry.questions}):
            for other in asked[question]:
                # the same question on different days may lead to different entries, on one day it may not
                if other.entry.family != found.entry.family and _clash(other.entry, found.entry):
                    yield found.says(f"questions: {question!r} also leads to {other.entry.id}")
            asked[question].append(found)
    for members in families.values():
        if len({found.topic for found in members}) > 1:
            yield members[0].says(f"family {members[0].entry.family} is spread over several topics")
        for one, other in combinations(members, 2):
            if _clash(one.entry, other.entry):
                yield other.says(f"overlaps with {one.entry.id} of the same family")


def _clash(one: ContentEntry, other: ContentEntry) -> bool:
    """Whether somebody, somewhere, would get two answers on some day."""
    people = not one.taxpayer_types or not other.taxpayer_types or set(one.taxpayer_types) & set(other.taxpayer_types)
    return one.region == other.region and bool(people) and one.valid.overlaps(other.valid)

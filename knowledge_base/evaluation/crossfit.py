"""Every question of our own entries, asked of a library that has never seen it: what calibration learns from.

In each of a few rounds a part of the questions is taken out of the library, the map of the encoder is fitted on the
rest, and the part is asked. Off-topic sentences are asked in every round.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from knowledge_base.candidates import Candidate, families, features, signs
from knowledge_base.evaluation.general import general_questions
from knowledge_base.evaluation.training import fit_steady_map
from knowledge_base.parameters.loader import Parameters
from knowledge_base.question import understand
from knowledge_base.schemas import AskRequest, ContentEntry, Library, PublishedEntry
from knowledge_base.search.calibration import Features, Signs
from knowledge_base.search.embedding import Vectors, turned
from knowledge_base.search.snapshot import Snapshot
from knowledge_base.search.texts import index_texts

ROUNDS = 8
ASKED = 2  # rounds that are asked: a quarter of the questions is enough
STEPS = 150  # half of what the committed map gets: the scores are the same and the rounds are many
GENERAL = 2000
OFF_TOPIC = Path(__file__).with_name("off_topic.txt")

Encode = Callable[[Sequence[str]], Vectors]  # without the map


@dataclass(frozen=True, slots=True)
class Sample:
    """A question, what the search made of it, and whether that was right."""

    question: str
    topic: str
    candidates: list[Candidate]
    features: Features
    signs: Signs
    rank: int | None
    tax_words: bool
    golden: bool = False
    foreign: bool = False
    ours: bool = True

    @property
    def right(self) -> bool:
        """Whether the top candidate answers the question; nothing answers an off-topic one."""
        return self.rank == 0

    @property
    def guard(self) -> bool:
        """Whether the top candidate says that we do not answer this."""
        return self.candidates[0].entry.guard


def off_topic() -> list[str]:
    """Natural sentences that have nothing to do with tax."""
    return OFF_TOPIC.read_text("utf-8").splitlines()


def measure(
    snapshot: Snapshot, encode: Encode, request: AskRequest, today: date, topic: str, expected: Collection[str] | None
) -> Sample:
    """What the search makes of a question; `expected` holds the ids or families that answer it."""
    asked = understand(request, today)
    scored = snapshot.rank(asked.text, encode([asked.text])[0], asked.numbers)
    found = families(snapshot, scored, request, asked)
    rank = None
    if expected is not None:
        names = [{candidate.entry.family, candidate.entry.id} for candidate in found]
        rank = next((place for place, own in enumerate(names) if own & set(expected)), len(found))
    judged_by = features(found, 0, scored, asked.text)
    return Sample(request.question, topic, found, judged_by, signs(snapshot, scored, asked), rank, asked.tax_words)


def _request(question: str, entry: ContentEntry, today: date) -> AskRequest:
    """A question as of a day on which the entry is law."""
    valid = entry.valid
    return AskRequest(question=question, as_of=today if valid.contains(today) else valid.end or valid.start)


def samples(library: Library, law: Parameters, encode: Encode, today: date) -> Iterator[Sample]:
    """Held-out samples of every entry, then those of the off-topic sentences."""
    rng = random.Random(0)  # noqa: S311 -- reproducible, not secret
    part = {
        (published.content.id, question): rng.randrange(ROUNDS)
        for published in library.entries
        for question in published.content.questions
    }
    general = encode(general_questions(GENERAL))
    for number in range(ASKED):
        kept = _without(library, {key for key, own in part.items() if own == number})
        indexed = index_texts(kept, law, "crossfit")
        raw = encode(indexed.texts)
        turn = fit_steady_map(
            raw, [kept.entries[owner].content.family for owner in indexed.owner], general, runs=1, steps=STEPS
        )
        vectors = turned(raw, turn)

        mapped = partial(_mapped, encode, turn)
        snapshot = Snapshot(indexed, law, vectors)
        for published in library.entries:
            entry = published.content
            for question in entry.questions:
                if part[(entry.id, question)] == number:
                    request = _request(question, entry, today)
                    yield measure(snapshot, mapped, request, today, published.topic, {entry.family})
        for place, question in enumerate(off_topic()):
            if place % ASKED == number:
                sample = measure(snapshot, mapped, AskRequest(question=question), today, "off_topic", None)
                yield replace(sample, foreign=True)


def _mapped(encode: Encode, turn: Vectors, texts: Sequence[str]) -> Vectors:
    return turned(encode(texts), turn)


def _without(library: Library, questions: set[tuple[str, str]]) -> Library:
    entries = []
    for published in library.entries:
        entry = published.content
        left = [question for question in entry.questions if (entry.id, question) not in questions]
        entries.append(
            PublishedEntry(
                version_id=published.version_id, topic=published.topic, content_hash=published.content_hash,
                content=entry.model_copy(update={"questions": left}),
            )
        )  # fmt: skip
    return Library(entries=entries, documents=library.documents)

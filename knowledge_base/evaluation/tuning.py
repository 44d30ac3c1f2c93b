"""Fitting what is committed beside the code: the map of the encoder and the calibration, both from our own content."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from hub.kit.clock import today
from knowledge_base.encoder import build
from knowledge_base.evaluation import calibrating, crossfit
from knowledge_base.evaluation.general import general_questions
from knowledge_base.evaluation.golden import Golden
from knowledge_base.evaluation.training import fit_steady_map
from knowledge_base.ingest.content import Content
from knowledge_base.schemas import AskRequest, Library, PublishedEntry
from knowledge_base.search import kept_vectors
from knowledge_base.search.calibration import FILE, Calibration
from knowledge_base.search.embedding import TURN, BundledEmbedder, Vectors, text_hash
from knowledge_base.search.snapshot import Snapshot
from knowledge_base.search.texts import index_texts

CANDIDATE = build.FOLDER / "candidate"


class RawVectors:
    """The encoder without its map, remembered: fitting and judging ask for the same texts many times."""

    def __init__(self) -> None:
        self._embedder = BundledEmbedder(turn=None)
        self._known = kept_vectors.read(build.built())

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """One row per text."""
        self.learn(texts)
        return np.stack([self._known[text_hash(text)] for text in texts])

    def learn(self, texts: Sequence[str]) -> int:
        """Encode what is not known yet; answers how many texts that were."""
        missing = {key: text for text in texts if (key := text_hash(text)) not in self._known}
        if missing:
            encode = self._embedder.encode if len(missing) == 1 else self._embedder.encode_many
            self._known.update(zip(missing, encode(list(missing.values())), strict=True))
        return len(missing)

    def save(self) -> None:
        """Keep what was encoded for the next time."""
        kept_vectors.save(build.built(), self._known)


def library_of(content: Content) -> Library:
    """The files as if they were published."""
    return Library(
        entries=[
            PublishedEntry(
                version_id=uuid5(NAMESPACE_URL, found.entry.id), topic=found.topic,
                content_hash=found.entry.content_hash(found.topic), content=found.entry,
            )
            for found in content.entries
        ],
        documents=content.documents,
    )  # fmt: skip


def keep_vectors(content: Content) -> tuple[int, int]:
    """Encode all texts of the content that are not kept yet; answers how many were new, and how many there are."""
    texts = index_texts(library_of(content), content.parameters, "keep").texts
    encode = RawVectors()
    fresh = encode.learn(texts)
    encode.save()
    return fresh, len(texts)


def train(content: Content) -> int:
    """Fit the map on all texts and write it as a candidate; answers how many texts it has seen."""
    encode = RawVectors()
    library = library_of(content)
    indexed = index_texts(library, content.parameters, "train")
    families = [library.entries[owner].content.family for owner in indexed.owner]
    turn = fit_steady_map(encode(indexed.texts), families, encode(general_questions(crossfit.GENERAL)))
    encode.save()
    CANDIDATE.mkdir(parents=True, exist_ok=True)
    np.save(CANDIDATE / TURN.name, turn.astype(np.float16))
    (CANDIDATE / FILE.name).unlink(missing_ok=True)  # one that was fitted for another map
    return len(indexed.texts)


def has_candidate() -> bool:
    """Whether a map and its calibration lie ready."""
    return all((CANDIDATE / name).exists() for name in (TURN.name, FILE.name))


def promote() -> None:
    """Put the candidate in place of the models in use."""
    for target in (TURN, FILE):
        aside = target.with_suffix(".part")
        shutil.copyfile(CANDIDATE / target.name, aside)
        os.replace(aside, target)
    shutil.rmtree(CANDIDATE)


def calibrate(content: Content, golden: Sequence[Golden]) -> tuple[Calibration, dict[str, float]]:
    """Fit the candidate's calibration on held-out questions, off-topic sentences and judged golden questions."""
    encode = RawVectors()
    samples = list(crossfit.samples(library_of(content), content.parameters, encode, today()))
    samples += golden_samples(content, golden)
    encode.save()
    fitted, figures = calibrating.fit(samples, BundledEmbedder(CANDIDATE / TURN.name).model_hash)
    fitted.save(CANDIDATE / FILE.name)
    return fitted, figures


def golden_samples(content: Content, golden: Sequence[Golden]) -> list[crossfit.Sample]:
    """The judged golden questions, asked of the whole library with the candidate's map."""
    if not golden:
        return []
    embedder = BundledEmbedder(CANDIDATE / TURN.name)
    indexed = index_texts(library_of(content), content.parameters, embedder.model_hash)
    snapshot = Snapshot(indexed, content.parameters, embedder.encode_many(indexed.texts))
    samples = []
    for item in golden:
        request = AskRequest(question=item.text)
        sample = crossfit.measure(snapshot, embedder.encode, request, today(), item.topic, item.accept or None)
        outcome = sample.candidates[0].entry.outcome
        refused_rightly = sample.guard and outcome in item.outcomes
        rank = 0 if refused_rightly else sample.rank
        samples.append(replace(sample, golden=True, rank=rank, foreign=item.kind == "out_of_scope", ours=item.ours))
    return samples

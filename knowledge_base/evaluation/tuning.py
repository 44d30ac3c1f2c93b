"""Fitting what is committed beside the code: the map of the encoder and the calibration, both from our own content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from hub.kit.clock import today
from hub.settings import get_settings
from knowledge_base.evaluation import calibrating, crossfit
from knowledge_base.evaluation.general import general_questions
from knowledge_base.evaluation.golden import Golden
from knowledge_base.evaluation.training import fit_steady_map
from knowledge_base.ingest.content import Content
from knowledge_base.schemas import AskRequest, Library, PublishedEntry
from knowledge_base.search.calibration import Calibration
from knowledge_base.search.embedding import TURN, BundledEmbedder, Vectors
from knowledge_base.search.snapshot import Snapshot, index_texts
from knowledge_base.search.vector_index import FaissIndex


class RawVectors:
    """The encoder without its map, remembered on disk: fitting asks for the same texts many times."""

    def __init__(self, folder: Path | None = None) -> None:
        self._embedder = BundledEmbedder(turn=None)
        folder = folder or get_settings().var_dir / "cache"
        self._file = folder / f"vectors-{self._embedder.model_hash[:16]}.npz"
        self._known: dict[str, Vectors] = {}
        if self._file.exists():
            with np.load(self._file, allow_pickle=False) as stored:
                self._known = dict(zip(stored["texts"].tolist(), stored["vectors"], strict=True))

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """One row per text."""
        for text in texts:
            if text not in self._known:
                self._known[text] = self._embedder.encode([text])[0]
        return np.stack([self._known[text] for text in texts])

    def save(self) -> None:
        """Keep what was encoded for the next time."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(self._file, texts=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))


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


def train(content: Content) -> int:
    """Fit the map on all texts and write it; answers how many texts it has seen."""
    encode = RawVectors()
    library = library_of(content)
    indexed = index_texts(library, content.parameters, "train")
    families = [library.entries[owner].content.family for owner in indexed.owner]
    turn = fit_steady_map(encode(indexed.texts), families, encode(general_questions(crossfit.GENERAL)))
    encode.save()
    TURN.parent.mkdir(parents=True, exist_ok=True)
    np.save(TURN, turn.astype(np.float16))
    return len(indexed.texts)


def calibrate(content: Content, golden: Sequence[Golden]) -> tuple[Calibration, dict[str, float]]:
    """Fit the calibration on held-out questions of the content, off-topic sentences and judged golden questions."""
    encode = RawVectors()
    samples = list(crossfit.samples(library_of(content), content.parameters, encode, today()))
    samples += golden_samples(content, golden)
    encode.save()
    fitted, figures = calibrating.fit(samples, BundledEmbedder().model_hash)
    fitted.save()
    return fitted, figures


def golden_samples(content: Content, golden: Sequence[Golden]) -> list[crossfit.Sample]:
    """The judged golden questions, asked of the whole library with the map as committed."""
    if not golden:
        return []
    embedder = BundledEmbedder()
    indexed = index_texts(library_of(content), content.parameters, embedder.model_hash)
    snapshot = Snapshot(indexed, content.parameters, partial(FaissIndex, embedder.encode(indexed.texts)))
    samples = []
    for item in golden:
        request = AskRequest(question=item.text)
        sample = crossfit.measure(snapshot, embedder.encode, request, today(), item.topic, item.accept or None)
        outcome = sample.candidates[0].entry.outcome
        refused_rightly = sample.guard and outcome in item.outcomes
        rank = 0 if refused_rightly else sample.rank
        samples.append(replace(sample, golden=True, rank=rank, foreign=item.kind == "out_of_scope"))
    return samples

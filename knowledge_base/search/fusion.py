"""One score per entry out of vectors, words and the taxes named; weights were chosen on held-out questions.

The cosine of the encoder is squeezed into a narrow band at the top, so ranks of both searches must not be averaged:
the cosine leads, and words only tip the balance between neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge_base.search.embedding import Vectors
from knowledge_base.search.vector_index import Hits

Scores = NDArray[np.float32]
Places = NDArray[np.int64]

LEXICAL = 0.19  # share of the words in the sum
BEST = 0.28  # share of an entry's best text in its cosine
MIDDLE = 0.6  # share of the middle of its texts; the rest is for its three best
SAME_TAX = 0.014  # for naming a tax that the question names; the same off for naming other taxes only
CITED = 0.3  # for citing a document whose number stands in the question
TOP_TEXTS = 3
NEIGHBOURS = 10  # texts around the question whose company it is judged by
KERNEL = 0.03  # cosine by which a neighbour may be further off until it counts e times less


def middles(vectors: Vectors, owner: Places, entries: int) -> Vectors:
    """The unit vector in the middle of each entry's texts, one row per entry; zero for an entry without texts."""
    sums = np.zeros((entries, vectors.shape[1]), np.float32)
    np.add.at(sums, owner, vectors)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    rows: Vectors = np.divide(sums, lengths, out=sums, where=lengths > 0)
    return rows


def dense_scores(hits: Hits, owner: Places, middle: Scores) -> Scores:
    """One cosine per entry: its best text, steadied by its next best and by the middle of all its texts.

    Texts out of reach count as the last hit. `middle` is the cosine to the middle of each entry.
    """
    if not len(hits.positions):
        return np.zeros(len(middle), np.float32)
    floor = hits.scores[-1]
    owners = owner[hits.positions]
    # hits come best first and the sort is stable: within an entry they stay in order
    order = np.argsort(owners, kind="stable")
    found, begins = np.unique(owners[order], return_index=True)
    sums = np.full(len(found), TOP_TEXTS * floor)
    for place in range(TOP_TEXTS):
        inside = begins + place < np.append(begins[1:], len(order))
        sums[inside] += hits.scores[order[begins[inside] + place]] - floor
    scores = np.full(len(middle), (1 - MIDDLE) * floor, np.float32)
    scores[found] = BEST * hits.scores[order[begins]] + (1 - BEST - MIDDLE) * sums / TOP_TEXTS
    return scores + MIDDLE * np.maximum(middle, 0).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Kin:
    """How refusals and referrals stand against our own answers among the texts around a question.

    Leads of the one, three and ten nearest refusals over the nearest answers (cosine), the nearest answer itself, and
    the share of refusals in the company right around the question and further out.
    """

    lead: float
    lead_of_three: float
    lead_of_ten: float
    answer: float
    share: float
    wide_share: float


def kin(hits: Hits, refusing: NDArray[np.bool_]) -> Kin:
    """Look at the hits; `refusing` says of each text whether its entry refuses or refers."""
    if not len(hits.positions):
        return Kin(0, 0, 0, 0, 0, 0)
    mine = refusing[hits.positions]
    floor = np.full(10, hits.scores[-1])
    guards, answers = (np.concatenate([hits.scores[which][:10], floor])[:10] for which in (mine, ~mine))
    weights = np.exp((hits.scores - hits.scores[0]) / KERNEL)
    lead = [float(guards[:count].mean() - answers[:count].mean()) for count in (1, 3, 10)]
    share = [float((weights * mine)[:count].sum() / weights[:count].sum()) for count in (NEIGHBOURS, 3 * NEIGHBOURS)]
    return Kin(lead[0], lead[1], lead[2], float(answers[0]), share[0], share[1])


class Agreement:
    """Which entries name a tax that the question names."""

    def __init__(self, named: Sequence[frozenset[str]]) -> None:
        self._any = np.array([bool(own) for own in named], bool)
        self._naming = {tax: np.array([tax in own for own in named], bool) for tax in frozenset().union(*named)}

    def __call__(self, asked: frozenset[str]) -> Scores:
        """Whether each entry names a tax of the question (1), others only (-1), or nothing can be said (0)."""
        if not asked:
            return np.zeros(len(self._any), np.float32)
        own = np.zeros(len(self._any), bool)
        for tax in asked & self._naming.keys():
            own |= self._naming[tax]
        return np.where(self._any, np.where(own, 1, -1), 0).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Scored:
    """The parts and the sum, one row per entry."""

    total: Scores
    dense: Scores
    lexical: Scores
    agreement: Scores
    cited: Scores
    kin: Kin


def fuse(dense: Scores, lexical: Scores, agreed: Scores, cited: Scores, near: Kin) -> Scored:
    """The weighted sum; `near` is kept beside it."""
    total = (1 - LEXICAL) * dense + LEXICAL * lexical + SAME_TAX * agreed + CITED * cited
    return Scored(total, dense, lexical, agreed, cited, near)

"""One score per entry out of vectors, words and the taxes named; weights were chosen on held-out questions.

The cosine of the encoder is squeezed into a narrow band at the top, so ranks of both searches must not be averaged:
the cosine leads, and words only tip the balance between neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge_base.search.vector_index import Hits

Scores = NDArray[np.float32]
Places = NDArray[np.int64]

LEXICAL = 0.3  # share of the words in the sum
BREADTH = 0.6  # share of the three best texts of an entry against its single best
SAME_TAX = 0.02  # for naming a tax that the question names; the same off for naming other taxes only
CITED = 0.3  # for citing a document whose number stands in the question
TOP_TEXTS = 3
NEIGHBOURS = 10  # texts around the question whose company it is judged by
KERNEL = 0.03  # cosine by which a neighbour may be further off until it counts e times less


def dense_scores(hits: Hits, owner: Places, entries: int) -> Scores:
    """The cosine of each entry: its best text, steadied by its next best; texts out of reach count as the last hit."""
    if not len(hits.positions):
        return np.zeros(entries, np.float32)
    floor = hits.scores[-1]
    owners = owner[hits.positions]
    # hits come best first and the sort is stable: within an entry they stay in order
    order = np.argsort(owners, kind="stable")
    found, begins = np.unique(owners[order], return_index=True)
    sums = np.full(len(found), TOP_TEXTS * floor)
    for place in range(TOP_TEXTS):
        inside = begins + place < np.append(begins[1:], len(order))
        sums[inside] += hits.scores[order[begins[inside] + place]] - floor
    scores = np.full(entries, floor, np.float32)
    scores[found] = (1 - BREADTH) * hits.scores[order[begins]] + BREADTH * sums / TOP_TEXTS
    return scores


def company(hits: Hits, owner: Places, entries: int) -> Scores:
    """The share of each entry in the texts right around the question; sums to 1 where anything was found."""
    if not len(hits.positions):
        return np.zeros(entries, np.float32)
    weights = np.exp((hits.scores[:NEIGHBOURS] - hits.scores[0]) / KERNEL)
    shares = np.bincount(owner[hits.positions[:NEIGHBOURS]], weights / weights.sum(), entries)
    return shares.astype(np.float32)


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
    company: Scores


def fuse(dense: Scores, lexical: Scores, agreed: Scores, cited: Scores, near: Scores) -> Scored:
    """The weighted sum; `near` is kept beside it."""
    total = (1 - LEXICAL) * dense + LEXICAL * lexical + SAME_TAX * agreed + CITED * cited
    return Scored(total, dense, lexical, agreed, cited, near)

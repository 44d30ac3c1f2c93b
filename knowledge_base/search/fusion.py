"""One score per entry out of vectors, words and the taxes named; weights were chosen on held-out questions.

The cosine of the encoder is squeezed into a narrow band at the top, so ranks of both searches must not be averaged:
the cosine leads, and words only tip the balance between neighbours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]

LEXICAL = 0.3  # share of the words in the sum
BREADTH = 0.6  # share of the three best texts of an entry against its single best
SAME_TAX = 0.02  # for naming a tax that the question names; the same off for naming other taxes only
CITED = 0.3  # for citing a document whose number stands in the question
TOP_TEXTS = 3


def dense_scores(hits: Sequence[tuple[int, float]], owner: Sequence[int], entries: int) -> Scores:
    """The cosine of each entry: its best text, steadied by its next best; texts out of reach count as the last hit."""
    floor = hits[-1][1] if hits else 0.0
    best: dict[int, list[float]] = defaultdict(list)
    for position, score in hits:
        if len(own := best[owner[position]]) < TOP_TEXTS:
            own.append(score)
    scores = np.full(entries, floor, np.float32)
    for entry, own in best.items():
        own += [floor] * (TOP_TEXTS - len(own))
        scores[entry] = (1 - BREADTH) * own[0] + BREADTH * sum(own) / TOP_TEXTS
    return scores


def agreement(asked: frozenset[str], named: Iterable[frozenset[str]]) -> Scores:
    """Whether each entry names a tax of the question (1), others only (-1), or nothing can be said (0)."""
    if not asked:
        return np.zeros(sum(1 for _ in named), np.float32)
    return np.array([0.0 if not own else 1.0 if own & asked else -1.0 for own in named], np.float32)


@dataclass(frozen=True, slots=True)
class Scored:
    """The parts and the sum, one row per entry."""

    total: Scores
    dense: Scores
    lexical: Scores
    agreement: Scores
    cited: Scores


def fuse(dense: Scores, lexical: Scores, agreed: Scores, cited: Scores) -> Scored:
    """The weighted sum."""
    total = (1 - LEXICAL) * dense + LEXICAL * lexical + SAME_TAX * agreed + CITED * cited
    return Scored(total, dense, lexical, agreed, cited)

"""Fitting the calibration: a logistic model over samples, and the thresholds of the decision.

scikit-learn is in the development environment only; what is fitted here is applied with numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from knowledge_base.answer import NOT_OURS_AT, OPTIONS
from knowledge_base.evaluation.crossfit import Sample
from knowledge_base.search.calibration import Calibration, Logistic

# Held-out questions of our own entries often have a neighbour that would do as well; about half of these are no harm.
MAX_WRONG = 0.06  # of the answers given
MAX_OFF_TOPIC = 0.08  # of the off-topic sentences may lead to a question back
MIN_GUARD = 0.85  # of the refusals of questions about tax and its neighbours must be right
MIN_USEFUL = 0.5  # of the questions back must hold the right option
MIN_SHOWN = 0.4  # of the texts that are shown with a question back must be right
LEAST_LIKELY = 0.2  # confidence from which on options may be offered at all
OFF_TOPIC_WEIGHT = 3.0
GOLDEN_WEIGHT = 5.0  # real wording is rarer than our own and counts for more

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

Rows = NDArray[np.float64]
Flags = NDArray[np.bool_]


def fit(samples: Sequence[Sample], model_hash: str) -> tuple[Calibration, dict[str, float]]:
    """The model with its thresholds, and the figures it reaches under cross-validation."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import cross_val_predict

    rows = np.array([sample.features.row() for sample in samples])
    off = np.array([sample.rank is None for sample in samples])
    foreign = np.array([sample.foreign for sample in samples])
    tax = np.array([sample.tax_words and not sample.guard for sample in samples])
    offered = np.array([sample.rank is not None and sample.rank < OPTIONS for sample in samples])
    guard = np.array([sample.guard for sample in samples])
    right = np.array([sample.right for sample in samples]) | (off & guard)
    # a refusal of small talk is right whatever its score: it says nothing about how scores become probabilities
    golden = np.where([sample.golden for sample in samples], GOLDEN_WEIGHT, 1.0)
    weight = np.where(off, np.where(guard, 0.0, OFF_TOPIC_WEIGHT), golden)
    mean, scale = _standard(rows)
    unit = (rows - mean) / scale
    model = LogisticRegression()
    held_out = cross_val_predict(
        model, unit, right, cv=5, method="predict_proba", params={"sample_weight": weight}
    )[:, 1]  # fmt: skip
    model.fit(unit, right, sample_weight=weight)
    not_ours = _foreign([sample for sample in samples if sample.golden])
    let_in = np.array([not_ours.probability(sample.signs.row()) < NOT_OURS_AT for sample in samples])
    answer_at = _lowest(held_out, ~guard, right, 1 - MAX_WRONG)
    clarify_at = min(
        max(LEAST_LIKELY, _passed_by(held_out[foreign & ~guard & let_in], MAX_OFF_TOPIC * foreign.sum())), answer_at
    )
    fitted = Calibration(
        model_hash=model_hash,
        right=_logistic(mean, scale, model),
        foreign=not_ours,
        answer_at=answer_at,
        show_at=min(max(_useful_from(held_out[tax], right[tax], MIN_SHOWN), clarify_at), answer_at),
        clarify_at=clarify_at,
        offer_at=min(_useful_from(held_out[tax], offered[tax], MIN_USEFUL), clarify_at),
        guard_at=_lowest(held_out, guard & ~foreign, right, MIN_GUARD),
    )
    given = (held_out >= answer_at) & ~guard
    return fitted, {
        "samples": float(len(samples)),
        "auc": float(roc_auc_score(right, held_out, sample_weight=weight)),
        "answered": float(given[~off].mean()),
        "right_of_answered": float(right[given].mean()),
        "off_topic_answered": float(given[foreign].mean()) if foreign.any() else 0.0,
    }


def _standard(rows: Rows) -> tuple[Rows, Rows]:
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale[scale < 1e-9] = 1.0
    return mean, scale


def _logistic(mean: Rows, scale: Rows, model: LogisticRegression) -> Logistic:
    return Logistic(
        mean=tuple(float(value) for value in mean),
        scale=tuple(float(value) for value in scale),
        coefficients=tuple(float(value) for value in model.coef_[0]),
        intercept=float(model.intercept_[0]),
    )


def _foreign(golden: Sequence[Sample]) -> Logistic:
    """Which questions are not ours, from those of strangers alone: our own phrasings of refusals are too plain."""
    from sklearn.linear_model import LogisticRegression

    rows = np.array([sample.signs.row() for sample in golden])
    mean, scale = _standard(rows)
    model = LogisticRegression().fit((rows - mean) / scale, [not sample.ours for sample in golden])
    return _logistic(mean, scale, model)


def _lowest(probability: Rows, among: Flags, right: Flags, wanted: float) -> float:
    """The lowest threshold from which on enough of what passes is right."""
    order = np.argsort(-probability[among])
    share = np.cumsum(right[among][order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(share >= wanted)
    return round(float(probability[among][order][good[-1]]), 4) if len(good) else 1.0


def _useful_from(probability: Rows, useful: Flags, wanted: float) -> float:
    """Where what is offered begins to help often enough."""
    for low in np.arange(0.05, 1.0, 0.05):
        band = (probability >= low) & (probability < low + 0.1)
        if band.any() and useful[band].mean() >= wanted:
            return round(float(low), 2)
    return 1.0


def _passed_by(probability: Rows, count: float) -> float:
    """The threshold that so many pass at most."""
    place = int(count)
    ranked = np.sort(probability)[::-1]
    return round(float(ranked[place]) + 1e-4, 4) if place < len(ranked) else 0.0

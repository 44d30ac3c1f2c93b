"""Fitting the linear map of the encoder on our own entries: questions of one family come closer, others apart.

InfoNCE over pairs of texts of a family, by Adam in numpy; general questions serve as further negatives, without which
the map forgets what tells tax from anything else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from knowledge_base.search.embedding import Vectors

STEPS = 300
RATE = 3e-4
TEMPERATURE = 0.02
NEGATIVES = 1000
PULL_TO_IDENTITY = 1.0


def _unit(rows: Vectors) -> tuple[Vectors, Vectors]:
    length: Vectors = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / length, length


def _softmax(scores: Vectors) -> Vectors:
    raised: Vectors = np.exp(scores - scores.max(axis=1, keepdims=True))
    raised /= raised.sum(axis=1, keepdims=True)
    return raised


def _to_map(gradient: Vectors, unit: Vectors, length: Vectors, source: Vectors) -> Vectors:
    """The gradient with respect to unit vectors, carried back through the norm to the map."""
    inner = (gradient * unit).sum(axis=1, keepdims=True)
    carried: Vectors = ((gradient - inner * unit) / length).T @ source
    return carried


def _gradient(turn: Vectors, one: Vectors, other: Vectors, general: Vectors) -> Vectors:
    (a, a_length), (b, b_length), (g, g_length) = _unit(one @ turn.T), _unit(other @ turn.T), _unit(general @ turn.T)
    count = len(a)
    forward = _softmax(a @ np.concatenate([b, g]).T / TEMPERATURE)
    backward = _softmax(b @ a.T / TEMPERATURE)
    target = np.eye(count, dtype=np.float32)
    forward[:, :count] -= target
    forward /= count * TEMPERATURE
    backward = (backward - target) / (count * TEMPERATURE)
    to_b, to_g = forward[:, :count], forward[:, count:]
    total: Vectors = (
        _to_map(to_b @ b + to_g @ g + backward.T @ b, a, a_length, one)
        + _to_map(to_b.T @ a + backward @ a, b, b_length, other)
        + _to_map(to_g.T @ a, g, g_length, general)
    )
    return total


def fit_map(vectors: Vectors, families: Sequence[str], general: Vectors, seed: int = 0, steps: int = STEPS) -> Vectors:
    """A square map for the encoder, from vectors of texts and the family of each."""
    rng = np.random.default_rng(seed)
    names = np.array(families)
    groups = [members for name in np.unique(names) if len(members := np.flatnonzero(names == name)) > 1]
    size = vectors.shape[1]
    identity = np.eye(size, dtype=np.float32)
    turn, first, second = identity.copy(), np.zeros_like(identity), np.zeros_like(identity)
    for step in range(1, steps + 1):
        pairs = np.array([rng.choice(members, 2, replace=False) for members in groups])
        some = general[rng.integers(0, len(general), min(NEGATIVES, len(general)))]
        gradient = _gradient(turn, vectors[pairs[:, 0]], vectors[pairs[:, 1]], some)
        gradient += 2 * PULL_TO_IDENTITY * (turn - identity) / size
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        turn = turn - RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return turn.astype(np.float32)


def fit_steady_map(
    vectors: Vectors, families: Sequence[str], general: Vectors, runs: int = 3, steps: int = STEPS
) -> Vectors:
    """The mean of several fits, which differ in the pairs they saw."""
    fits = [fit_map(vectors, families, general, seed, steps) for seed in range(runs)]
    mean: Vectors = np.mean(fits, axis=0).astype(np.float32)
    return mean

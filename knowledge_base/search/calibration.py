"""From scores to the probability that the top answer is right, and what to do with it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter

FILE = Path(__file__).with_name("calibration.json")
FAR = 0.2  # the margin over rivals that do not exist


@dataclass(frozen=True, slots=True)
class Features:
    """What is known about a candidate before anybody judges it; margins are over the 1st, 2nd and 4th best rival."""

    margin: float
    margin_second: float
    margin_fourth: float
    dense: float
    lexical: float
    agreement: float
    length: float
    cited: float

    def row(self) -> list[float]:
        """The features in the order of the coefficients."""
        return [float(getattr(self, name)) for name in FEATURES]


FEATURES = tuple(field.name for field in fields(Features))


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known about a question that may not be ours: refusals and referrals against our own answers."""

    lead: float
    lead_of_three: float
    lead_of_ten: float
    lead_in_words: float
    lead_in_sum: float
    share: float
    wide_share: float
    answer: float
    answer_in_words: float
    tax_words: bool
    names_tax: bool
    wrongful: bool
    length: float

    def row(self) -> list[float]:
        """The signs in the order of the coefficients."""
        return [float(getattr(self, name)) for name in SIGNS]


SIGNS = tuple(field.name for field in fields(Signs))


def length_feature(text: str) -> float:
    """How much was said: short questions are ambiguous, very long ones have several subjects."""
    return math.log1p(len(text))


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted logistic model over standardised numbers."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float

    def probability(self, row: Sequence[float]) -> float:
        """How likely it is."""
        parts = zip(row, self.mean, self.scale, self.coefficients, strict=True)
        logit = self.intercept + sum((value - mean) / scale * weight for value, mean, scale, weight in parts)
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Two fitted models with the thresholds of the decision; valid for one embedding model only.

    `right` judges a candidate, `foreign` whether the question is ours at all.

    `offer_at` takes the place of `clarify_at` for questions that sound like tax: options are of use there and cannot
    look silly. From `show_at` on the question back comes with the likeliest text.
    """

    model_hash: str
    right: Logistic
    foreign: Logistic
    answer_at: float
    show_at: float
    clarify_at: float
    offer_at: float
    guard_at: float

    def probability(self, features: Features) -> float:
        """How likely it is that this candidate answers the question."""
        return self.right.probability(features.row())

    def not_ours(self, signs: Signs) -> float:
        """How likely it is that the question is for others or to be refused."""
        return self.foreign.probability(signs.row())

    def save(self, path: Path = FILE) -> None:
        """Write it to be committed."""
        rounded = {key: _rounded(value) for key, value in asdict(self).items()}
        path.write_text(
            json.dumps({"features": list(FEATURES), "signs": list(SIGNS), **rounded}, indent=1) + "\n", "utf-8"
        )


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [round(item, 6) for item in value] if isinstance(value, Sequence) and not isinstance(value, str) else value


def load_calibration(path: Path = FILE) -> Calibration:
    """Read a fitted model.

    Raises `ValueError` when it was fitted for other features than these.
    """
    data = json.loads(path.read_text("utf-8"))
    if tuple(data.pop("features")) != FEATURES or tuple(data.pop("signs", ())) != SIGNS:
        raise ValueError(f"{path.name} was fitted for other features: run `hub models train`")
    return TypeAdapter(Calibration).validate_python(data)


@lru_cache
def calibration() -> Calibration:
    """The committed model."""
    return load_calibration()

"""The arithmetic of the report: percentiles, rates, ratios, and whether a target was met."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` percent of the values do not exceed (nearest rank).

    Raises `ValueError` without values or outside (0, 100].
    """
    if not values:
        raise ValueError("no values")
    if not 0 < share <= 100:
        raise ValueError(f"{share} is no percentage")
    return sorted(values)[math.ceil(share / 100 * len(values)) - 1]


@dataclass(frozen=True, slots=True)
class Sample:
    """What one or more rounds of load measured: a latency per request, and how long the rounds took, in seconds."""

    latencies: tuple[float, ...]
    seconds: float

    def __add__(self, other: Sample) -> Sample:
        """Both rounds as one."""
        return Sample(self.latencies + other.latencies, self.seconds + other.seconds)

    @property
    def per_second(self) -> float:
        """Requests answered in a second."""
        return len(self.latencies) / self.seconds

    def milliseconds(self, share: float) -> float:
        """A percentile of the latencies in milliseconds."""
        return percentile(self.latencies, share) * 1000


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ours beside the peer, under the same load."""

    ours: Sample
    peer: Sample

    def latency(self, share: float) -> float:
        """Our percentile as a multiple of the peer's; lower is better."""
        return self.ours.milliseconds(share) / self.peer.milliseconds(share)

    @property
    def throughput(self) -> float:
        """Our rate as a multiple of the peer's; higher is better."""
        return self.ours.per_second / self.peer.per_second


@dataclass(frozen=True, slots=True)
class Target:
    """A promise about a ratio: at most, or at least, the limit."""

    title: str
    measured: float
    limit: float
    at_most: bool

    @property
    def met(self) -> bool:
        """Whether the measured ratio keeps the promise."""
        return self.measured <= self.limit if self.at_most else self.measured >= self.limit

    def line(self) -> str:
        """The target as a line of the report."""
        relation = "at most" if self.at_most else "at least"
        verdict = "pass" if self.met else "FAIL"
        return f"- **{verdict}**: {self.title} {self.measured:.2f} ×, target {relation} {self.limit:g} ×"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))

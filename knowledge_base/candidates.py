"""From scored entries to the few that may answer: one per family, the version that is law on the day asked about."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from knowledge_base.question import Understood
from knowledge_base.schemas import NATIONAL, AskRequest, ContentEntry
from knowledge_base.search.calibration import FAR, Calibration, Features, length_feature
from knowledge_base.search.fusion import Scored
from knowledge_base.search.snapshot import Snapshot

FOR_THEM = 0.01  # for being written for the kind of taxpayer that the question names; the same off for others' texts
NOT_THEIRS = 0.04  # off an entry that sends people to another agency, when the question names a tax
OUT_OF_TIME = 0.03  # off for a family that has no text for the day


@dataclass(frozen=True, slots=True)
class Candidate:
    """The best entry of a family; `current` is False when none of its texts is law on the day asked about."""

    entry: ContentEntry
    place: int
    score: float
    current: bool
    confidence: float = 0.0


def _concerns(entry: ContentEntry, request: AskRequest) -> bool:
    """Whether an entry is for this place and this kind of taxpayer, as far as the request says."""
    here = entry.region in {NATIONAL, request.region}
    return here and (
        request.taxpayer_type is None or not entry.taxpayer_types or request.taxpayer_type in entry.taxpayer_types
    )


def _leaning(entry: ContentEntry, asked: Understood) -> float:
    if entry.outcome == "redirect" and asked.names_tax:
        return -NOT_THEIRS
    if not asked.taxpayer_types or not entry.taxpayer_types:
        return 0.0
    return FOR_THEM if asked.taxpayer_types & set(entry.taxpayer_types) else -FOR_THEM


def families(snapshot: Snapshot, scored: Scored, request: AskRequest, asked: Understood) -> list[Candidate]:
    """One candidate per family, best first, without confidence."""
    members: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for place, entry in enumerate(snapshot.entries):
        if _concerns(entry, request):
            members[entry.family].append((float(scored.total[place]) + _leaning(entry, asked), place))
    found: list[Candidate] = []
    for own in members.values():
        score = max(own)[0]
        # a text of this place goes before the national one
        current = [
            (snapshot.entries[place].region != NATIONAL, value, place)
            for value, place in own
            if snapshot.entries[place].valid.contains(asked.as_of)
        ]
        place = max(current)[2] if current else max(own)[1]
        score -= 0.0 if current else OUT_OF_TIME
        found.append(Candidate(snapshot.entries[place], place, score, bool(current)))
    return sorted(found, key=lambda candidate: -candidate.score)


def features(candidates: list[Candidate], place: int, scored: Scored, text: str) -> Features:
    """What the calibration judges a candidate by."""
    candidate = candidates[place]
    margins = [candidate.score - other.score for other in candidates[: max(place, 4) + 1] if other is not candidate]
    margins += [FAR] * (4 - len(margins))
    return Features(
        score=candidate.score,
        margin=margins[0],
        margin_second=margins[1],
        margin_fourth=margins[3],
        dense=float(scored.dense[candidate.place]),
        lexical=float(scored.lexical[candidate.place]),
        agreement=float(scored.agreement[candidate.place]),
        length=length_feature(text),
        cited=float(scored.cited[candidate.place]),
        guard=float(candidate.entry.guard),
    )


def judged(candidates: list[Candidate], scored: Scored, text: str, model: Calibration, keep: int) -> list[Candidate]:
    """The first few candidates with their confidence."""
    return [
        Candidate(
            item.entry, item.place, item.score, item.current,
            round(model.probability(features(candidates, place, scored, text)), 4),
        )
        for place, item in enumerate(candidates[:keep])
    ]  # fmt: skip

"""From scored entries to the few that may answer: one per family, the version that is law on the day asked about."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from knowledge_base.question import Understood
from knowledge_base.schemas import NATIONAL, AskRequest, ContentEntry, TaxpayerType
from knowledge_base.search.calibration import FAR, Calibration, Features, Signs, length_feature
from knowledge_base.search.fusion import Scored
from knowledge_base.search.snapshot import Snapshot

FOR_THEM = 0.006  # for being written for the kind of taxpayer that the question names; the same off for others' texts
NOT_THEIRS = 0.04  # off an entry that sends people to another agency, when the question names a tax
WRONGFUL = 0.08  # for an entry that refuses, when the question is how to get away with something
OUT_OF_TIME = 0.03  # off for a family that has no text for the day


VAT_KINDS: frozenset[TaxpayerType] = frozenset({"small_scale", "general"})  # nobody is both
SHORTLIST = 40  # entries whose families are looked at


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


def for_the_other(entry: ContentEntry, asked: Understood) -> bool:
    """Whether a question names one of the two kinds of VAT taxpayer, and an entry is for the other.

    It may answer all the same (小规模怎么转一般纳税人 names what one wants to be), but nobody can be sure of it.
    """
    named, served = asked.taxpayer_types & VAT_KINDS, VAT_KINDS.intersection(entry.taxpayer_types)
    return len(named) == 1 and len(served) == 1 and named != served


def _leaning(entry: ContentEntry, asked: Understood) -> float:
    if entry.outcome == "redirect" and asked.names_tax:
        return -NOT_THEIRS
    if entry.outcome == "refused" and asked.wrongful:
        return WRONGFUL
    if not asked.taxpayer_types or not entry.taxpayer_types:
        return 0.0
    return FOR_THEM if asked.taxpayer_types & set(entry.taxpayer_types) else -FOR_THEM


def families(snapshot: Snapshot, scored: Scored, request: AskRequest, asked: Understood) -> list[Candidate]:
    """One candidate per family, best first, without confidence; far-off families are left out."""
    near = np.argsort(-scored.total)[:SHORTLIST].tolist()
    if asked.wrongful:
        near += snapshot.refusals
    found: list[Candidate] = []
    for family in dict.fromkeys(snapshot.entries[place].family for place in near):
        own = [
            (float(scored.total[place]) + _leaning(snapshot.entries[place], asked), place)
            for place in snapshot.members[family]
            if _concerns(snapshot.entries[place], request)
        ]
        if own:
            found.append(_of_family(snapshot, own, asked))
    return sorted(found, key=lambda candidate: -candidate.score)


def _of_family(snapshot: Snapshot, own: list[tuple[float, int]], asked: Understood) -> Candidate:
    """The best of a family: its score is that of any of its texts, its entry the one that is law on the day."""
    score, place = max(own)
    # a text of this place goes before the national one
    current = [
        (snapshot.entries[place].region != NATIONAL, value, place)
        for value, place in own
        if snapshot.entries[place].valid.contains(asked.as_of)
    ]
    if current:
        place = max(current)[2]
    return Candidate(snapshot.entries[place], place, score - (0.0 if current else OUT_OF_TIME), bool(current))


def signs(snapshot: Snapshot, scored: Scored, asked: Understood) -> Signs:
    """What tells whether a question is ours at all."""
    guards, kin = snapshot.guards, scored.kin
    own_words = float(scored.lexical[~guards].max(initial=0))
    return Signs(
        lead=kin.lead,
        lead_of_three=kin.lead_of_three,
        lead_of_ten=kin.lead_of_ten,
        lead_in_words=float(scored.lexical[guards].max(initial=0)) - own_words,
        lead_in_sum=float(scored.total[guards].max(initial=0) - scored.total[~guards].max(initial=0)),
        share=kin.share,
        wide_share=kin.wide_share,
        answer=kin.answer,
        answer_in_words=own_words,
        tax_words=asked.tax_words,
        names_tax=asked.names_tax,
        wrongful=asked.wrongful,
        length=length_feature(asked.text),
    )


def features(candidates: list[Candidate], place: int, scored: Scored, text: str) -> Features:
    """What the calibration judges a candidate by."""
    candidate = candidates[place]
    margins = [candidate.score - other.score for other in candidates[: max(place, 4) + 1] if other is not candidate]
    margins += [FAR] * (4 - len(margins))
    return Features(
        margin=margins[0],
        margin_second=margins[1],
        margin_fourth=margins[3],
        dense=float(scored.dense[candidate.place]),
        lexical=float(scored.lexical[candidate.place]),
        agreement=float(scored.agreement[candidate.place]),
        length=length_feature(text),
        cited=float(scored.cited[candidate.place]),
    )


def judged(candidates: list[Candidate], scored: Scored, text: str, model: Calibration, keep: int) -> list[Candidate]:
    """The first few candidates with their confidence."""
    return [
        replace(item, confidence=round(model.probability(features(candidates, place, scored, text)), 4))
        for place, item in enumerate(candidates[:keep])
    ]  # fmt: skip

"""Works a return out to the last cent and puts it on a sheet for confirmation; nothing is filed here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from hub.accounts.looks import looked
from hub.kit import clock
from hub.kit.db import transaction
from hub.skills import Principal, complaint, form_invalid, question_of
from services.calculations import service as calculations
from services.filing import repository, wording
from services.filing.errors import NotFiledHere, NothingToCorrect, NotYetOpen
from services.filing.facts import Facts, facts_of, obligation_read, opens_on
from services.filing.kinds import kind_of
from services.filing.models import FilingSheet
from services.filing.return_kind import LineForm, ReturnKind
from services.filing.schemas import Entry, FieldRead, Item, Sheet, Source
from services.taxes.calculator import CannotCalculate, Result
from services.taxes.worksheet import money

Lines = Sequence[Mapping[str, Any]]


def digest_of(taxpayer_id: str, obligation_id: str, given: Lines) -> str:
    """What tells a repeat from something else: the obligation and everything that was filled in."""
    filled = [{name: str(value) for name, value in line.items() if value is not None} for line in given]
    return hashlib.sha256(json.dumps([taxpayer_id, obligation_id, filled], sort_keys=True).encode()).hexdigest()


async def prepare(principal: Principal, obligation_id: str, given: Lines, *, channel: str) -> FilingSheet:
    """Work a return out and keep the sheet; `given` is what was filled in, the rest is taken as known.

    Raises `ObligationNotFound`, `NotFiledHere`, `NotYetOpen`, `NothingToCorrect`, `FormInvalid` with a sentence for
    each wrong field, what the calculators raise, `CoreSystemUnavailable` and `CoreSystemRefused`.
    """
    assert principal.taxpayer_id is not None, "the level is AUTHORISED"
    facts = await facts_of(principal.taxpayer_id, obligation_id)
    kind = fileable(facts)
    filled = combined(kind, facts, given)
    lines = [_read(kind, line) for line in filled]
    result = kind.result(lines, facts.filer)
    content = _sheet(principal, facts, kind, filled, lines, given, result)
    if facts.before is not None and facts.before.payload == content.payload:
        raise NothingToCorrect(
            wording.NOTHING_CHANGED.format(receipt=content.earlier and content.earlier.receipt_number)
        )
    async with transaction() as session:
        kept = await calculations.keep(
            session, result, {"lines": filled}, channel=channel, owner=principal.person_id
        )  # fmt: skip
        content.citations = [Source.model_validate(one.model_dump()) for one in kept.citations]
        sheet = FilingSheet(
            person_id=principal.person_id,
            taxpayer_id=principal.taxpayer_id,
            obligation_id=obligation_id,
            digest=digest_of(principal.taxpayer_id, obligation_id, given),
            content=content.model_dump(mode="json"),
            trace_id=kept.trace_id,
            made_at=clock.now(),
        )
        await repository.save_sheet(session, sheet)
        await looked(session, principal, "filing.preview")
    return sheet


def fileable(facts: Facts) -> ReturnKind:
    """The kind of return, if it may be filed here and now.

    Raises `NotFiledHere`, `NotYetOpen`.
    """
    obligation = facts.filer.obligation
    kind = kind_of(obligation.form)
    if kind is None:
        raise NotFiledHere(wording.NOT_HERE.format(title=obligation.title, day=obligation.due_on.isoformat()))
    if opens_on(obligation) > clock.today():
        period = wording.period_words(obligation.period_from, obligation.period_to)
        raise NotYetOpen(wording.NOT_YET_OPEN.format(period=period, day=opens_on(obligation).isoformat()))
    return kind


def fields_of(kind: ReturnKind) -> list[FieldRead]:
    """The fields of a line, in the order of the form."""
    return [
        FieldRead(
            name=name, label=kind.label(name), prompt=question_of(kind.line, name).prompt, required=info.is_required()
        )
        for name, info in kind.line.model_fields.items()
    ]  # fmt: skip


def combined(kind: ReturnKind, facts: Facts, given: Lines) -> list[dict[str, Any]]:
    """The lines to be declared: what was filled in over what is known; several lines replace the known ones.

    Raises `FormInvalid` where a return of one line got several.
    """
    filled = [{name: value for name, value in line.items() if value not in (None, "")} for line in given]
    if kind.many:
        if len(filled) == len(facts.known) == 1 and _same_thing(kind, filled[0], facts.known[0]):
            return [dict(facts.known[0]) | filled[0]]
        return filled or [dict(line) for line in facts.known]
    if len(filled) > 1:
        raise form_invalid([{"field": "lines", "message": wording.ONE_LINE}])
    known = dict(facts.known[0]) if facts.known else {}
    return [known | (filled[0] if filled else {})]


def _same_thing(kind: ReturnKind, given: Mapping[str, Any], known: Mapping[str, str]) -> bool:
    """Whether a line that was filled in speaks of the known thing (the one car): what it must say is no other."""
    needed = [name for name, field in kind.line.model_fields.items() if field.is_required()]
    return all(name not in given or str(given[name]) == known.get(name) for name in needed)


def _read(kind: ReturnKind, line: Mapping[str, Any]) -> LineForm:
    try:
        return kind.line.model_validate(dict(line))
    except ValidationError as error:
        complaints = []
        for item in error.errors(include_url=False):
            told = complaint(kind.line, item, wording.UNKNOWN_FIELD)
            if item["type"] == "missing":
                told["message"] = question_of(kind.line, told["field"]).prompt
            complaints.append(told)
        raise form_invalid(complaints) from None


def _sheet(
    principal: Principal, facts: Facts, kind: ReturnKind, filled: Lines, lines: Sequence[LineForm], given: Lines,
    result: Result,
) -> Sheet:  # fmt: skip
    obligation, today = facts.filer.obligation, clock.today()
    shown = obligation_read(obligation, today)
    items = _items(kind, result)
    total = sum((item.amount for item in items), Decimal("0.00"))
    if total < 0:
        raise CannotCalculate(wording.LESS_THAN_NOTHING)
    entries = [
        entry
        for number, (line, told) in enumerate(zip(lines, filled, strict=True), 1)
        for entry in _entries(kind, facts, number, line, told, given)
    ]
    assert principal.taxpayer_id is not None
    return Sheet(
        taxpayer_id=principal.taxpayer_id,
        taxpayer_name=facts.filer.taxpayer.name,
        filed_by=wording.filed_by(principal.name, principal.role),
        obligation_id=obligation.obligation_id,
        form=obligation.form,
        title=kind.title,
        period=shown.period,
        period_from=obligation.period_from,
        period_to=obligation.period_to,
        due_on=obligation.due_on,
        entries=entries,
        payload=_payload(kind, entries, total),
        items=items,
        total=total,
        nil=kind.is_nil(lines),
        days_late=0 if facts.earlier else max(-shown.days_left, 0),
        earlier=facts.earlier,
        remarks=list(kind.remarks(result)),
        notes=list(result.notes),
        citations=[],
        explained=result.explained(),
    )


def _items(kind: ReturnKind, result: Result) -> list[Item]:
    """The amounts by tax: the main one always, the others where there is something."""
    declared = kind.declared(result)
    return [
        Item(tax=item.tax, title=item.title, amount=item.amount)
        for place, item in enumerate(declared)
        if item.amount or not place
    ]


def _entries(
    kind: ReturnKind, facts: Facts, number: int, line: LineForm, told: Mapping[str, Any], given: Lines
) -> list[Entry]:
    """The figures of a line that were filled in or are known, in the order of the form."""
    known = facts.known[number - 1] if number <= len(facts.known) else {}
    own = given[number - 1] if number <= len(given) else {}
    entries = []
    for name in kind.line.model_fields:
        value = getattr(line, name)
        if name not in told or value is None:
            continue
        entries.append(
            Entry(
                line=number, name=name, label=kind.label(name), value=_plain(kind, name, value),
                shown=_shown(kind, name, value),
                source=_source(kind, facts, name, value, known.get(name), own.get(name)),
            )
        )  # fmt: skip
    return entries


def _source(kind: ReturnKind, facts: Facts, name: str, value: Any, known: str | None, own: Any) -> str:
    """Where a figure comes from: known, or filled in by the person, who may have put it right."""
    if known is None:
        return wording.FILLED_IN
    before = _single(kind, name, known)
    if own in (None, "") or before == value:
        return facts.source
    return wording.changed_by_you(facts.source, known if before is None else _shown(kind, name, before))


def known_shown(kind: ReturnKind, facts: Facts, name: str) -> str | None:
    """What is known of a field, as people read it; None where nothing is."""
    known = facts.known[0].get(name) if facts.known else None
    value = None if known is None else _single(kind, name, known)
    return None if value is None else _shown(kind, name, value)


@lru_cache
def _field(line: type[LineForm], name: str) -> TypeAdapter[Any]:
    field = line.model_fields[name]
    return TypeAdapter(Annotated[field.annotation, *field.metadata])


def _single(kind: ReturnKind, name: str, value: str) -> Any:
    """One known value as its field reads it; None where the form does not take it."""
    try:
        return _field(kind.line, name).validate_python(value)
    except ValidationError:
        return None


def _is_money(kind: ReturnKind, name: str) -> bool:
    return question_of(kind.line, name).entity == "amount"


def _plain(kind: ReturnKind, name: str, value: Any) -> str:
    """A value as programs write it: money with two places, other numbers without empty ones."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:.2f}" if _is_money(kind, name) else f"{value.normalize():f}"
    return str(value.value) if isinstance(value, Enum) else str(value)


def _shown(kind: ReturnKind, name: str, value: Any) -> str:
    """A value as people read it."""
    if isinstance(value, Decimal) and _is_money(kind, name):
        return money(value)
    text = _plain(kind, name, value)
    return {choice.value: choice.title for choice in question_of(kind.line, name).choices}.get(text, text)


def _payload(kind: ReturnKind, entries: Sequence[Entry], total: Decimal) -> dict[str, str]:
    """What the core system gets: every figure by its name, with the line's number in front where there are several."""
    figures = {f"{entry.line}.{entry.name}" if kind.many else entry.name: entry.value for entry in entries}
    return {**figures, "total": str(total)}

"""Which values of a message may belong to which fields; the form's validators decide afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping

from actions.choosing import SHORTEST_PART, beside, chosen
from actions.fields import WEAK_KINDS, is_count, kind_of, mentioned
from actions.hearing import Heard
from actions.labelled import counted_numbers, labelled_none, labelled_numbers, labelled_texts
from actions.wording import SHORT
from hub.forms import check
from hub.kit.taxtext import NUMBER, Entity
from hub.skills import question_of

_LABEL_REACH = 10
IN_PASSING = 2
"""So many characters of a title must be said in a sentence that only opens a form, beside those of the form's name."""
_DIGITS_OF_ATTEMPT = 7
_ATTEMPT = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z](?: ?[0-9A-Za-z]){6,}")
_NEW_VALUE = re.compile(r"改成|改为|换成|应该是|应为|是")


def candidates_in(heard: Heard) -> dict[str, str]:
    """Values by field, as far as the message gives them; none of them checked yet."""
    said, standing = heard.said, heard.standing
    asked = standing.asked if standing.asked not in standing.known else None
    if asked and _answers_plainly(heard) and asked in standing.valid({asked: said.text}):
        return {asked: said.text}
    found = _by_entity(heard)
    if not heard.asks:
        found |= labelled_numbers(heard, found)
        found |= labelled_none(heard, found)
        found |= counted_numbers(heard, found)
        found |= labelled_texts(heard, found)
        found |= _by_choice(heard, found)
        if heard.corrects and not found:
            found |= _by_name(heard)
    if asked and asked not in found:
        found |= _bare(heard, asked)
    return found or _attempt(heard)


def _answers_plainly(heard: Heard) -> bool:
    """Whether the whole message is one value, which what was asked for may claim first: any digits may be a code."""
    if heard.said.settled and heard.said.intent != "provide":
        return False
    if not heard.mostly_values or heard.corrects or heard.is_about_another_field or other_amount(heard):
        return False
    kind = heard.standing.question(heard.standing.asked or "").entity
    others = [item for item in heard.said.entities if kind_of(item.kind) != kind]
    return len(heard.said.entities) <= 1 and all(item.value.isdigit() for item in others)


def other_amount(heard: Heard) -> str | None:
    """What to say when an amount was given that is, by its name, another one than the form asks for."""
    standing, asked = heard.standing, heard.standing.asked
    kind = standing.question(asked).entity if asked else None
    if asked is None or kind is None or heard.asks:
        return None
    for entity in heard.said.entities:
        called = _labelled(heard, entity) if entity.kind == kind else []
        if called and asked not in called:
            return f"您说的是{standing.label(called[0])}，这里需要的是{standing.label(asked)}。"
    return None


def _by_entity(heard: Heard) -> dict[str, str]:
    standing, found = heard.standing, dict[str, str]()
    entities = [item for item in heard.said.entities if item.kind not in WEAK_KINDS or heard.gives_weak_values]
    for entity in entities:
        name = _field_for(heard, entity, found)
        if name is None or (name in found and not heard.corrects):
            continue  # the first counts, unless somebody corrects himself in one sentence
        stray = entity.kind in WEAK_KINDS and len(entities) > 1 and not heard.corrects and not _labelled(heard, entity)
        if stray and name in standing.known:
            continue
        found[name] = _signed(heard, entity)
    return found


def _signed(heard: Heard, entity: Entity) -> str:
    """An amount with the sign that stands before it, where it is not the dash of a range."""
    before = heard.said.text[: entity.start]
    negative = entity.kind == "amount" and re.search(r"(?:(?<![\d万亿元])[-−]|负|亏损?)$", before)
    return f"-{entity.value}" if negative and not entity.value.startswith("-") else entity.value


def _field_for(heard: Heard, entity: Entity, found: Mapping[str, str]) -> str | None:
    """The field that a recognised thing is meant for: by its name in front of it, else by what is asked or missing."""
    standing = heard.standing
    form = standing.skill.form
    suitable = [name for name in form.model_fields if question_of(form, name).entity == kind_of(entity.kind)]
    called = _labelled(heard, entity)
    suitable = [name for name in suitable if name in called] or [
        name for name in suitable if name == standing.requested or not question_of(form, name).only_named
    ]
    taken = {**standing.known, **found}
    needed = [name for name in standing.skill.required_fields(taken) if name in suitable]
    missing = [name for name in needed if name not in taken]
    if standing.requested in suitable and standing.requested not in taken:
        return standing.requested
    if heard.corrects and len(needed) == len(missing):
        if known := [name for name in suitable if name in standing.known]:
            return known[0]
    fresh = [name for name in suitable if name not in taken]
    dates = sum(other.kind == entity.kind == "date" for other in heard.said.entities)
    several = fresh if dates > 1 and not heard.corrects else []
    return next(iter([*missing, *several, *needed, *fresh, *suitable]), None)


def _labelled(heard: Heard, entity: Entity) -> list[str]:
    """Fields of the entity's kind whose name stands closely before it."""
    said, form = heard.said, heard.standing.skill.form
    before = max((other.end for other in said.entities if other.end <= entity.start), default=0)
    words = said.text[max(before, entity.start - _LABEL_REACH) : entity.end]
    suitable = [name for name in form.model_fields if question_of(form, name).entity == kind_of(entity.kind)]
    return mentioned(form, words, suitable)


def _by_choice(heard: Heard, found: Mapping[str, str]) -> dict[str, str]:
    """Fields with a few choices, where the text names one of them."""
    standing, text, named = heard.standing, heard.said.text, dict[str, str]()
    for name in standing.skill.form.model_fields:
        question = standing.question(name)
        if not question.choices or question.entity or name in found:
            continue
        if name in standing.known and not heard.corrects:
            continue
        if name != standing.asked and not standing.starting and not heard.corrects and heard.rest > SHORT:
            continue
        told = _NEW_VALUE.split(text)[-1] if heard.corrects else text
        value = chosen(
            told, question.choices, IN_PASSING if standing.starting else SHORTEST_PART,
            places=name == standing.asked, known=standing.names_itself, names=name in standing.offered,
        )  # fmt: skip
        if value is None and name in standing.offered:
            value = check(standing.skill.form, {name: told}, {}).values.get(name)
            if value not in {choice.value for choice in question.choices}:
                continue
        if value is None and heard.corrects and name not in heard.names:
            continue
        told = beside(told, standing.names_itself)  # the form's own name says nothing about its fields
        if name in standing.valid({name: value or told}):
            value = value or told
            named[name] = value
    return named


def _by_name(heard: Heard) -> dict[str, str]:
    """金额改成2260: a bare value for the field that is called by its name."""
    standing, text = heard.standing, heard.said.text
    # also what is not asked: "当地税率改成4%"
    form = standing.skill.form
    names = mentioned(form, text, dict.fromkeys([*standing.needed, *standing.known, *form.model_fields]))
    after = _NEW_VALUE.split(text)[-1]
    for name in names:
        if after != text and name in standing.valid({name: after}):
            return {name: after}
    # one field and a new value that is wrong: its own words say why
    wrong = len(names) == 1 and after != text and re.search(NUMBER, after)
    return {names[0]: after} if wrong else {}


def _bare(heard: Heard, asked: str) -> dict[str, str]:
    """What was asked for, as a number beside other values that name themselves."""
    if heard.asks or heard.corrects or heard.is_about_another_field or heard.rest > SHORT:
        return {}
    counts = is_count(heard.standing.skill.form, asked)
    if not (heard.standing.question(asked).entity or counts):
        return {}
    rest = heard.said.without_entities()
    number = re.search(NUMBER if counts else r"\d", rest)
    return {asked: rest} if number and asked in heard.standing.valid({asked: rest}) else {}


def _attempt(heard: Heard) -> dict[str, str]:
    """A long number that is nothing we know: most likely the identifier that is wanted, mistyped."""
    standing = heard.standing
    runs = (found[0] for found in _ATTEMPT.finditer(heard.said.without_entities()))
    run = next((run for run in runs if sum(map(str.isdigit, run)) >= _DIGITS_OF_ATTEMPT), None)
    wanted = [standing.asked] if standing.asked else [name for name in standing.needed if name not in standing.known]
    for name in wanted:
        if run and standing.question(name).entity not in (None, *WEAK_KINDS):
            return {name: run}
    return {}

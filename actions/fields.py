"""Fields of a skill's form as people talk about them: what they are called, and what is recognised as one."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, get_args

from pydantic import BaseModel

from hub.skills import Question, question_of

# recognised wherever they stand: nobody mentions such a number without meaning this one thing
WEAK_KINDS = frozenset({"amount", "date"})
_FAMILY = {"uscc_invalid": "uscc"}


def kind_of(entity: str) -> str:
    """The kind of field that a recognised thing is meant for, even if the thing itself is not right."""
    return _FAMILY.get(entity, entity)


def names_of(question: Question) -> tuple[str, ...]:
    """The words by which people call a field."""
    return (question.label, *question.synonyms)


@lru_cache
def is_count(form: type[BaseModel], name: str) -> bool:
    """Whether a field is a number that is no amount of money: people, months, an area, a rate."""
    return question_of(form, name).entity is None and bool(_types(form.model_fields[name].annotation) & {int, Decimal})


@lru_cache
def is_text(form: type[BaseModel], name: str) -> bool:
    """Whether a field is a few free words, such as a name: nothing that is recognised, counted or chosen; no prose."""
    question = question_of(form, name)
    told_apart = question.entity or question.choices or question.options or not question.interruptible
    return not told_apart and str in _types(form.model_fields[name].annotation)


def _types(annotation: Any) -> set[Any]:
    """The plain types that an annotation is made of."""
    parts = get_args(annotation)
    if not parts:
        return {annotation} if isinstance(annotation, type) and not issubclass(annotation, Enum) else set()
    return {found for part in parts for found in _types(part)}


def mentioned(form: type[BaseModel], text: str, among: Iterable[str]) -> list[str]:
    """Fields that the text calls by name; those with the longest name, since 金额 is part of 不含税金额."""
    found: dict[str, int] = {}
    for name in among:
        lengths = [len(word) for word in names_of(question_of(form, name)) if word in text]
        if lengths:
            found[name] = max(lengths)
    longest = max(found.values(), default=0)
    return [name for name, length in found.items() if length == longest]

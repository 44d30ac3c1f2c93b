"""Fields of a skill's form: which values are valid, what they are called, and how they are shown to people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError, create_model, field_validator

from hub.skills import Question, question_of

# recognised wherever they stand: nobody mentions such a number without meaning this one thing
WEAK_KINDS = frozenset({"amount", "date"})
_FAMILY = {"uscc_invalid": "uscc"}


@dataclass(frozen=True, slots=True)
class Checked:
    """Values in canonical form, and what is wrong with the others, in words for people."""

    values: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def kind_of(entity: str) -> str:
    """The kind of field that a recognised thing is meant for, even if the thing itself is not right."""
    return _FAMILY.get(entity, entity)


@lru_cache
def _partial(form: type[BaseModel]) -> type[BaseModel]:
    """The form with every field optional and its field validators, but without rules about the whole."""
    fields: dict[str, Any] = {
        name: (Annotated[(info.annotation, *info.metadata)], Field(default=None, validate_default=False))
        for name, info in form.model_fields.items()
    }
    validators: dict[str, Any] = {
        name: field_validator(*found.info.fields, mode=found.info.mode, check_fields=False)(found.func)
        for name, found in form.__pydantic_decorators__.field_validators.items()
    }
    return create_model(f"Partial{form.__name__}", __validators__=validators, **fields)


def check(form: type[BaseModel], candidates: Mapping[str, str], known: Mapping[str, str]) -> Checked:
    """What the form's own validators say to the candidates, given the values known so far."""
    given: dict[str, str] = {**known, **candidates}
    problems: dict[str, str] = {}
    while True:
        try:
            model = _partial(form).model_validate(given)
        except ValidationError as error:
            wrong = {str(item["loc"][0]): _words(form, item) for item in error.errors() if item["loc"]}
            if not wrong.keys() & given.keys():
                return Checked({}, problems)
            problems |= wrong
            given = {name: value for name, value in given.items() if name not in wrong}
        else:
            dumped = model.model_dump(mode="json", include=set(given), exclude_none=True)
            values = {name: str(dumped[name]) for name in candidates if name in dumped}
            return Checked(values, {name: words for name, words in problems.items() if name in candidates})


def _words(form: type[BaseModel], item: Any) -> str:
    """Our own words where a validator chose them, else those of the field."""
    if item["type"] == "value_error":
        return str(item["ctx"]["error"])
    return question_of(form, str(item["loc"][0])).invalid


def shown(form: type[BaseModel], name: str, value: str) -> str:
    """A canonical value as people read it."""
    question = question_of(form, name)
    for choice in question.choices:
        if choice.value == value:
            return choice.title
    if question.entity == "date":
        day = date.fromisoformat(value)
        return f"{day.year}年{day.month}月{day.day}日"
    if question.entity == "amount":
        return f"{Decimal(value)}元"
    return value


def summary(form: type[BaseModel], values: Mapping[str, str], names: Iterable[str]) -> str:
    """Every field with its value, a line each."""
    return "\n".join(
        f"{question_of(form, name).label}：{shown(form, name, values[name])}" for name in names if name in values
    )


def names_of(question: Question) -> tuple[str, ...]:
    """The words by which people call a field."""
    return (question.label, *question.synonyms)


def mentioned(form: type[BaseModel], text: str, among: Iterable[str]) -> list[str]:
    """Fields that the text calls by name; those with the longest name, since 金额 is part of 不含税金额."""
    found: dict[str, int] = {}
    for name in among:
        lengths = [len(word) for word in names_of(question_of(form, name)) if word in text]
        if lengths:
            found[name] = max(lengths)
    longest = max(found.values(), default=0)
    return [name for name, length in found.items() if length == longest]

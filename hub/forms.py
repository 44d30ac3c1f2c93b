"""Forms of skills wherever they are filled in: which values are valid, what is wrong, how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError, create_model, field_validator

from hub.kit.masking import mask_phone, mask_resident_id
from hub.skills import Choice, question_of


@dataclass(frozen=True, slots=True)
class Checked:
    """Values in canonical form, and what is wrong with the others, in words for people."""

    values: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


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


def reasons(error: ValidationError, form: type[BaseModel]) -> str:
    """What is wrong, in our own words wherever a validator chose them."""
    told = [_words(form, item) for item in error.errors() if item["type"] == "value_error" or item["loc"]]
    return "\n".join(dict.fromkeys(told)) or "填写的内容有误，请核对。"


def wrong_fields(error: ValidationError, form: type[BaseModel]) -> list[str]:
    """The fields that an error names; none where a rule about the whole is broken."""
    wrong = {str(item["loc"][0]) for item in error.errors() if item["loc"]}
    return [name for name in form.model_fields if name in wrong]


def _words(form: type[BaseModel], item: Any) -> str:
    """Our own words where a validator chose them, else those of the field."""
    if item["type"] == "value_error":
        return str(item["ctx"]["error"])
    return question_of(form, str(item["loc"][0])).invalid


HIDDEN = "已填写"
MASKED: Mapping[str, Callable[[str], str]] = {"phone": mask_phone, "resident_id": mask_resident_id}


def shown(form: type[BaseModel], name: str, value: str, choices: Iterable[Choice] = ()) -> str:
    """A canonical value as people read it; `choices` are those that were worked out for this person."""
    question = question_of(form, name)
    if question.secret:
        return HIDDEN
    for choice in (*question.choices, *choices):
        if choice.value == value:
            return choice.title
    if question.entity == "date":
        day = date.fromisoformat(value)
        return f"{day.year}年{day.month}月{day.day}日"
    if question.entity == "amount":
        return f"{Decimal(value):,}元"
    if question.entity and question.entity in MASKED:
        return MASKED[question.entity](value)
    return value


Offered = Mapping[str, Sequence[Choice]]
"""The choices that were worked out for this person, by field."""


def summary(
    form: type[BaseModel], values: Mapping[str, str], names: Iterable[str], offered: Offered = MappingProxyType({})
) -> str:
    """Every field with its value, a line each."""
    return "\n".join(
        f"{question_of(form, name).label}：{shown(form, name, values[name], offered.get(name, ()))}"
        for name in names
        if name in values
    )

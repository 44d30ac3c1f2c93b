"""What is asked in conversation: which obligation, and the figures of the returns that a skill files.

A figure that nobody names stays empty and is taken as known, so that figures of one period never slip into another.
The value of `obligation_id` says how it is filed: with what is known ("file:…"), with figures to be asked for since
nothing is known ("fill:…"), or as a correction, whose figures are asked for as well ("correct:…").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model, model_validator
from pydantic_core import InitErrorDetails

from hub.skills import Before, Options, Values, ask, question_of
from services.filing import wording
from services.filing.return_kind import ReturnKind

LONGEST_ID = 120


class How(StrEnum):
    """How an obligation is filed in conversation."""

    FILE = "file"
    FILL = "fill"
    CORRECT = "correct"


@dataclass(frozen=True, slots=True)
class Pick:
    """An obligation, its form and how it is filed; programs give the bare id."""

    obligation_id: str
    form: str | None = None
    how: How = How.FILE

    @classmethod
    def read(cls, value: str) -> Pick:
        """From the value of the field."""
        how, _, rest = value.partition(":")
        form, mark, obligation_id = rest.partition(":")
        return cls(obligation_id, form, How(how)) if mark and how in set(How) else cls(value)

    @property
    def value(self) -> str:
        """As the field holds it."""
        return f"{self.how}:{self.form}:{self.obligation_id}"


class FilingForm(BaseModel):
    """What the forms of all returns have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def lines(self) -> list[Mapping[str, Any]]:
        """The figures that were named, as the one line of a return."""
        given = self.model_dump(exclude_none=True, exclude={"obligation_id"})
        return [given] if given else []


class VatForm(FilingForm):
    """What the forms of VAT returns check as a whole."""

    @model_validator(mode="after")
    def _part_and_whole(self) -> Self:
        """Sales with special invoices are part of all sales: said at the field, so that it is asked for again."""
        sales, special = getattr(self, "sales", None), getattr(self, "special_sales", None)
        if sales is not None and special is not None and special > sales:
            wrong: InitErrorDetails = {
                "type": "value_error", "loc": ("special_sales",), "input": None,
                "ctx": {"error": ValueError(wording.SPECIAL_TOO_MUCH)},
            }  # fmt: skip
            raise ValidationError.from_exception_data(type(self).__name__, [wrong])
        return self


def filing_form(
    name: str, base: type[FilingForm], fields: Mapping[str, ReturnKind], *, options: Options, told: Mapping[str, Before]
) -> type[FilingForm]:
    """A form with these fields, each worded as in the return that it belongs to, none of them needed.

    `told` says, by field, what is known of it before it is asked for.
    """
    parts: dict[str, Any] = {
        "obligation_id": (
            str,
            ask(
                prompt=wording.WHICH, invalid=wording.WHICH_INVALID, label=wording.PERIOD, synonyms=("期间", "哪一期"),
                options=options, max_length=LONGEST_ID,
            ),
        )
    }  # fmt: skip
    for field, kind in fields.items():
        info, question = kind.line.model_fields[field], question_of(kind.line, field)
        annotation: Any = info.annotation
        worded = replace(question, before=told.get(field))
        rules = [rule for rule in info.metadata if rule is not question]
        parts[field] = (
            Annotated[(annotation | None, *rules, worded)],
            Field(None, title=question.label, description=question.hint or question.prompt),
        )
    return create_model(name, __base__=base, __module__=__name__, **parts)


Asked = Sequence[str] | Callable[[Values], Sequence[str]]
"""Figures to be asked for; which, may depend on those that are known."""


def required_of(asked: Asked) -> Callable[[Values], list[str]]:
    """Which fields are needed: the obligation, and where nothing is known or something is to be corrected, these."""

    def required(values: Values) -> list[str]:
        pick = Pick.read(str(values.get("obligation_id", "")))
        figures = asked(values) if callable(asked) else asked
        return ["obligation_id", *(figures if pick.how is not How.FILE else ())]

    return required

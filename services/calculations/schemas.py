"""What callers see of calculators and calculations; amounts are decimals in 元, written as strings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from knowledge_base.register import register
from services.taxes.calculator import Result
from services.taxes.worksheet import Step

ESTIMATE = "以上为试算，以申报时税务机关受理的结果为准。"


class CalculatorRead(BaseModel):
    """One calculator; `form` is a JSON Schema."""

    name: str
    title: str
    summary: str
    form: dict[str, Any]


class FigureRead(BaseModel):
    """A result in 元."""

    name: str
    label: str
    amount: Decimal


class ReadingRead(BaseModel):
    """A number of the law that a step read, with the document that set it."""

    key: str
    title: str
    value: str
    unit: str
    document: str


class StepRead(BaseModel):
    """One line of the calculation; `basis` names documents and articles in words."""

    title: str
    formula: str
    amount: Decimal
    unit: str
    readings: list[ReadingRead]
    basis: list[str]


class SourceRead(BaseModel):
    """A document behind the calculation; `article` names the articles that the steps rest on, where they name any."""

    title: str
    document_number: str | None
    article: str | None = None
    effective_from: date
    effective_to: date | None
    authority: str | None = None
    url: str | None = None


class CalculationRead(BaseModel):
    """What came out; `trace_id` gives the same answer again, `text` explains it to a person step by step."""

    trace_id: UUID
    calculator: str
    title: str
    day: date
    figures: list[FigureRead]
    steps: list[StepRead]
    notes: list[str]
    citations: list[SourceRead]
    text: str


def calculation_read(trace_id: UUID, result: Result) -> CalculationRead:
    """A result as callers see it."""
    return CalculationRead(
        trace_id=trace_id,
        calculator=result.calculator,
        title=result.title,
        day=result.day,
        figures=[FigureRead(name=one.name, label=one.label, amount=one.amount) for one in result.figures],
        steps=[_step(step) for step in result.steps],
        notes=[*result.notes, ESTIMATE],
        citations=[_source(key, result.steps) for key in result.documents],
        text=result.explained(),
    )


def _step(step: Step) -> StepRead:
    readings = [
        ReadingRead(
            key=one.key, title=one.title, value=one.value, unit=one.unit, document=register()[one.document].title
        )
        for one in step.readings
    ]  # fmt: skip
    return StepRead(
        title=step.title, formula=step.formula, amount=step.amount, unit=step.unit, readings=readings,
        basis=[str(one) for one in step.basis],
    )  # fmt: skip


def _source(key: str, steps: Sequence[Step]) -> SourceRead:
    found = register()[key]
    articles = [one.article for step in steps for one in step.basis if one.document == key and one.article]
    return SourceRead(
        title=found.title, document_number=found.number, article="、".join(dict.fromkeys(articles)) or None,
        effective_from=found.effective_from, effective_to=found.effective_to,
        authority=found.authority, url=found.url,
    )  # fmt: skip

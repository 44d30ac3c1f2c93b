"""Works a tax out, keeps the steps, and explains an amount again by its trace id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from hub.kit.db import transaction
from hub.kit.errors import NotFound
from hub.kit.ids import new_id
from hub.skills import FormInvalid, complaint, form_invalid, question_of
from services.calculations import repository
from services.calculations.models import Calculation
from services.calculations.schemas import CalculationRead, CalculatorRead, calculation_read
from services.taxes.calculator import Calculator
from services.taxes.registry import CALCULATORS, calculator_by_name

UNKNOWN_FIELD = "没有这一项，请对照计算器的表单填写。"


class CalculatorNotFound(NotFound):
    """Nothing of this name can be worked out."""

    code = "calculator_not_found"
    message = "没有这个计算器，请查看计算器列表。"


class CalculationNotFound(NotFound):
    """No such calculation, or its retention is over."""

    code = "calculation_not_found"
    message = "没有找到这次试算，可能已超过保存期限，请重新计算。"


def calculators() -> list[CalculatorRead]:
    """Everything that can be worked out, with the form that each takes."""
    return [
        CalculatorRead(
            name=one.name, title=one.title, summary=one.summary, form=one.form.model_json_schema()
        )
        for one in CALCULATORS
    ]  # fmt: skip


async def calculate(name: str, values: Mapping[str, Any], *, channel: str) -> CalculationRead:
    """Work a tax out and keep the steps.

    Raises `CalculatorNotFound`, `FormInvalid` with a sentence for each wrong field, and what the calculator raises:
    `NoLawForTheDay`, `CannotCalculate`.
    """
    try:
        calculator = calculator_by_name(name)
    except LookupError:
        raise CalculatorNotFound from None
    try:
        form = calculator.read(values)
    except ValidationError as error:
        raise _invalid(calculator, error) from None
    read = calculation_read(new_id(), calculator.calculate(form))
    async with transaction() as session:
        await repository.save(
            session,
            Calculation(
                id=read.trace_id, calculator=name, channel=channel,
                form=form.model_dump(mode="json"), result=read.model_dump(mode="json"),
            ),
        )  # fmt: skip
    return read


async def explained(trace_id: UUID) -> CalculationRead:
    """What was said then, with its steps; the law may have changed since.

    Raises `CalculationNotFound`.
    """
    async with transaction() as session:
        found = await repository.find(session, trace_id)
    if found is None:
        raise CalculationNotFound
    return CalculationRead.model_validate(found.result)


def _invalid(calculator: Calculator, error: ValidationError) -> FormInvalid:
    complaints = [complaint(calculator.form, item, UNKNOWN_FIELD) for item in error.errors(include_url=False)]
    for item, told in zip(error.errors(include_url=False), complaints, strict=True):
        if item["type"] == "missing":
            told["message"] = question_of(calculator.form, told["field"]).prompt
    return form_invalid(complaints)

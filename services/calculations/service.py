"""Works a tax out, keeps the steps, and explains an amount again by its trace id, to its owner where it has one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit import record
from hub.kit.db import reading, transaction
from hub.kit.errors import NotFound
from hub.kit.ids import new_id
from hub.skills import Access, FormInvalid, Principal, complaint, form_invalid, question_of
from services.calculations import repository
from services.calculations.models import Calculation
from services.calculations.schemas import CalculationRead, CalculatorRead, calculation_read
from services.taxes.calculator import Calculator, Result
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
    result = calculator.calculate(form)
    async with transaction() as session:
        return await keep(session, result, form, channel=channel)


async def calculate_asked(
    name: str, values: Mapping[str, Any], *, asked: BaseModel, skill: str, channel: str
) -> CalculationRead:
    """Work a tax out for a skill; kept with what the person entered, so that it can be changed later.

    Raises as `calculate` does.
    """
    calculator = calculator_by_name(name)
    try:
        result = calculator.calculate(calculator.read(values))
    except ValidationError as error:
        raise _invalid(calculator, error) from None
    entered = asked.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    async with transaction() as session:
        return await keep(session, result, entered, calculator=skill, channel=channel)


async def keep(
    session: AsyncSession,
    result: Result,
    form_values: Mapping[str, Any] | BaseModel,
    *,
    calculator: str | None = None,
    channel: str,
    owner: UUID | None = None,
) -> CalculationRead:
    """Keep a result with its steps in the caller's transaction, under a new trace id.

    `form_values` is what was entered; `calculator` is needed only where the record should carry another name than the
    result's. With an `owner` (a person's id) it is explained to that person alone.
    """
    read = calculation_read(new_id(), result)
    row = Calculation(
        id=read.trace_id,
        calculator=calculator or result.calculator,
        form=to_jsonable_python(form_values),
        result=read.model_dump(mode="json"),
        channel=channel,
        owner=owner,
    )
    await repository.save(session, row)
    return read


async def explained(trace_id: UUID, owner: UUID | None = None) -> CalculationRead:
    """What was said then, with its steps; the law may have changed since.

    A look at what belongs to a person is written down. Raises `CalculationNotFound`, also where it belongs to somebody
    else than `owner`.
    """
    async with transaction() as session:
        found = await _found(session, trace_id, owner)
        if found.owner is not None:
            await record(session, f"person:{found.owner}", "calculation_explained", f"calculation:{trace_id}")
    return CalculationRead.model_validate(found.result)


def owner_of(principal: Principal | None) -> UUID | None:
    """Whose own calculations may be shown: nobody's to who has shown only a phone, since numbers change hands."""
    return principal.person_id if principal and principal.level.covers(Access.REAL_NAME) else None


async def entered(trace_id: UUID) -> tuple[str, dict[str, Any]]:
    """What was asked for and what was filled in, of a calculation that belongs to nobody.

    Raises `CalculationNotFound`.
    """
    async with reading() as session:
        found = await _found(session, trace_id, None)
    return found.calculator, found.form


async def _found(session: AsyncSession, trace_id: UUID, owner: UUID | None) -> Calculation:
    found = await repository.find(session, trace_id)
    if found is None or found.owner not in (None, owner):
        raise CalculationNotFound
    return found


def _invalid(calculator: Calculator, error: ValidationError) -> FormInvalid:
    complaints = [complaint(calculator.form, item, UNKNOWN_FIELD) for item in error.errors(include_url=False)]
    for item, told in zip(error.errors(include_url=False), complaints, strict=True):
        if item["type"] == "missing":
            told["message"] = question_of(calculator.form, told["field"]).prompt
    return form_invalid(complaints)

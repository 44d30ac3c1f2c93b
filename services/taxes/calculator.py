"""What a calculator is: a form, the day whose law counts, and a pure function that fills a worksheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from hub.kit.clock import today
from hub.kit.errors import Invalid
from hub.skills import ask
from knowledge_base.parameters.loader import ParameterError, Parameters, parameters
from services.taxes.worksheet import Step, Worksheet, cents, money


class NoLawForTheDay(Invalid):
    """Some parameter has no value on the day that the calculation is about."""

    code = "no_law_for_the_day"
    message = "知识库没有收录这一天适用的规定，不能计算。请换一个日期，或回复“转人工”。"


class CannotCalculate(Invalid):
    """The values are each possible but not together; the message says which and what to do."""

    code = "cannot_calculate"


class TaxForm(BaseModel):
    """What every calculator asks; `on` is the day on which the duty arises and whose law counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: date = ask(
        default_factory=today, prompt="按哪一天的规定计算？", label="日期", invalid="请输入日期，例如 2026-11-22。"
    )


@dataclass(frozen=True, slots=True)
class Figure:
    """A result in 元 with its Chinese name; `name` is stable for programs."""

    name: str
    label: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Result:
    """What came out: the figures, the one that is to be paid first; the steps; notes; the documents behind it."""

    calculator: str
    title: str
    day: date
    figures: tuple[Figure, ...]
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    documents: tuple[str, ...]

    def amount(self, name: str) -> Decimal:
        """The figure of this name.

        Raises `LookupError` when there is none.
        """
        for figure in self.figures:
            if figure.name == name:
                return figure.amount
        raise LookupError(f"{self.calculator}: no figure {name}")

    def explained(self) -> str:
        """The steps in plain words, for “为什么是这个数”."""
        lines = []
        for number, step in enumerate(self.steps, 1):
            value = money(step.amount) if step.unit == "元" else f"{step.amount.normalize():f}{step.unit}"
            lines.append(f"{number}. {step.title}：{step.formula} = {value}")
            lines += [f"   依据：{basis}" for basis in step.basis]
        return "\n".join(lines)


Computation = Callable[[Any, Worksheet], Sequence[Figure]]


@dataclass(frozen=True, slots=True)
class Calculator:
    """A tax or relief that can be worked out; `compute` is pure and raises `CannotCalculate` on impossible values."""

    name: str
    title: str
    summary: str
    form: type[TaxForm]
    compute: Computation

    def calculate(self, form: TaxForm, law: Parameters | None = None) -> Result:
        """Work it out by the law of `form.on`.

        Raises `NoLawForTheDay` when the parameters do not reach to that day, `CannotCalculate` as `compute` does.
        """
        sheet = Worksheet(parameters() if law is None else law, form.on)
        try:
            figures = self.compute(form, sheet)
        except ParameterError as error:
            raise NoLawForTheDay from error
        rounded = tuple(Figure(figure.name, figure.label, cents(figure.amount)) for figure in figures)
        return Result(
            self.name, self.title, form.on, rounded, tuple(sheet.steps), tuple(sheet.notes), tuple(sheet.documents())
        )

    def read(self, values: Mapping[str, Any]) -> TaxForm:
        """A form from plain values.

        Raises `pydantic.ValidationError`.
        """
        return self.form.model_validate(values)

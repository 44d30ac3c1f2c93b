"""What a kind of return is: what people fill in, which calculator works it out, and which amounts it declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from hub.kit.taxtext import by_names, counts_in, normalise, parse_amount, parse_count
from hub.skills import Choice, ask, question_of
from services.gateways.tax_core.protocol import Obligation, TaxItem, Taxpayer
from services.taxes.calculator import Calculator, CannotCalculate, Result
from services.taxes.worksheet import cents

ZERO = Decimal(0)
_CENT_DIGITS = 15
_LONGEST = 60
_LOSS = ("亏", "负")


class LineForm(BaseModel):
    """What people fill in for one line of a return; names are those of the calculator's form."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Filer:
    """Who files for what: the facts about both that decide on the calculation."""

    taxpayer: Taxpayer
    obligation: Obligation

    @property
    def months(self) -> int:
        """How many months the period has."""
        start, end = self.obligation.period_from, self.obligation.period_to
        return (end.year - start.year) * 12 + end.month - start.month + 1


def _amount(value: object) -> object:
    """An amount as people, programs and spreadsheets write it; pydantic judges what is left."""
    if isinstance(value, float):
        return Decimal(str(value))
    if not isinstance(value, str) or not value.strip():
        return value
    text = value.strip()[:_LONGEST]
    found = parse_amount(text)
    if found is None:
        return text
    return -found if found > 0 and any(word in text for word in _LOSS) else found


Amount = Annotated[Decimal, BeforeValidator(_amount)]


def counted(*units: str) -> BeforeValidator:
    """Reads a number of things, with one of these units behind it or bare."""

    def read(value: object) -> object:
        if isinstance(value, float):
            return Decimal(str(value))
        found = parse_count(value[:_LONGEST], units) if isinstance(value, str) else None
        return value if found is None else found

    return BeforeValidator(read)


Tons = Annotated[Decimal, counted("净吨", "吨")]
Kilowatts = Annotated[Decimal, counted("千瓦", "kW")]
Metres = Annotated[Decimal, counted("米", "m")]
PEOPLE = ("个人", "名员工", "名职工", "个员工", "个职工", "人", "名", "位")
Headcount = Annotated[Decimal, counted(*PEOPLE)]
Month = Annotated[int, counted("个月", "月份", "月")]
LITRES = ("升", "L", "T")
MILLILITRES = ("毫升", "ml", "cc")
_LITRES_AT_MOST = Decimal(10)


def _millilitres(value: object) -> object:
    """1598毫升, 1598, 1.6升, 1.5T (with a turbocharger): whole millilitres; the law counts in litres itself."""
    if not isinstance(value, str):
        return value
    text = value[:_LONGEST]
    litres = next((number for _, _, number in counts_in(normalise(text), LITRES)), None)
    if litres is not None and litres <= _LITRES_AT_MOST:
        return int(litres * 1000)
    found = parse_count(text, MILLILITRES)
    return value if found is None or found != found.to_integral_value() else int(found)


Millilitres = Annotated[int, BeforeValidator(_millilitres)]


def chosen(choices: Sequence[Choice], names: Mapping[str, Sequence[str]] | None = None) -> BeforeValidator:
    """Reads one of the choices, by its title, its value, or what people call it (`names`, narrower ones first)."""
    by_title = {choice.title: choice.value for choice in choices}
    by_name = by_names(names or {})

    def read(value: object) -> object:
        text = value.strip() if isinstance(value, str) else value
        return by_title.get(text) or by_name(text) if isinstance(text, str) else text

    return BeforeValidator(read)


def yuan(label: str, prompt: str, default: Any = ZERO, *, synonyms: Sequence[str] = (), signed: bool = False) -> Any:
    """A field with an amount in 元; `signed` amounts may be less than nothing."""
    invalid = f"没有看懂{label}，请输入金额（元），例如 280000，没有填0。"
    limits: dict[str, Any] = {"max_digits": _CENT_DIGITS, "decimal_places": 2} | ({} if signed else {"ge": 0})
    return ask(
        default, prompt=prompt, invalid=invalid, label=label, entity="amount", synonyms=synonyms, hint=prompt,
        may_be_none=True, **limits
    )  # fmt: skip


Given = Callable[[Filer], Mapping[str, Any]]
Declared = Callable[[Result], Sequence[TaxItem]]
Remarks = Callable[[Result], Sequence[str]]


def no_remarks(result: Result) -> Sequence[str]:
    """Nothing to say beside the figures."""
    return ()


@dataclass(frozen=True, slots=True)
class ReturnKind:
    """A return that can be filed here. `form` is the core system's name of it.

    `line` is what people fill in; a return with `many` lines (contracts, vehicles) works each out by itself and adds
    them up. `given` are the values that come from the taxpayer's file and the period, `declared` the amounts by tax,
    `remarks` what people are told about exemptions.
    """

    form: str
    title: str
    calculator: Calculator
    line: type[LineForm]
    given: Given
    declared: Declared
    remarks: Remarks = no_remarks
    many: bool = False

    def result(self, lines: Sequence[LineForm], filer: Filer) -> Result:
        """The whole return worked out by the law of the last day of its period.

        Raises `NoLawForTheDay`, and `CannotCalculate` with what to do.
        """
        given = {**self.given(filer), "on": filer.obligation.period_to}
        results = [
            self.calculator.calculate(self.calculator.form.model_validate({**line.model_dump(), **given}))
            for line in lines
        ]
        return results[0] if len(results) == 1 else merged(results)

    def is_nil(self, lines: Sequence[LineForm]) -> bool:
        """Whether every amount that was filled in is nothing: a nil return, which is not an exempt one."""
        return all(not value for line in lines for value in line.model_dump().values() if isinstance(value, Decimal))

    def label(self, name: str) -> str:
        """What a field is called."""
        return question_of(self.line, name).label


def merged(results: Sequence[Result]) -> Result:
    """Several lines as one result: figures added up, steps one after the other with their line's number.

    Raises `CannotCalculate` when there is no line.
    """
    if not results:
        raise CannotCalculate("申报表里一行也没有，请至少填写一行。")
    first = results[0]
    steps = tuple(
        type(step)(f"第{number}行 {step.title}", step.formula, step.amount, step.unit, step.readings, step.basis)
        for number, result in enumerate(results, 1)
        for step in result.steps
    )
    figures = tuple(
        type(figure)(figure.name, figure.label, cents(sum((one.amount(figure.name) for one in results), ZERO)))
        for figure in first.figures
    )
    notes = tuple(dict.fromkeys(note for result in results for note in result.notes))
    documents = tuple(dict.fromkeys(key for result in results for key in result.documents))
    return Result(first.calculator, first.title, first.day, figures, steps, notes, documents)

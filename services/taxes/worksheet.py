"""The paper on which a tax is worked out: every step with its amount, the parameters it read and the law behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from knowledge_base.parameters.loader import ParameterError, Parameters
from knowledge_base.register import register

CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """An amount in 元 to the cent (角 and 分 are kept, halves go up), as returns have it."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def money(amount: Decimal) -> str:
    """An amount as people read it: 1,234.50元."""
    return f"{cents(amount):,}元"


def percent(rate: Decimal) -> str:
    """A rate as people read it: 3%, 1.5%."""
    return f"{(rate * 100).normalize():f}%"


@dataclass(frozen=True, slots=True)
class Basis:
    """Where a step stands in the law; `article` is empty where the whole document is meant."""

    document: str
    article: str = ""

    def __str__(self) -> str:
        found = register()[self.document]
        return f"《{found.title}》{self.article}" + (f"（{found.number}）" if found.number else "")


@dataclass(frozen=True, slots=True)
class Reading:
    """A parameter as it was read: what it is, its value and unit, and the document that set it."""

    key: str
    title: str
    value: str
    unit: str
    document: str


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a calculation: `formula` in plain words with the numbers, `amount` in 元 unless `unit` says else."""

    title: str
    formula: str
    amount: Decimal
    unit: str
    readings: tuple[Reading, ...]
    basis: tuple[Basis, ...]


class Worksheet:
    """Reads the law of one day and writes the steps down; what was read belongs to the step that comes next."""

    def __init__(self, law: Parameters, day: date) -> None:
        self.day = day
        self.steps: list[Step] = []
        self.notes: list[str] = []
        self._law = law
        self._read: dict[str, Reading] = {}

    def number(self, key: str) -> Decimal:
        """A parameter that is a number.

        Raises `ParameterError` when there is no such parameter or no value on the day.
        """
        value = self._law[key].at(self.day)
        if not isinstance(value, Decimal):
            raise ParameterError(f"{key}: not a number")
        self._remember(key, f"{value:f}")
        return value

    def table(self, key: str) -> Sequence[Sequence[Decimal | None]]:
        """A parameter that is a table, such as tax brackets: rows of numbers, None for "no upper limit".

        Raises `ParameterError` as `number` does.
        """
        value = self._law[key].at(self.day)
        if isinstance(value, (Decimal, date)) or not all(isinstance(row, Sequence) for row in value):
            raise ParameterError(f"{key}: not a table")
        self._remember(key, "表")
        return value

    def between(self, key: str) -> tuple[Decimal, Decimal]:
        """A parameter that is a range within which a province fixes its own number: lowest and highest.

        Raises `ParameterError` as `number` does.
        """
        value = self._law[key].at(self.day)
        match value:
            case [Decimal() as lowest, Decimal() as highest]:
                self._remember(key, f"{lowest:f}—{highest:f}")
                return lowest, highest
        raise ParameterError(f"{key}: not a range")

    def has(self, key: str) -> bool:
        """Whether a parameter has a value on the day: a relief that has not begun or has ended has none."""
        return self._law[key].covers(self.day, self.day)

    def step(
        self, title: str, formula: str, amount: Decimal, *basis: Basis, unit: str = "元", exact: bool = False
    ) -> Decimal:
        """Write a step down and return its amount, rounded to the cent unless it is `exact` (a rate, a count)."""
        kept = amount if exact or unit != "元" else cents(amount)
        self.steps.append(Step(title, formula, kept, unit, tuple(self._read.values()), basis))
        self._read.clear()
        return kept

    def note(self, text: str) -> None:
        """Something that the person should know beside the figures."""
        self.notes.append(text)

    def documents(self) -> list[str]:
        """The documents behind all steps, in the order in which they first appear."""
        named = [
            key
            for step in self.steps
            for key in (*(one.document for one in step.basis), *(one.document for one in step.readings))
        ]
        return list(dict.fromkeys(named))

    def _remember(self, key: str, value: str) -> None:
        found = self._law[key]
        self._read[key] = Reading(key, found.title, value, found.unit, found.document(self.day))

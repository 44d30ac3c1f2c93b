"""Dated parameters of the law: a value from a date on, with the document that set it on the same date."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.kit.clock import today
from knowledge_base.register import Evidence, Register, read_register
from knowledge_base.yaml_files import problems_of, read_yaml

FOLDER = Path(__file__).parent

Value = Decimal | date | Sequence[Any]  # a list holds decimals, dates, None and lists of them


class ParameterError(LookupError):
    """There is no such value; the message names file and key."""


class _Source(BaseModel):
    """A parameter as it stands in a file."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=2)
    unit: str = Field(min_length=1)
    values: dict[date, Any] = Field(min_length=1)
    references: dict[date, str]
    evidence: Evidence
    verified_on: date
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One quantity that the law fixes, over time."""

    file: str
    key: str
    title: str
    unit: str
    dates: tuple[date, ...]
    values: tuple[Value | None, ...]
    references: Mapping[date, str]
    evidence: str
    verified_on: date
    note: str | None

    def at(self, day: date) -> Value:
        """The value on a day.

        Raises `ParameterError` before the first date and from a null on.
        """
        place = bisect_right(self.dates, day)
        if not place:
            raise ParameterError(f"{self.file}: {self.key}: no value on {day}, the first is of {self.dates[0]}")
        value = self.values[place - 1]
        if value is None:
            raise ParameterError(f"{self.file}: {self.key}: no value on {day}, it ended on {self.dates[place - 1]}")
        return value

    def covers(self, start: date, end: date | None) -> bool:
        """Whether there is a value on every day of a period (open-ended when `end` is None)."""
        inside = self.values[max(bisect_right(self.dates, start) - 1, 0) : self._place(end)]
        return self.dates[0] <= start and None not in inside

    def changes(self, start: date, end: date | None) -> list[date]:
        """The days within a period on which the value changes."""
        return [day for day in self.dates[: self._place(end)] if day > start]

    def document(self, day: date) -> str:
        """The document that set the value of a day."""
        self.at(day)
        return self.references[self.dates[bisect_right(self.dates, day) - 1]]

    def _place(self, end: date | None) -> int:
        return len(self.dates) if end is None else bisect_right(self.dates, end)


class DatedNamespace:
    """The parameters of one file on one day, read as attributes."""

    __slots__ = ("_dated", "_name")

    def __init__(self, dated: DatedParameters, name: str) -> None:
        self._dated, self._name = dated, name

    def __getattr__(self, key: str) -> Value:
        if key.startswith("__"):
            raise AttributeError(key)
        return self._dated.get(f"{self._name}.{key}")


class DatedParameters:
    """All parameters on one day: `get("vat.threshold_month")`, or as attributes in templates.

    `used` collects the keys that were read, so that a calculation can print its sources.
    """

    def __init__(self, parameters: Parameters, day: date) -> None:
        self._parameters = parameters
        self.day = day
        self.used: set[str] = set()

    def get(self, key: str) -> Value:
        """A value.

        Raises `ParameterError` when there is no such key, or no value on this day.
        """
        value = self._parameters[key].at(self.day)
        self.used.add(key)
        return value

    def decimal(self, key: str) -> Decimal:
        """A value that is a number.

        Raises `ParameterError` as `get` does, and when it is a date or a list.
        """
        value = self.get(key)
        if not isinstance(value, Decimal):
            raise ParameterError(f"{self._parameters[key].file}: {key}: not a number")
        return value

    def namespaces(self) -> dict[str, DatedNamespace]:
        """What templates see: one name per file."""
        return {name: DatedNamespace(self, name) for name in self._parameters.namespaces}

    def __getattr__(self, name: str) -> DatedNamespace:
        if name.startswith("__") or name not in self._parameters.namespaces:
            raise AttributeError(name)
        return DatedNamespace(self, name)


class Parameters(Mapping[str, Parameter]):
    """Every parameter by its full key."""

    def __init__(self, items: Mapping[str, Parameter]) -> None:
        self._items = dict(items)
        self.namespaces = frozenset(key.partition(".")[0] for key in items)

    def __getitem__(self, key: str) -> Parameter:
        try:
            return self._items[key]
        except KeyError:
            raise ParameterError(f"{key.partition('.')[0]}.yaml: {key}: there is no such parameter") from None

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def at(self, day: date) -> DatedParameters:
        """The law of a day."""
        return DatedParameters(self, day)


def _number(raw: object) -> Value | None:
    """A value as the law has it: exact, so floats and yes/no are refused.

    Raises `ValueError` when it is neither a number, a date nor a list of them.
    """
    match raw:
        case None:
            return None
        case bool() | float():
            raise ValueError(f"{raw!r} is not exact: write an integer or a quoted decimal")
        case int():
            return Decimal(raw)
        case date():
            return raw
        case list() if raw:
            return tuple(_number(item) for item in raw)
        case str():
            try:
                number = Decimal(raw)
            except InvalidOperation:
                raise ValueError(f"{raw!r} is not a number") from None
            if number.is_finite():
                return number
    raise ValueError(f"{raw!r} is not a value")


def _parameter(file: str, key: str, raw: object, documents: Register) -> tuple[Parameter | None, list[str]]:
    """One parameter, with everything that is wrong with it."""
    try:
        source = _Source.model_validate(raw)
    except ValidationError as error:
        return None, problems_of(error)
    problems: list[str] = []
    values: list[Value | None] = []
    for day, raw_value in source.values.items():
        try:
            values.append(_number(raw_value))
        except ValueError as error:
            problems.append(f"values.{day}: {error}")
    dates = tuple(source.values)
    if list(dates) != sorted(dates):
        problems.append("values: the dates do not ascend")
    if values and values[0] is None:
        problems.append("values: the first value is null")
    if set(dates) != set(source.references):
        odd = ", ".join(str(day) for day in sorted(set(dates) ^ set(source.references)))
        problems.append(f"references: not keyed by the dates of the values: {odd}")
    problems += [
        f"references.{day}: {document} is not in the register"
        for day, document in source.references.items()
        if document not in documents
    ]
    if source.verified_on > today():
        problems.append(f"verified_on: {source.verified_on} is in the future")
    if problems:
        return None, problems
    return Parameter(
        file, key, source.title, source.unit, dates, tuple(values), source.references,
        source.evidence, source.verified_on, source.note,
    ), []  # fmt: skip


def read_parameters(folder: Path = FOLDER, documents: Register | None = None) -> tuple[Parameters, list[str]]:
    """All parameters of a folder, and every problem found in it."""
    if documents is None:
        documents = read_register()[0]
    items: dict[str, Parameter] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            content = read_yaml(path)
        except yaml.YAMLError as error:
            problems.append(f"{path.name}: {error}")
            continue
        if not isinstance(content, dict) or set(content) != {path.stem} or not isinstance(content[path.stem], dict):
            problems.append(f"{path.name}: must hold one mapping called {path.stem}")
            continue
        for name, raw in content[path.stem].items():
            parameter, found = _parameter(path.name, f"{path.stem}.{name}", raw, documents)
            problems += [f"{path.name}: {name}: {problem}" for problem in found]
            if parameter:
                items[parameter.key] = parameter
    return Parameters(items), problems


def validate() -> list[str]:
    """Everything that is wrong with the register and the parameters of this installation; empty when all is well."""
    documents, problems = read_register()
    return problems + read_parameters(documents=documents)[1]


@lru_cache
def parameters() -> Parameters:
    """The parameters of this installation.

    Raises `ParameterError` that lists every problem when a file is wrong.
    """
    loaded, problems = read_parameters()
    if problems:
        raise ParameterError("\n".join(problems))
    return loaded

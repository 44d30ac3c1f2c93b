"""Dated parameters: exact values on every day, and files whose mistakes are named."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from knowledge_base.parameters.loader import ParameterError, Parameters, parameters, read_parameters, validate
from knowledge_base.register import read_register
from tests.knowledge_base import shelf


def read(folder: Path, **changes: Any) -> tuple[Parameters, list[str]]:
    """The test parameters with one of them changed."""
    content = deepcopy(shelf.PARAMETERS)
    content["apple"]["free"] |= changes
    documents, law = shelf.write(folder, [], parameters=content)
    return read_parameters(law, read_register(documents / "documents")[0])


def test_a_value_holds_from_its_date_on(tmp_path: Path) -> None:
    law, problems = read(tmp_path)
    assert problems == []
    assert law.at(date(2025, 12, 31)).get("apple.free") == Decimal(50000)
    assert law.at(date(2026, 1, 1)).get("apple.free") == Decimal(100000)
    assert law.at(date(2026, 1, 1)).decimal("apple.rate") == Decimal("0.03")
    assert law["apple.free"].document(date(2026, 6, 1)) == "apple-law"


def test_values_are_attributes_in_templates_and_reading_leaves_a_trace(tmp_path: Path) -> None:
    today = read(tmp_path)[0].at(date(2026, 5, 1))
    assert today.apple.free == Decimal(100000)
    assert today.used == {"apple.free"}


@pytest.mark.parametrize(
    ("day", "key", "said"),
    [
        (date(2019, 12, 31), "apple.free", "apple.yaml: apple.free: no value on 2019-12-31"),
        (date(2028, 1, 1), "apple.free", "it ended on 2028-01-01"),
        (date(2026, 1, 1), "apple.weight", "apple.yaml: apple.weight: there is no such parameter"),
    ],
)
def test_what_is_missing_is_named_with_file_and_key(tmp_path: Path, day: date, key: str, said: str) -> None:
    law = read(tmp_path)[0].at(day)
    with pytest.raises(ParameterError, match=said):
        law.get(key)


def test_coverage_and_changes_of_a_period(tmp_path: Path) -> None:
    free = read(tmp_path)[0]["apple.free"]
    assert free.covers(date(2020, 1, 1), date(2027, 12, 31))
    assert not free.covers(date(2020, 1, 1), None)
    assert not free.covers(date(2019, 12, 31), date(2020, 2, 1))
    assert not free.covers(date(2028, 1, 1), date(2028, 1, 1))
    assert free.changes(date(2020, 1, 1), date(2027, 12, 31)) == [date(2026, 1, 1)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"values": {date(2020, 1, 1): 0.03}}, "not exact"),
        ({"values": {date(2020, 1, 1): True}}, "not exact"),
        ({"values": {date(2020, 1, 1): "many"}}, "not a number"),
        ({"values": {date(2020, 1, 1): "Infinity"}}, "not a value"),
        ({"values": {date(2020, 1, 1): [1, 0.5]}}, "not exact"),
        ({"values": {date(2020, 1, 1): None}}, "the first value is null"),
        ({"values": {date(2026, 1, 1): 1, date(2020, 1, 1): 2}}, "do not ascend"),
        ({"values": {date(2021, 1, 1): 1}}, "references: not keyed by the dates"),
        ({"references": {date(2020, 1, 1): "pear-law"}}, "pear-law is not in the register"),
        ({"verified_on": date(2999, 1, 1)}, "in the future"),
        ({"verified_on": None}, "verified_on"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_parameter_is_named_with_file_and_key(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    if "values" in changes and "not keyed" not in said:
        changes |= {"references": dict.fromkeys(changes["values"], "apple-law")}
    law, problems = read(tmp_path, **changes)
    assert any(line.startswith("apple.yaml: free: ") and said in line for line in problems), problems
    assert "apple.free" not in law


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    content = deepcopy(shelf.PARAMETERS)
    content["apple"]["free"]["evidence"] = "X"
    content["apple"]["rate"]["values"] = {date(2020, 1, 1): 0.03}
    documents, law = shelf.write(tmp_path, [], parameters=content)
    (law / "pear.yaml").write_text("plum: {}\n", "utf-8")
    (law / "fig.yaml").write_text("fig: {a: 1, a: 2}\n", "utf-8")
    problems = "\n".join(read_parameters(law, read_register(documents / "documents")[0])[1])
    for said in ("free: evidence", "rate: values", "pear.yaml: must hold", "duplicate key 'a'"):
        assert said in problems


def test_brackets_keep_their_shape(tmp_path: Path) -> None:
    day = date(2020, 1, 1)
    law, problems = read(tmp_path, values={day: [[36000, "0.03"], [None, "0.10"]]}, references={day: "apple-law"})
    assert problems == []
    assert law.at(day).get("apple.free") == ((Decimal(36000), Decimal("0.03")), (None, Decimal("0.10")))


def test_the_parameters_of_this_installation_are_right() -> None:
    assert validate() == []
    assert len(parameters()) > 100


def test_every_parameter_can_be_read_on_every_day_it_covers() -> None:
    days = [date(year, month, 1) for year in range(2020, 2029) for month in range(1, 13)]
    read = 0
    for key, parameter in parameters().items():
        for day in days:
            if parameter.covers(day, day):
                assert parameters().at(day).get(key) is not None
                assert parameter.document(day)
                read += 1
    assert read > 10_000

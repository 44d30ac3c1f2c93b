"""Every case of every table in `cases/` comes out to the cent, and every calculator has enough of them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hub.kit.errors import HubError
from knowledge_base.register import register
from knowledge_base.yaml_files import read_yaml
from services.taxes.registry import CALCULATORS, calculator_by_name

FOLDER = Path(__file__).parent / "cases"
ENOUGH = 10  # cases that the smallest calculator needs: thresholds, days of change, wrong values


def _tables() -> list[tuple[str, dict[str, Any]]]:
    rows = []
    for path in sorted(FOLDER.glob("*.yaml")):
        content = read_yaml(path)
        rows += [(content["calculator"], case) for case in content["cases"]]
    return rows


TABLES = _tables()


@pytest.mark.parametrize(
    ("calculator", "case"), TABLES, ids=[f"{calculator}: {case['name']}" for calculator, case in TABLES]
)
def test_comes_out_to_the_cent(calculator: str, case: dict[str, Any]) -> None:
    assert set(case) <= {"name", "given", "expect", "error", "notes"}
    found = calculator_by_name(calculator)
    if wanted := case.get("error"):
        with pytest.raises((HubError, ValidationError)) as caught:
            found.calculate(found.read(case["given"]))
        assert getattr(caught.value, "code", "form_invalid") == wanted
        return
    result = found.calculate(found.read(case["given"]))
    assert {name: result.amount(name) for name in case["expect"]} == {
        name: Decimal(amount) for name, amount in case["expect"].items()
    }
    for words in case.get("notes", ()):
        assert any(words in note for note in result.notes), result.notes


@pytest.mark.parametrize("calculator", CALCULATORS, ids=lambda calculator: calculator.name)
class TestEveryCalculator:
    def test_has_enough_cases(self, calculator: Any) -> None:
        own = [case for name, case in TABLES if name == calculator.name]
        assert len(own) >= ENOUGH
        assert any("error" in case for case in own), "none of them is a value that cannot be used"
        assert len({case["name"] for case in own}) == len(own)

    def test_its_steps_name_the_law(self, calculator: Any) -> None:
        for name, case in TABLES:
            if name != calculator.name or "error" in case:
                continue
            result = calculator.calculate(calculator.read(case["given"]))
            assert result.steps
            assert result.figures
            assert set(result.documents) <= set(register())
            assert all(step.basis or step.readings or step.formula for step in result.steps)
            assert any(step.basis for step in result.steps)
            # what is to be paid is the amount of one of the steps: nothing is worked out beside the sheet
            assert result.figures[0].amount in {step.amount for step in result.steps}
            assert result.explained()

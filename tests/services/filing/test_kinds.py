"""What each kind of return makes of what people fill in, and of what the taxpayer's file says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from hub.skills import question_of
from services.filing import wording
from services.filing.chat_forms import How, Pick
from services.filing.kinds import KINDS, kind_of
from services.filing.return_kind import Filer, ReturnKind
from services.gateways.tax_core.protocol import Obligation, ObligationState, Taxpayer, TaxpayerKind, VatKind
from services.taxes.calculator import CannotCalculate

COMPANY = Taxpayer("T", "某公司", TaxpayerKind.COMPANY, VatKind.SMALL_SCALE, "浙江")


def kind(form: str) -> ReturnKind:
    """A kind that must be there."""
    found = kind_of(form)
    assert found is not None
    return found


def filer(taxpayer: Taxpayer = COMPANY, start: date = date(2026, 7, 1), end: date = date(2026, 9, 30)) -> Filer:
    """Somebody who files for a period."""
    return Filer(taxpayer, Obligation("O", "T", "f", "t", start, end, end, ObligationState.OPEN))


def declared(form: str, taxpayer: Taxpayer, *lines: dict[str, Any], months: int = 3) -> dict[str, Decimal]:
    """The amounts by tax."""
    found = kind(form)
    for_whom = filer(taxpayer, start=date(2026, 9 - months + 1, 1))
    result = found.result([found.line.model_validate(line) for line in lines], for_whom)
    return {item.tax: item.amount for item in found.declared(result)}


@pytest.mark.parametrize("found", KINDS, ids=lambda found: found.form)
def test_every_kind_fits_its_calculator(found: ReturnKind) -> None:
    given = set(found.given(filer()))
    assert set(found.line.model_fields) | given | {"on"} <= set(found.calculator.form.model_fields)
    needed = {name for name, info in found.calculator.form.model_fields.items() if info.is_required()}
    assert needed <= set(found.line.model_fields) | given
    labels = [found.label(name) for name in found.line.model_fields]
    assert len(set(labels)) == len(labels), "columns of the spreadsheet are told apart by them"
    assert all(question_of(found.line, name).prompt for name in found.line.model_fields)


def test_the_period_decides_on_the_threshold() -> None:
    sales = {"sales": "150000"}
    assert declared("vat_small_scale", COMPANY, sales)["vat"] == 0
    assert declared("vat_small_scale", COMPANY, sales, months=1)["vat"] == Decimal("1500.00")


@pytest.mark.parametrize(("place", "construction"), [("city", "105.00"), ("county", "75.00"), ("other", "15.00")])
def test_the_place_decides_on_the_construction_tax(place: str, construction: str) -> None:
    found = declared("vat_small_scale", replace(COMPANY, place=place), {"sales": "300000"})
    assert found["construction_tax"] == Decimal(construction)


@pytest.mark.parametrize(
    ("taxpayer", "tax"),
    [
        (replace(COMPANY, vat=VatKind.GENERAL), "300.00"),
        (replace(COMPANY, vat=VatKind.GENERAL, small_low_profit=True), "150.00"),
        (COMPANY, "150.00"),
        (replace(COMPANY, kind=TaxpayerKind.SOLE_TRADER, vat=VatKind.GENERAL), "150.00"),
        (replace(COMPANY, kind=TaxpayerKind.PERSON, vat=VatKind.NONE), "300.00"),
    ],
)
def test_who_pays_decides_on_half_of_stamp_duty(taxpayer: Taxpayer, tax: str) -> None:
    assert declared("stamp", taxpayer, {"document": "技术合同", "amount": "1000000"}) == {"stamp": Decimal(tax)}


def test_general_taxpayers_pay_half_of_the_surcharges_only_where_they_are_small() -> None:
    sale = {"sales_standard": "1000000", "input_tax": "30000"}
    general = replace(COMPANY, vat=VatKind.GENERAL)
    full, half = (
        declared("vat_general", one, sale, months=1) for one in (general, replace(general, small_low_profit=True))
    )
    assert full["vat"] == half["vat"] == Decimal("100000.00")
    assert full["construction_tax"] == 2 * half["construction_tax"] == Decimal("7000.00")


def test_lines_add_up_and_no_line_is_no_return() -> None:
    lines = ({"document": "sale", "amount": "100000"}, {"document": "lease", "amount": "20000", "vat": "1000"})
    assert declared("stamp", COMPANY, *lines) == {"stamp": Decimal("15.00") + Decimal("9.50")}
    with pytest.raises(CannotCalculate):
        declared("stamp", COMPANY)


def test_a_loss_is_declared_as_one() -> None:
    values = {"profit": "亏损2万", "staff": "3", "assets": "10万"}
    line = kind("cit_prepayment").line.model_validate(values)
    assert line.model_dump()["profit"] == Decimal("-20000.00")
    assert declared("cit_prepayment", COMPANY, values) == {"cit": Decimal("0.00")}


@pytest.mark.parametrize("value", ["-1", "很多", "1.234", "", None, [], "1e99", float("nan"), float("inf"), True])
def test_what_is_no_amount_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        kind("vat_small_scale").line.model_validate({"sales": value})


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (date(2026, 7, 1), date(2026, 9, 30), "2026年第三季度"),
        (date(2026, 10, 1), date(2026, 10, 31), "2026年10月"),
        (date(2026, 1, 1), date(2026, 6, 30), "2026年上半年"),
        (date(2026, 1, 1), date(2026, 12, 31), "2026年度"),
        (date(2026, 2, 1), date(2026, 4, 30), "2026-02-01至2026-04-30"),
    ],
)
def test_periods_have_names(start: date, end: date, words: str) -> None:
    assert wording.period_words(start, end) == words


def test_a_pick_survives_its_value() -> None:
    pick = Pick("A-b:c", "vat_small_scale", How.CORRECT)
    assert Pick.read(pick.value) == pick
    assert Pick.read("A-b") == Pick("A-b")
    assert Pick.read("other:x:y") == Pick("other:x:y")

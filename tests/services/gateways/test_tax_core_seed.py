"""The people and taxpayers of the demonstration: complete, made up, right to the cent, and nowhere in clear."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import psycopg
import pytest

from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.taxtext.identifiers import resident_id_ok, uscc_ok
from services.gateways.tax_core import seeding
from services.gateways.tax_core.obligations import Period, figures, periods
from services.gateways.tax_core.protocol import Role, TaxpayerKind, VatKind
from services.gateways.tax_core.rules import TAXES_OF_FORM
from services.gateways.tax_core.sandbox import TaxCoreSandbox
from services.gateways.tax_core.seed import SEED_FILE, SeededTaxpayer, people, person, read_seed
from services.gateways.tax_core.wording import TAXES
from services.taxes.registry import CALCULATORS, calculator_by_name
from tests.services.inspection import stand_on
from tests.services.tax_core import QINGCHUAN, YEAR, a_return

TAX_OF_FIGURE = {
    "vat_small_scale": {
        "payable": "vat", "construction_tax": "construction_tax", "education_surcharge": "education_surcharge",
        "local_education_surcharge": "local_education_surcharge",
    },
    "vat_general": {
        "payable": "vat", "construction_tax": "construction_tax", "education_surcharge": "education_surcharge",
        "local_education_surcharge": "local_education_surcharge",
    },
    "cit_prepayment": {"payable": "cit"},
    "stamp": {"payable": "stamp"},
    "vehicle_vessel": {"payable": "vehicle_vessel"},
    "real_estate": {"payable": "real_estate"},
    "land_use": {"payable": "land_use"},
    "iit_annual": {"payable": "iit"},
}  # fmt: skip
NAMES = {calculator.name for calculator in CALCULATORS}


def every_period() -> list[tuple[SeededTaxpayer, Period]]:
    """Every period of every seeded taxpayer in the year."""
    return [(taxpayer, period) for taxpayer in read_seed().taxpayers for period in periods(taxpayer)]


def test_the_people_are_made_up_and_complete() -> None:
    assert [(known.name, known.phone[-4:]) for known in people()] == [
        ("王小明", "0001"), ("李静", "0002"), ("陈大勇", "0003"), ("赵敏", "0004"), ("孙浩", "0005"),
    ]  # fmt: skip
    assert all(known.phone.startswith("1999999") and len(known.phone) == 11 for known in people())
    assert all(resident_id_ok(known.resident_id, clock.today()) for known in people())
    assert len({known.resident_id for known in people()}) == len(people())
    with pytest.raises(LookupError):
        person("没有这个人")


def test_the_file_holds_no_number_that_looks_real() -> None:
    text = SEED_FILE.read_text(encoding="utf-8")
    assert not re.search(r"1[3-9]\d{9}", text)
    assert not any(resident_id_ok(number, clock.today()) for number in re.findall(r"[0-9]{17}[0-9X]", text))


def test_every_kind_of_taxpayer_is_there() -> None:
    taxpayers = read_seed().taxpayers
    assert {taxpayer.kind for taxpayer in taxpayers} == set(TaxpayerKind)
    assert {taxpayer.vat for taxpayer in taxpayers} == set(VatKind)
    assert {True, False} == {taxpayer.small_low_profit for taxpayer in taxpayers if taxpayer.kind == "company"}
    assert sum(taxpayer.deregistered_on is not None for taxpayer in taxpayers) == 1
    assert {mandate.role for taxpayer in taxpayers for mandate in taxpayer.mandates} == set(Role)
    for taxpayer in taxpayers:
        assert uscc_ok(taxpayer.credit_code) or taxpayer.kind is TaxpayerKind.PERSON
    of_li = [item.name for item in taxpayers if any(mandate.person == "李静" for mandate in item.mandates)]
    assert len(of_li) == 6
    assert "杭州晴川咨询有限公司" in of_li


def test_every_form_and_tax_is_known() -> None:
    for _, period in every_period():
        allowed = TAXES_OF_FORM[period.obligation.form]
        assert set(period.items) <= set(allowed)
        assert allowed[0] in period.items
    assert {tax for taxes in TAXES_OF_FORM.values() for tax in taxes} == set(TAXES)


def test_figures_are_values_of_the_calculators_and_returns_of_the_past_are_right_to_the_cent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_on(date(2026, 11, 22), monkeypatch)
    compared = set()
    for taxpayer in read_seed().taxpayers:
        prepaid: dict[str, Decimal] = {}
        for period in periods(taxpayer):
            form = period.obligation.form
            if form not in NAMES:
                continue
            values = figures(period, ())
            if "prepaid" in values:
                values["prepaid"] = str(prepaid.get(form, Decimal(0)))
                prepaid[form] = prepaid.get(form, Decimal(0)) + sum(period.items.values())
            calculator = calculator_by_name(form)
            result = calculator.calculate(calculator.read(values))
            expected = {
                tax: result.amount(figure) for figure, tax in TAX_OF_FIGURE[form].items() if result.amount(figure)
            }
            assert {tax: amount for tax, amount in period.items.items() if amount} == expected, period.obligation
            compared.add(form)
    assert compared == set(TAX_OF_FIGURE)


async def test_the_database_shows_nobody(empty_database: str) -> None:
    core = TaxCoreSandbox(30)
    await core.file(a_return())
    (charge, *_) = await core.charges(QINGCHUAN)
    assert charge.title
    secrets = {known.resident_id for known in people()} | {known.phone for known in people()}
    secrets |= {known.name for known in people()} | {taxpayer.name for taxpayer in read_seed().taxpayers}
    secrets |= {"286000.00", "1242.00", "500000.00"}
    with psycopg.connect(empty_database) as connection:
        tables = connection.execute("select tablename from pg_tables where tablename like 'core_sandbox_%'").fetchall()
        assert len(tables) == 5
        for (table,) in tables:
            rows = connection.execute(f"select * from {table}").fetchall()  # type: ignore[arg-type]
            assert rows
            text = repr(rows)
            assert not [secret for secret in secrets if secret in text], table
            assert not [number for number in re.findall(r"[0-9]{17}[0-9X]", text) if resident_id_ok(number, date.max)]


async def test_seeding_twice_changes_nothing_and_starting_over_changes_it_back(empty_database: str) -> None:
    core = TaxCoreSandbox(30)
    at_first = len(await core.returns(QINGCHUAN, *YEAR))
    filed = await core.file(a_return())
    async with transaction() as session:
        assert await seeding.seed(session) == 0
    assert (await core.returns(QINGCHUAN, *YEAR))[0] == filed
    async with transaction() as session:
        assert await seeding.start_over(session) == len(read_seed().taxpayers)
    assert len(await core.returns(QINGCHUAN, *YEAR)) == at_first
    assert await core.filed(QINGCHUAN, filed.request_id) is None


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 2, 27), date(2026, 10, 1), date(2027, 6, 15)])
async def test_the_seed_can_be_written_on_any_day(
    empty_database: str, monkeypatch: pytest.MonkeyPatch, day: date
) -> None:
    stand_on(day, monkeypatch)
    core = TaxCoreSandbox(30)
    for taxpayer in (QINGCHUAN, "DJ33010002", "DJ33019004"):
        for filed in await core.returns(taxpayer, date.min, date.max):
            assert filed.accepted_at <= clock.now()
        obligations = await core.obligations(taxpayer, date.min, date.max)
        assert {item.period_to.year for item in obligations} <= {2026, day.year}
        assert obligations

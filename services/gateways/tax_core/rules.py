"""What the core system checks in a return before it takes it."""

from __future__ import annotations

from decimal import Decimal

from hub.kit import clock
from knowledge_base.parameters.loader import parameters
from services.gateways.tax_core.obligations import Period
from services.gateways.tax_core.protocol import FilingRequest, Refusal
from services.gateways.tax_core.seed import SeededTaxpayer
from services.gateways.tax_core.wording import refusal

CENT = Decimal("0.01")
WITH_SURCHARGES = ("vat", "construction_tax", "education_surcharge", "local_education_surcharge")
TAXES_OF_FORM = {
    "vat_small_scale": WITH_SURCHARGES,
    "vat_general": WITH_SURCHARGES,
    "cit_prepayment": ("cit",),
    "stamp": ("stamp",),
    "iit_withholding": ("iit",),
    "iit_annual": ("iit",),
    "vehicle_vessel": ("vehicle_vessel",),
    "real_estate": ("real_estate",),
    "land_use": ("land_use",),
}
"""The taxes that may stand in a return of each form; the first one has to."""


def check_return(request: FilingRequest, taxpayer: SeededTaxpayer, period: Period) -> None:
    """Whether a return may be taken for this period.

    Raises `CoreRefusal`.
    """
    if request.form != period.obligation.form:
        raise refusal(Refusal.WRONG_FORM)
    if clock.today() < period.opens_on:
        raise refusal(Refusal.NOT_YET_OPEN)
    amounts = _amounts(request)
    allowed = TAXES_OF_FORM[request.form]
    if allowed[0] not in amounts or not set(amounts) <= set(allowed):
        raise refusal(Refusal.WRONG_FORM)
    total = request.payload.get("total")
    if total is not None and _number(total) != sum(amounts.values(), Decimal(0)):
        raise refusal(Refusal.AMOUNTS_DO_NOT_FIT)
    if allowed is WITH_SURCHARGES:
        _check_surcharges(amounts, taxpayer, period)


def _amounts(request: FilingRequest) -> dict[str, Decimal]:
    """The amounts by tax: none is negative, none has parts of a cent, none occurs twice."""
    amounts: dict[str, Decimal] = {}
    for item in request.items:
        if item.tax in amounts or not is_money(item.amount):
            raise refusal(Refusal.AMOUNTS_DO_NOT_FIT)
        amounts[item.tax] = item.amount
    return amounts


def is_money(amount: Decimal) -> bool:
    """Whether it is an amount of money that can be owed: not negative, without parts of a cent."""
    return amount.is_finite() and amount >= 0 and amount == amount.quantize(CENT)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except ArithmeticError:
        return None


def _check_surcharges(amounts: dict[str, Decimal], taxpayer: SeededTaxpayer, period: Period) -> None:
    """Surcharges go with the VAT of the return: never more than the full rate of it, reliefs take something off."""
    law = parameters().at(period.obligation.period_to)
    rates = {
        "construction_tax": law.decimal(f"property.construction_tax_{taxpayer.place}"),
        "education_surcharge": law.decimal("property.education_surcharge"),
        "local_education_surcharge": law.decimal("property.local_education_surcharge"),
    }
    for tax, rate in rates.items():
        if amounts.get(tax, Decimal(0)) > (amounts["vat"] * rate).quantize(CENT, "ROUND_HALF_UP"):
            raise refusal(Refusal.AMOUNTS_DO_NOT_FIT)

"""The one list of calculators, in the order in which they are shown."""

from __future__ import annotations

from services.taxes.calculator import Calculator
from services.taxes.cit import CIT_PREPAYMENT
from services.taxes.cit_annual import CIT_ANNUAL
from services.taxes.deed import DEED
from services.taxes.departure_refund import DEPARTURE_REFUND
from services.taxes.disabled_levy import DISABLED_LEVY
from services.taxes.iit_annual import IIT_ANNUAL
from services.taxes.iit_bonus import IIT_BONUS
from services.taxes.iit_business import IIT_BUSINESS
from services.taxes.iit_labour import IIT_LABOUR
from services.taxes.iit_wages import IIT_WAGES
from services.taxes.land_appreciation import LAND_APPRECIATION
from services.taxes.land_use import LAND_USE
from services.taxes.late_fee import LATE_FEE
from services.taxes.real_estate import REAL_ESTATE
from services.taxes.stamp import STAMP
from services.taxes.surcharges import SURCHARGES
from services.taxes.vat_general import VAT_GENERAL
from services.taxes.vat_small_scale import VAT_SMALL_SCALE
from services.taxes.vehicle_purchase import VEHICLE_PURCHASE
from services.taxes.vehicle_vessel import VEHICLE_VESSEL

CALCULATORS: tuple[Calculator, ...] = (
    VAT_SMALL_SCALE,
    VAT_GENERAL,
    SURCHARGES,
    IIT_WAGES,
    IIT_BONUS,
    IIT_LABOUR,
    IIT_ANNUAL,
    IIT_BUSINESS,
    CIT_PREPAYMENT,
    CIT_ANNUAL,
    DEED,
    STAMP,
    VEHICLE_PURCHASE,
    VEHICLE_VESSEL,
    REAL_ESTATE,
    LAND_USE,
    LAND_APPRECIATION,
    LATE_FEE,
    DISABLED_LEVY,
    DEPARTURE_REFUND,
)

_BY_NAME = {calculator.name: calculator for calculator in CALCULATORS}


def calculator_by_name(name: str) -> Calculator:
    """The calculator of this name.

    Raises `LookupError` when there is none.
    """
    return _BY_NAME[name]

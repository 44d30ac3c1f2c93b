"""房产税: owners of buildings in cities, county towns, towns and mining areas pay on original value or on rent.

Legal basis: 房产税暂行条例 (articles 3 and 4); homes that are let: 财税〔2008〕24号 and 财政部 税务总局 住房城乡建设部
公告2021年第24号. As on the return, what stands by value is worked out in one line: original value × (1 − ratio) × rate
÷ 12 × months.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from hub.skills import Choice, ask
from services.taxes.calculator import Calculator, CannotCalculate, Figure, TaxForm
from services.taxes.fields import whole, yes_no
from services.taxes.half_relief import take_half
from services.taxes.worksheet import Basis, Worksheet, money, percent

BASE = Basis("real-estate-tax-regulations", "第三条")
RATE = Basis("real-estate-tax-regulations", "第四条")
MONTHS = 12  # of a year


class Use(StrEnum):
    """What the building is used for: it decides on base and rate."""

    OWN = "own"
    RENT = "rent"
    HOME_OF_INDIVIDUAL = "home_of_individual"
    HOME_OF_ENTERPRISE = "home_of_enterprise"


RENT_RATES = {
    Use.RENT: ("property.real_estate_rate_rent", RATE),
    Use.HOME_OF_INDIVIDUAL: ("property.real_estate_rate_home_individual", Basis("caishui-2008-24")),
    Use.HOME_OF_ENTERPRISE: ("property.real_estate_rate_home_enterprise", Basis("mof-sta-mohurd-2021-24")),
}


class RealEstateForm(TaxForm):
    """What real estate tax depends on."""

    use: Use = ask(
        prompt="房产是自用还是出租？", label="房产用途", synonyms=("用途",),
        invalid="请选择自用、出租、个人出租住房，或单位向个人等出租住房。",
        choices=(Choice("自用（经营用房）", Use.OWN), Choice("出租（非住房等）", Use.RENT),
                 Choice("个人出租住房", Use.HOME_OF_INDIVIDUAL),
                 Choice("单位向个人或专业化租赁企业出租住房", Use.HOME_OF_ENTERPRISE)),
    )  # fmt: skip
    original_value: Decimal | None = ask(
        None, prompt="房产原值是多少元（含应计入的地价）？", label="房产原值", synonyms=("原值",), entity="amount",
        invalid="请输入大于0的金额，例如 10000000。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    deduction: Decimal | None = ask(
        None, prompt="当地规定的原值减除比例是多少（例如 30%填0.3）？", label="减除比例",
        invalid="减除比例应在10%到30%之间，例如 0.3。", ge=0, lt=1, max_digits=5, decimal_places=4,
    )  # fmt: skip
    months: int = whole("要计算几个月？", "月数", MONTHS, 1, MONTHS)
    rent: Decimal | None = ask(
        None, prompt="要计算的期间，不含增值税的租金共多少元？", label="租金", entity="amount",
        invalid="请输入大于0的金额，例如 120000。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    half: bool = yes_no("是增值税小规模纳税人、小型微利企业或个体工商户吗？", "是否减半")


def _by_value(form: RealEstateForm, sheet: Worksheet) -> Decimal:
    if form.original_value is None:
        raise CannotCalculate("自用房产按原值计税，请补充房产原值（元）后再算。")
    if form.rent is not None:
        raise CannotCalculate("自用房产不填租金；一部分自用、一部分出租的，请按两部分分别计算。")
    lowest = sheet.number("property.real_estate_deduction_min")
    highest = sheet.number("property.real_estate_deduction_max")
    deduction = highest if form.deduction is None else form.deduction
    if not lowest <= deduction <= highest:
        raise CannotCalculate(
            f"原值减除比例应在{percent(lowest)}到{percent(highest)}之间，请按当地规定核对后重新输入。"
        )
    if form.deduction is None:
        sheet.note(f"没有填写减除比例，按上限{percent(highest)}计算；实际比例由各省在幅度内规定，减除得少，税就多。")
    left = sheet.step(
        "房产余值", f"{money(form.original_value)} × （1 − {percent(deduction)}）",
        form.original_value * (1 - deduction), BASE,
    )  # fmt: skip
    rate = sheet.number("property.real_estate_rate_value")
    sheet.note("原值应包含取得土地支付的地价和按规定计入的附属设备；新建或购入的房产一般从次月起计税。")
    return sheet.step(
        "按原值计算的税额", f"{money(left)} × {percent(rate)} ÷ {MONTHS} × {form.months}个月",
        form.original_value * (1 - deduction) * rate * form.months / MONTHS, RATE,
    )  # fmt: skip


def _by_rent(form: RealEstateForm, sheet: Worksheet) -> Decimal:
    if form.rent is None:
        raise CannotCalculate("出租房产按租金计税，请补充这段时间不含增值税的租金（元）后再算。")
    if form.original_value is not None or form.deduction is not None:
        raise CannotCalculate("出租房产按租金计税，不填房产原值和减除比例；免租期等按原值计税的部分请另算一次。")
    key, basis = RENT_RATES[form.use]
    rate = sheet.number(key)
    sheet.note("租金不含增值税；免征增值税的，租金不扣减增值税额。约定免租期的，免租期间由产权所有人按房产原值缴纳。")
    return sheet.step("按租金计算的税额", f"{money(form.rent)} × {percent(rate)}", form.rent * rate, BASE, basis)


def compute(form: RealEstateForm, sheet: Worksheet) -> Sequence[Figure]:
    """What is to be paid for the months or for the rent, and what the halving takes off."""
    full = _by_value(form, sheet) if form.use is Use.OWN else _by_rent(form, sheet)
    if form.use in (Use.OWN, Use.HOME_OF_INDIVIDUAL):
        sheet.note("个人所有、不用于经营的住房免税（上海、重庆的试点另有规定）。")
    reduction = take_half(sheet, full, form.half)
    payable = sheet.step("应纳房产税", f"{money(full)} − {money(reduction)}", full - reduction, RATE)
    sheet.note("税款分期缴纳，具体期限由各省规定。")
    return [Figure("payable", "应纳房产税", payable), Figure("reduction", "减征额", reduction)]


REAL_ESTATE = Calculator(
    "real_estate", "房产税", "自用按原值、出租按租金，算房产税多少钱，可减半的一并算。", RealEstateForm, compute
)

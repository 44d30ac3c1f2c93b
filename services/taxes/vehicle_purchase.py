"""车辆购置税: once, by whoever buys, imports, makes, is given or wins a vehicle for own use, on the price without VAT.

Legal basis: 车辆购置税法; new-energy vehicles by 财政部 税务总局 工业和信息化部公告2023年第10号, by date of purchase;
trailers by 公告2023年第47号. The relief is rounded as an amount of its own, as the return has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from hub.skills import Choice, ask
from services.taxes.calculator import Calculator, CannotCalculate, Figure, TaxForm
from services.taxes.fields import yes_no
from services.taxes.worksheet import Basis, Worksheet, money, percent

LAW = "vehicle-purchase-tax-law"
SCOPE, RATE, TAX, PRICE = Basis(LAW, "第一条"), Basis(LAW, "第四条"), Basis(LAW, "第五条"), Basis(LAW, "第六条")
NEW_ENERGY = Basis("mof-sta-miit-2023-10", "第一条")
TECHNICAL = Basis("miit-mof-sta-2025-24")
TRAILER = Basis("mof-sta-miit-2023-47")


class Vehicle(StrEnum):
    """What was bought."""

    CAR = "car"
    COMMERCIAL = "commercial"
    TRAILER = "trailer"
    MOTORCYCLE = "motorcycle"


class Source(StrEnum):
    """How it was come by, which decides what counts as its price."""

    BOUGHT = "bought"
    IMPORTED = "imported"
    OWN_MADE = "own_made"
    RECEIVED = "received"


class Terms(StrEnum):
    """What the price given is."""

    WITHOUT_VAT = "without_vat"
    WITH_VAT = "with_vat"


class VehiclePurchaseForm(TaxForm):
    """What vehicle purchase tax depends on; `on` is the date of the invoice."""

    vehicle: Vehicle = ask(
        prompt="买的是哪一种车？", label="车辆种类", synonyms=("车型",),
        invalid="请选择乘用车、货车客车等其他汽车、挂车或者摩托车。",
        choices=(Choice("乘用车（9座以下）", Vehicle.CAR), Choice("货车、客车等其他汽车", Vehicle.COMMERCIAL),
                 Choice("载货挂车", Vehicle.TRAILER), Choice("摩托车", Vehicle.MOTORCYCLE)),
    )  # fmt: skip
    price: Decimal = ask(
        prompt="车价是多少元？（自己进口的填关税计税价格）", label="车价", synonyms=("价格", "裸车价"), entity="amount",
        invalid="请输入大于0的金额，例如 169500。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    terms: Terms = ask(
        prompt="这个车价含不含增值税？", label="含税与否", invalid="请选择不含增值税，或者发票的价税合计。",
        choices=(Choice("不含增值税", Terms.WITHOUT_VAT), Choice("发票价税合计", Terms.WITH_VAT)),
    )  # fmt: skip
    new_energy: bool = yes_no("是不是列入减免税目录的新能源汽车？", "新能源")
    displacement: int | None = ask(
        None, prompt="摩托车排气量是多少毫升？", label="排气量", invalid="请输入整数毫升，例如 250。", gt=0, le=10000
    )
    source: Source = ask(
        Source.BOUGHT, prompt="这辆车是怎么取得的？", label="取得方式",
        invalid="请选择购买、自己进口、自产自用，或者受赠、获奖等。",
        choices=(Choice("在国内购买", Source.BOUGHT), Choice("自己进口", Source.IMPORTED),
                 Choice("自产自用", Source.OWN_MADE), Choice("受赠、获奖等", Source.RECEIVED)),
    )  # fmt: skip
    customs_duty: Decimal | None = ask(
        None, prompt="进口时的关税是多少元？", label="关税", invalid="请输入不小于0的金额，没有的填0。",
        ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    consumption_tax: Decimal | None = ask(
        None, prompt="进口时的消费税是多少元？", label="消费税", invalid="请输入不小于0的金额，没有的填0。",
        ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip


def base_of(form: VehiclePurchaseForm, sheet: Worksheet) -> Decimal:
    """The price that is taxed; on the sheet.

    Raises `CannotCalculate` where the prices do not fit how the vehicle was come by.
    """
    duty, excise = form.customs_duty, form.consumption_tax
    if form.source is Source.IMPORTED:
        if duty is None or excise is None:
            raise CannotCalculate("自己进口的车，计税价格要加上关税和消费税，请补充这两项，没有的填0。")
        if form.terms is Terms.WITH_VAT:
            raise CannotCalculate("自己进口的车按关税计税价格计算，不含增值税，请改填不含增值税的价格。")
        told = f"关税计税价格{money(form.price)} + 关税{money(duty)} + 消费税{money(excise)}"
        return sheet.step("计税价格", told, form.price + duty + excise, PRICE)
    if duty is not None or excise is not None:
        raise CannotCalculate("只有自己进口的车才填关税和消费税；在国内购买的进口车，按发票价格计算，请去掉这两项。")
    if form.source is Source.OWN_MADE:
        sheet.note("自产自用的，按本企业同类车辆的销售价格（不含增值税）计算。")
    elif form.source is Source.RECEIVED:
        sheet.note("受赠、获奖等取得的，按原来购置这辆车的凭证上的价格（不含增值税）计算。")
    if form.terms is Terms.WITHOUT_VAT:
        return sheet.step("计税价格", "不含增值税的价格", form.price, PRICE)
    divisor = sheet.number("vehicle.purchase_invoice_divisor")
    sheet.note("按价税合计换算的结果供参考，以发票上注明的不含税价为准；销售方按征收率开票的，除数不同。")
    told = f"价税合计{money(form.price)} ÷ {divisor.normalize():f}"
    return sheet.step("计税价格", told, form.price / divisor, PRICE)


def is_taxable(form: VehiclePurchaseForm, sheet: Worksheet) -> bool:
    """Whether the law taxes such a vehicle at all.

    Raises `CannotCalculate` where that cannot be told.
    """
    if form.vehicle is not Vehicle.MOTORCYCLE:
        if form.displacement is not None:
            raise CannotCalculate("只有摩托车才需要填排气量，请去掉排气量，或者把车辆种类改为摩托车。")
        return True
    if form.new_energy:
        sheet.step("征税范围", "电动摩托车不是应税车辆", Decimal(0), SCOPE)
        return False
    if form.displacement is None:
        raise CannotCalculate("摩托车要看排气量，请补充排气量（毫升）。")
    line = sheet.number("vehicle.purchase_motorcycle_line")
    beyond = form.displacement > line
    told = (
        f"排气量{form.displacement}毫升，{'超过' if beyond else '不超过'}{line:f}毫升，{'征税' if beyond else '不征税'}"
    )
    sheet.step("征税范围", told, Decimal(form.displacement), SCOPE, unit="毫升")
    return beyond


def relief(form: VehiclePurchaseForm, sheet: Worksheet, full: Decimal) -> Decimal:
    """What is taken off the tax; on the sheet where there is something."""
    if form.vehicle is Vehicle.TRAILER:
        if form.new_energy:
            raise CannotCalculate("挂车没有动力，不属于新能源汽车，请把“新能源”改为否。")
        share = 1 - sheet.number("vehicle.purchase_trailer_ratio")
        sheet.note("减半只限由汽车牵引、用于载运货物的挂车；牵引车头和旅居挂车不减。")
        return sheet.step("减税额", f"{money(full)} × {percent(share)}（挂车）", full * share, TRAILER)
    if not form.new_energy:
        return Decimal(0)
    share = sheet.number("vehicle.nev_reduction_ratio")
    sheet.note("购置日期看发票或者海关缴款书的开具日期，不看下订、提车、上牌日期；车型必须列入减免税目录。")
    basis = [NEW_ENERGY]
    if sheet.has("vehicle.nev_plugin_range"):
        kilometres = sheet.number("vehicle.nev_plugin_range")
        sheet.note(f"插电式（含增程式）混合动力乘用车的等效全电续驶里程应不低于{kilometres:f}公里。")
        basis.append(TECHNICAL)
    amount, told = full * share, f"{money(full)} × {percent(share)}"
    if form.vehicle is Vehicle.CAR:
        cap = sheet.number("vehicle.nev_reduction_cap")
        amount, told = min(amount, cap), f"{told}，每辆最多{money(cap)}"
    return sheet.step("新能源汽车减免税额", told, amount, *basis)


def compute(form: VehiclePurchaseForm, sheet: Worksheet) -> Sequence[Figure]:
    """The tax, the price it is on, and what the reliefs take off."""
    base = base_of(form, sheet)
    zero = Decimal(0)
    full = saved = zero
    if is_taxable(form, sheet):
        rate = sheet.number("vehicle.purchase_rate")
        full = sheet.step("应纳税额", f"{money(base)} × {percent(rate)}", base * rate, RATE, TAX)
        saved = relief(form, sheet, full)
        days = sheet.number("vehicle.purchase_filing_days")
        sheet.note(f"购置之日起{days:f}日内申报，并在上牌之前缴纳；申报价格明显偏低又无正当理由的，税务机关可以核定。")
        sheet.step("应缴车辆购置税", f"{money(full)} − {money(saved)}", full - saved, TAX)
    else:
        sheet.step("应缴车辆购置税", "不在征税范围", zero, SCOPE)
    return [
        Figure("payable", "应缴车辆购置税", full - saved),
        Figure("base", "计税价格", base),
        Figure("full", "减免前税额", full),
        Figure("saved", "减免税额", saved),
    ]


VEHICLE_PURCHASE = Calculator(
    "vehicle_purchase", "车辆购置税", "买车要交多少车辆购置税，新能源汽车、挂车按减免算。", VehiclePurchaseForm, compute
)

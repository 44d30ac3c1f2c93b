"""车船税: owners of vehicles and vessels pay a fixed amount each calendar year; provinces fix it for vehicles.

Legal basis: 车船税法 with its table, 实施条例 for vessels and for the months of a new purchase, 财税〔2018〕74号 for
vehicles that save energy or run on new energy. Tons and metres count with their decimals, the tax keeps two decimals
(国家税务总局公告2013年第42号). Without the province's amount both ends of the national range are worked out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from hub.skills import Choice, ask
from services.taxes.calculator import Calculator, CannotCalculate, Figure, TaxForm
from services.taxes.worksheet import Basis, Worksheet, money, percent

TABLE = Basis("vehicle-vessel-tax-law", "第二条")
VESSELS, YACHTS = Basis("vehicle-vessel-tax-regulations", "第四条"), Basis("vehicle-vessel-tax-regulations", "第五条")
NEW = Basis("vehicle-vessel-tax-regulations", "第十九条")
ROUNDING = Basis("sta-2013-42")
GREEN = Basis("caishui-2018-74")
MONTHS = 12


class Kind(StrEnum):
    """The items of the law's table."""

    CAR = "car"
    BUS = "bus"
    TRUCK = "truck"
    TRAILER = "trailer"
    SPECIAL = "special_vehicle"
    MOTORCYCLE = "motorcycle"
    VESSEL = "vessel"
    TUG = "tug"
    BARGE = "barge"
    YACHT = "yacht"
    SAIL_YACHT = "sail_yacht"


AFLOAT = (Kind.VESSEL, Kind.TUG, Kind.BARGE, Kind.YACHT, Kind.SAIL_YACHT)
MAY_BE_GREEN = (Kind.CAR, Kind.BUS, Kind.TRUCK, Kind.SPECIAL)

# What an amount of each kind depends on: the field of the form, what it is called, its unit.
MEASURES = {
    Kind.TRUCK: ("weight", "整备质量", "吨"),
    Kind.TRAILER: ("weight", "整备质量", "吨"),
    Kind.SPECIAL: ("weight", "整备质量", "吨"),
    Kind.VESSEL: ("net_tons", "净吨位", "吨"),
    Kind.TUG: ("kilowatts", "发动机功率", "千瓦"),
    Kind.BARGE: ("net_tons", "净吨位", "吨"),
    Kind.YACHT: ("length", "艇身长度", "米"),
    Kind.SAIL_YACHT: ("length", "艇身长度", "米"),
}


class Green(StrEnum):
    """Whether the model is in one of the published catalogues."""

    NONE = "none"
    ENERGY_SAVING = "energy_saving"
    NEW_ENERGY = "new_energy"


class VehicleVesselForm(TaxForm):
    """What vehicle and vessel tax depends on."""

    kind: Kind = ask(
        prompt="是哪一种车船？", label="车船种类", synonyms=("车型",), invalid="请从列出的车船种类中选择一种。",
        choices=(Choice("乘用车（核定载客9人以下）", Kind.CAR), Choice("客车（9人以上）", Kind.BUS),
                 Choice("货车（含半挂牵引车）", Kind.TRUCK), Choice("挂车", Kind.TRAILER),
                 Choice("专用作业车、轮式专用机械车", Kind.SPECIAL), Choice("摩托车", Kind.MOTORCYCLE),
                 Choice("机动船舶", Kind.VESSEL), Choice("拖船", Kind.TUG), Choice("非机动驳船", Kind.BARGE),
                 Choice("游艇", Kind.YACHT), Choice("辅助动力帆艇", Kind.SAIL_YACHT)),
    )  # fmt: skip
    displacement: int | None = ask(
        None, prompt="行驶证上的排量是多少毫升？（1.6升左右的多为1598）", label="排量", synonyms=("排气量",),
        invalid="请输入整数毫升，例如 1598。", gt=0, le=20000,
    )  # fmt: skip
    weight: Decimal | None = ask(
        None, prompt="整备质量是多少吨？", label="整备质量", invalid="请输入吨数，例如 4.5。",
        gt=0, max_digits=9, decimal_places=3,
    )  # fmt: skip
    net_tons: Decimal | None = ask(
        None, prompt="净吨位是多少吨？", label="净吨位", invalid="请输入吨数，例如 1800。",
        gt=0, max_digits=11, decimal_places=3,
    )  # fmt: skip
    kilowatts: Decimal | None = ask(
        None, prompt="拖船发动机功率是多少千瓦？", label="功率", invalid="请输入千瓦数，例如 500。",
        gt=0, max_digits=11, decimal_places=3,
    )  # fmt: skip
    length: Decimal | None = ask(
        None, prompt="艇身长度是多少米？", label="艇身长度", invalid="请输入米数，例如 12.5。",
        gt=0, max_digits=7, decimal_places=3,
    )  # fmt: skip
    local_amount: Decimal | None = ask(
        None, prompt="当地的年税额标准是每辆（或者每吨）多少元？（挂车填货车的每吨税额）", label="当地税额标准",
        invalid="请输入大于0的金额，例如 420。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    bought_month: int | None = ask(
        None, prompt="如果是今年新买的，是几月份买的？", label="购买月份", invalid="请输入1到12的月份。", ge=1, le=12
    )
    green: Green = ask(
        Green.NONE, prompt="是不是列入目录的节能车或者新能源车？", label="节能新能源",
        invalid="请选择都不是、节能车或者新能源车。",
        choices=(Choice("都不是", Green.NONE), Choice("列入目录的节能车", Green.ENERGY_SAVING),
                 Choice("新能源车", Green.NEW_ENERGY)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standard:
    """The amount per unit and year that the law leaves to the province, or fixes itself (low = high)."""

    low: Decimal
    high: Decimal
    basis: Basis


def national(sheet: Worksheet, key: str, size: Decimal, basis: Basis) -> Standard:
    """The one amount of a table by size: that of the first row whose limit is not exceeded, None being no limit."""
    row = next(row for row in sheet.table(key) if row[0] is None or size <= row[0])
    amount = row[1] or Decimal(0)
    return Standard(amount, amount, basis)


def provincial(sheet: Worksheet, key: str) -> Standard:
    """The range within which provinces fix an amount."""
    return Standard(*sheet.between(key), TABLE)


def car_band(sheet: Worksheet, displacement: int) -> str:
    """The parameter with the range for a car of this displacement."""
    lines = [row[0] for row in sheet.table("vehicle.car_displacement_lines") if row[0] is not None]
    for line in lines:
        if displacement <= line:
            return f"vehicle.car_up_to_{line:f}"
    return f"vehicle.car_above_{lines[-1]:f}"


def measure(form: VehicleVesselForm) -> Decimal:
    """Tons, kilowatts or metres, or one vehicle.

    Raises `CannotCalculate` when the one that is needed is missing.
    """
    if form.kind not in MEASURES:
        return Decimal(1)
    field, name, unit = MEASURES[form.kind]
    size: Decimal | None = getattr(form, field)
    if size is None:
        raise CannotCalculate(f"计算这种车船的车船税需要{name}（{unit}），请补充后再算。")
    return size


def standard_of(form: VehicleVesselForm, sheet: Worksheet, units: Decimal) -> Standard:
    """The amount per unit and year of the law.

    Raises `CannotCalculate` when a car's displacement is missing.
    """
    if form.kind in (Kind.VESSEL, Kind.TUG, Kind.BARGE):
        return national(sheet, "vehicle.vessel_brackets", units, VESSELS)
    if form.kind is Kind.SAIL_YACHT:
        amount = sheet.number("vehicle.yacht_auxiliary_sail")
        return Standard(amount, amount, YACHTS)
    if form.kind is Kind.YACHT:
        return national(sheet, "vehicle.yacht_brackets", units, YACHTS)
    if form.kind is Kind.CAR:
        if form.displacement is None:
            raise CannotCalculate(
                "计算乘用车的车船税需要排量（毫升），请看行驶证后补充；没有排量的新能源车请选择新能源。"
            )
        return provincial(sheet, car_band(sheet, form.displacement))
    return provincial(sheet, f"vehicle.{Kind.TRUCK if form.kind is Kind.TRAILER else form.kind}")


def check_local(form: VehicleVesselForm, standard: Standard) -> None:
    """Raise `CannotCalculate` where the amount given is not one that a province can have fixed."""
    if form.local_amount is None:
        return
    if form.kind in AFLOAT:
        raise CannotCalculate("船舶、游艇的税额全国统一，不需要填写当地税额标准，请去掉后再算。")
    if not standard.low <= form.local_amount <= standard.high:
        raise CannotCalculate(
            f"当地税额标准应在{money(standard.low)}到{money(standard.high)}之间，请核对当地公布的税额后重新输入。"
        )


def due(form: VehicleVesselForm, sheet: Worksheet, per_unit: Decimal, units: Decimal, mark: str) -> Decimal:
    """The tax of the year at one amount per unit, step by step; `mark` tells the ends of a range apart."""
    year, told = per_unit * units, f"{money(per_unit)} × {units.normalize():f}"
    if form.kind in (Kind.TRAILER, Kind.TUG, Kind.BARGE):
        key = "vehicle.trailer_ratio" if form.kind is Kind.TRAILER else "vehicle.tug_barge_ratio"
        ratio = sheet.number(key)
        year, told = year * ratio, f"{told} × {percent(ratio)}"
    kept = sheet.step(f"全年税额{mark}", told, year, TABLE, ROUNDING)
    if form.green is not Green.NONE:
        saving = form.green is Green.ENERGY_SAVING
        ratio = sheet.number("vehicle.energy_saving_ratio" if saving else "vehicle.new_energy_ratio")
        words = "节能车" if saving else "新能源车"
        kept = sheet.step(f"优惠后全年税额{mark}", f"{money(kept)} × {percent(ratio)}（{words}）", kept * ratio, GREEN)
    if form.bought_month is not None:
        months = MONTHS + 1 - form.bought_month
        told = f"{money(kept)} ÷ {MONTHS} × {months}个月（{form.bought_month}月购买）"
        kept = sheet.step(f"当年应缴税额{mark}", told, kept * months / MONTHS, NEW)
    return kept


def compute(form: VehicleVesselForm, sheet: Worksheet) -> Sequence[Figure]:
    """The tax of the year; where the province's amount is not known, at both ends of the range."""
    if form.green is not Green.NONE and form.kind not in MAY_BE_GREEN:
        raise CannotCalculate("节能、新能源优惠在这里只按乘用车、客车、货车和专用车计算，其他车船请选择“都不是”。")
    if form.kind is Kind.CAR and form.green is Green.NEW_ENERGY and form.displacement is None:
        sheet.number("vehicle.new_energy_ratio")
        nothing = sheet.step("应缴车船税", "纯电动、燃料电池乘用车没有排量，不在征税范围", Decimal(0), TABLE, GREEN)
        return _figures(nothing, nothing)
    units = measure(form)
    if form.kind is Kind.TUG:
        tons = sheet.number("vehicle.tug_tons_per_kilowatt")
        units = sheet.step(
            "折合净吨位", f"{units.normalize():f}千瓦 × {tons.normalize():f}吨", units * tons, VESSELS, unit="吨"
        )
    standard = standard_of(form, sheet, units)
    check_local(form, standard)
    if form.local_amount is not None or standard.low == standard.high:
        per_unit = form.local_amount or standard.low
        told = "省级政府在法定幅度内确定" if form.local_amount else "全国统一的税额"
        sheet.step("年税额标准", told, per_unit, standard.basis)
        low = high = due(form, sheet, per_unit, units, "")
    else:
        told = f"法定幅度{money(standard.low)}至{money(standard.high)}的下限"
        sheet.step("年税额标准", told, standard.low, standard.basis)
        low = due(form, sheet, standard.low, units, "（下限）")
        high = due(form, sheet, standard.high, units, "（上限）")
        sheet.note(
            f"没有填写当地税额标准，先按法定幅度的下限计算；全国的幅度算下来是{money(low)}至{money(high)}，"
            "具体数由各省、自治区、直辖市确定，请查询当地税额后再算。"
        )
    if form.green is not Green.NONE:
        sheet.note("车型必须列入公布的节能、新能源车目录；不在目录里的照常缴纳。")
    if form.bought_month is not None:
        sheet.note("月份看购车发票等凭证所载日期，从购买当月算起。")
    if form.kind not in AFLOAT:
        sheet.note("买交强险时由保险公司代收；没有代收的，按当地规定的期限自行申报。")
    return _figures(low, high)


def _figures(low: Decimal, high: Decimal) -> list[Figure]:
    return [Figure("payable", "应缴车船税", low), Figure("highest", "按幅度上限计算", high)]


VEHICLE_VESSEL = Calculator(
    "vehicle_vessel", "车船税", "汽车、摩托车、船舶、游艇一年要交多少车船税，新车按月算。", VehicleVesselForm, compute
)

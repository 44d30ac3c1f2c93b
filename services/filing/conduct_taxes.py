"""财产和行为税 returns with one line for each contract or vehicle: 印花税 and 车船税."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from hub.skills import Values, ask, question_of
from services.filing.return_kind import (
    LITRES,
    MILLILITRES,
    Amount,
    Filer,
    Kilowatts,
    LineForm,
    Metres,
    Millilitres,
    Month,
    ReturnKind,
    Tons,
    chosen,
    yuan,
)
from services.gateways.tax_core.protocol import TaxItem, Taxpayer, TaxpayerKind, VatKind
from services.taxes.calculator import CannotCalculate, Result
from services.taxes.stamp import STAMP, Document, Payer, StampForm
from services.taxes.vehicle_vessel import AFLOAT, MAY_BE_GREEN, MEASURES, VEHICLE_VESSEL, Green, Kind, VehicleVesselForm

DOCUMENTS = question_of(StampForm, "document").choices
KINDS_OF_VEHICLE = question_of(VehicleVesselForm, "kind").choices
GREEN = question_of(VehicleVesselForm, "green").choices


class StampLine(LineForm):
    """One kind of contract or document of the period."""

    document: Annotated[Document, chosen(DOCUMENTS)] = ask(
        prompt="是哪一种合同、书据，还是营业账簿？", label="凭证种类", synonyms=("合同类型", "税目"),
        invalid="请从列出的凭证种类中选择一种；没有列出的合同不交印花税。", choices=DOCUMENTS,
    )  # fmt: skip
    amount: Amount = ask(
        prompt="这一种凭证上所列的金额合计是多少元？", label="所列金额", synonyms=("合同金额", "价款"), entity="amount",
        invalid="请输入大于0的金额，例如 500000。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    vat: Amount = yuan("列明的增值税", "所列金额里单独列明的增值税税额是多少元？没有单独列明填0。")
    taxed_before: Amount = yuan("已缴税的资金合计", "营业账簿以前已经交过印花税的资金合计是多少元？没有填0。")


KIND_NAMES = {
    Kind.TRAILER: ("挂车",),
    Kind.SPECIAL: ("专用", "作业车", "机械车", "吊车", "叉车", "洒水车"),
    Kind.TRUCK: ("货车", "卡车", "牵引车", "皮卡", "厢货"),
    Kind.MOTORCYCLE: ("摩托",),
    Kind.BUS: ("客车", "大巴", "中巴"),
    Kind.SAIL_YACHT: ("帆艇", "帆船"),
    Kind.YACHT: ("游艇",),
    Kind.TUG: ("拖船", "拖轮"),
    Kind.BARGE: ("驳船",),
    Kind.VESSEL: ("船舶", "货船", "客船", "渔船", "轮船"),
    Kind.CAR: ("乘用车", "轿车", "小车", "小汽车", "私家车", "越野", "suv", "商务车", "面包车", "家用车"),
}
GREEN_NAMES = {
    Green.ENERGY_SAVING: ("节能",),
    Green.NEW_ENERGY: ("新能源", "纯电", "电动", "电车", "插电", "插混", "增程", "燃料电池", "绿牌"),
    Green.NONE: ("都不是", "不是", "油车", "燃油", "汽油", "柴油", "普通"),
}


class VehicleVesselLine(LineForm):
    """One vehicle or vessel."""

    kind: Annotated[Kind, chosen(KINDS_OF_VEHICLE, KIND_NAMES)] = ask(
        prompt="是哪一种车船？", label="车船种类", synonyms=("车型", "车辆种类"),
        invalid="请从列出的车船种类中选择一种。", choices=KINDS_OF_VEHICLE,
    )  # fmt: skip
    green: Annotated[Green, chosen(GREEN, GREEN_NAMES)] = ask(
        Green.NONE, prompt="是不是列入目录的节能车或者新能源车？", label="节能新能源", synonyms=("新能源", "动力"),
        invalid="请选择都不是、节能车或者新能源车。", choices=GREEN,
    )  # fmt: skip
    displacement: Millilitres | None = ask(
        None, prompt="行驶证上的排量是多少毫升？例如1598。", label="排量", synonyms=("排气量",),
        invalid="请输入排量，例如 1598毫升 或 1.6升。", hint="毫升，乘用车需要", units=(*MILLILITRES, *LITRES),
        gt=0, le=20000,
    )  # fmt: skip
    weight: Tons | None = ask(
        None, prompt="行驶证上的整备质量是多少吨？", label="整备质量", synonyms=("自重",),
        invalid="请输入吨数，例如 4.5。", hint="吨，货车、挂车、专用车需要", units=("吨",),
        gt=0, max_digits=9, decimal_places=3,
    )  # fmt: skip
    net_tons: Tons | None = ask(
        None, prompt="净吨位是多少吨？", label="净吨位", invalid="请输入吨数，例如 1800。",
        hint="吨，船舶、驳船需要", units=("净吨",), gt=0, max_digits=11, decimal_places=3,
    )  # fmt: skip
    kilowatts: Kilowatts | None = ask(
        None, prompt="发动机功率是多少千瓦？", label="功率", invalid="请输入千瓦数，例如 500。",
        hint="千瓦，拖船需要", units=("千瓦", "kw"), gt=0, max_digits=11, decimal_places=3,
    )  # fmt: skip
    length: Metres | None = ask(
        None, prompt="艇身长度是多少米？", label="艇身长度", synonyms=("艇长",), invalid="请输入米数，例如 12.5。",
        hint="米，游艇需要", units=("米",), gt=0, max_digits=7, decimal_places=3,
    )  # fmt: skip
    local_amount: Amount | None = ask(
        None, prompt="当地的年税额标准是每辆（货车、挂车是每吨）多少元？可以在当地税务局网站查到。",
        label="当地税额标准", synonyms=("税额标准", "年税额"), entity="amount",
        invalid="请输入大于0的金额，例如 300。", hint="元，每辆或者每吨；船舶、游艇不用填",
        gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    bought_month: Month | None = ask(
        None, prompt="如果是所属年度新买的，是几月份买的？", label="购买月份", synonyms=("几月买的",),
        invalid="请输入1到12的月份。", only_named=True, ge=1, le=12,
    )  # fmt: skip


def payer_of(taxpayer: Taxpayer) -> Payer:
    """What the taxpayer counts as for half of stamp duty."""
    if taxpayer.kind is TaxpayerKind.PERSON:
        return Payer.INDIVIDUAL
    if taxpayer.kind is TaxpayerKind.SOLE_TRADER:
        return Payer.SOLE_TRADER
    if taxpayer.vat is VatKind.SMALL_SCALE:
        return Payer.SMALL_SCALE
    return Payer.SMALL_PROFIT if taxpayer.small_low_profit else Payer.OTHER


def _stamp_given(filer: Filer) -> Mapping[str, Any]:
    return {"payer": payer_of(filer.taxpayer)}


SIZES = {Kind.CAR: "displacement"} | {kind: field for kind, (field, _, _) in MEASURES.items()}


def asked_of_vehicle(values: Values) -> Sequence[str]:
    """What has to be known of a vehicle or vessel, in the order of asking, given what is known so far."""
    kind = values.get("kind")
    if kind is None:
        return ["kind"]
    size = [SIZES[Kind(kind)]] if kind in SIZES else []
    if kind in AFLOAT:
        return ["kind", *size]
    if kind not in MAY_BE_GREEN:
        return ["kind", *size, "local_amount"]
    # a car without a cylinder capacity is not taxed
    untaxed = kind == Kind.CAR and values.get("green") == Green.NEW_ENERGY
    return ["kind", "green", *([] if untaxed else [*size, "local_amount"])]


def _stamp_declared(result: Result) -> Sequence[TaxItem]:
    return (TaxItem("stamp", "印花税", result.amount("payable")),)


def _vehicle_given(filer: Filer) -> Mapping[str, Any]:
    return {}


def _vehicle_declared(result: Result) -> Sequence[TaxItem]:
    """The tax of the year.

    Raises `CannotCalculate` where the province's amount is missing: a range cannot be declared.
    """
    if result.amount("payable") != result.amount("highest"):
        raise CannotCalculate("申报车船税需要当地的年税额标准，请在“当地税额标准”里填写当地公布的数后再申报。")
    return (TaxItem("vehicle_vessel", "车船税", result.amount("payable")),)


STAMP_RETURN = ReturnKind(
    "stamp", "财产和行为税纳税申报表（印花税）", STAMP, StampLine,
    given=_stamp_given, declared=_stamp_declared, many=True,
)  # fmt: skip
VEHICLE_VESSEL_RETURN = ReturnKind(
    "vehicle_vessel", "财产和行为税纳税申报表（车船税）", VEHICLE_VESSEL, VehicleVesselLine,
    given=_vehicle_given, declared=_vehicle_declared, many=True,
)  # fmt: skip

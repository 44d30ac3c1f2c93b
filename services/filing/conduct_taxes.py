"""财产和行为税 returns with one line for each contract or vehicle: 印花税 and 车船税."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from hub.skills import ask, question_of
from services.filing.return_kind import Amount, Filer, Kilowatts, LineForm, Metres, ReturnKind, Tons, chosen, yuan
from services.gateways.tax_core.protocol import TaxItem, Taxpayer, TaxpayerKind, VatKind
from services.taxes.calculator import CannotCalculate, Result
from services.taxes.stamp import STAMP, Document, Payer, StampForm
from services.taxes.vehicle_vessel import VEHICLE_VESSEL, Green, Kind, VehicleVesselForm

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


class VehicleVesselLine(LineForm):
    """One vehicle or vessel."""

    kind: Annotated[Kind, chosen(KINDS_OF_VEHICLE)] = ask(
        prompt="是哪一种车船？",
        label="车船种类",
        synonyms=("车型",),
        invalid="请从列出的车船种类中选择一种。",
        choices=KINDS_OF_VEHICLE,
    )
    local_amount: Amount | None = yuan(
        "当地税额标准", "当地的年税额标准是每辆（或者每吨）多少元？船舶、游艇不用填。", None
    )
    displacement: int | None = ask(
        None, prompt="行驶证上的排量是多少毫升？乘用车需要。", label="排量", invalid="请输入整数毫升，例如 1598。",
        gt=0, le=20000,
    )  # fmt: skip
    weight: Tons | None = ask(
        None, prompt="整备质量是多少吨？货车、挂车、专用车需要。", label="整备质量", invalid="请输入吨数，例如 4.5。",
        gt=0, max_digits=9, decimal_places=3,
    )  # fmt: skip
    net_tons: Tons | None = ask(
        None, prompt="净吨位是多少吨？船舶、驳船需要。", label="净吨位", invalid="请输入吨数，例如 1800。",
        gt=0, max_digits=11, decimal_places=3,
    )  # fmt: skip
    kilowatts: Kilowatts | None = ask(
        None, prompt="发动机功率是多少千瓦？拖船需要。", label="功率", invalid="请输入千瓦数，例如 500。",
        gt=0, max_digits=11, decimal_places=3,
    )  # fmt: skip
    length: Metres | None = ask(
        None, prompt="艇身长度是多少米？游艇需要。", label="艇身长度", invalid="请输入米数，例如 12.5。",
        gt=0, max_digits=7, decimal_places=3,
    )  # fmt: skip
    bought_month: int | None = ask(
        None,
        prompt="如果是所属年度新买的，是几月份买的？",
        label="购买月份",
        invalid="请输入1到12的月份。",
        ge=1,
        le=12,
    )
    green: Annotated[Green, chosen(GREEN)] = ask(
        Green.NONE, prompt="是不是列入目录的节能车或者新能源车？", label="节能新能源",
        invalid="请选择都不是、节能车或者新能源车。", choices=GREEN,
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

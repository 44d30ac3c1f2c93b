"""增值税及附加税费 returns: of small-scale taxpayers and of general taxpayers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.filing.return_kind import Amount, Filer, LineForm, ReturnKind, yuan
from services.gateways.tax_core.protocol import TaxItem, TaxpayerKind
from services.taxes.calculator import Result
from services.taxes.surcharges import Payer, Place
from services.taxes.vat_general import VAT_GENERAL
from services.taxes.vat_small_scale import VAT_SMALL_SCALE
from services.taxes.vat_terms import Period, Prices
from services.taxes.worksheet import money

PLACES: Mapping[str, Place] = {"city": Place.CITY, "county": Place.TOWN, "town": Place.TOWN}
THRESHOLD_STEP = "起征点判断"


class VatSmallScaleLine(LineForm):
    """What a small-scale taxpayer declares; amounts without VAT."""

    sales: Amount = yuan(
        "不含税销售额", "本期不含税销售额一共多少元？开票的、没开票的都算，没有销售填0。", ...,
        synonyms=("销售额", "营业额", "收入"),
    )  # fmt: skip
    special_sales: Amount = yuan(
        "开专票的销售额", "其中开了增值税专用发票（按减征后的征收率）的不含税销售额是多少元？没有填0。",
        synonyms=("专票", "专用发票", "专票销售额"),
    )  # fmt: skip
    special_full_sales: Amount = yuan(
        "放弃减征的专票销售额", "其中放弃减征、按没有减的征收率开了专用发票的销售额是多少元？没有填0。"
    )
    leases: Amount = yuan("不动产租金", "出租不动产（住房除外）的不含税租金是多少元？没有填0。", synonyms=("租金",))
    special_leases: Amount = yuan("开专票的租金", "其中开了专用发票的租金是多少元？没有填0。")
    prepaid: Amount = yuan("已预缴增值税", "本期可以抵减的已预缴增值税是多少元？没有填0。", synonyms=("预缴税额",))


class VatGeneralLine(LineForm):
    """What a general taxpayer with ordinary business declares; sales without VAT."""

    sales_standard: Amount = yuan("13%销售额", "税率13%的不含税销售额是多少元？没有填0。")
    sales_reduced: Amount = yuan("9%销售额", "税率9%的不含税销售额是多少元？没有填0。")
    sales_services: Amount = yuan("6%销售额", "税率6%的不含税销售额是多少元？没有填0。")
    input_tax: Amount = yuan("进项税额", "本期勾选确认、可以抵扣的进项税额是多少元？没有填0。", synonyms=("进项",))
    transferred_out: Amount = yuan("进项税额转出", "本期要转出的进项税额是多少元？没有填0。", synonyms=("进项转出",))
    credit: Amount = yuan("上期留抵税额", "上期留抵税额是多少元？没有填0。", synonyms=("留抵",))
    simple_sales: Amount = yuan("简易计税销售额", "选择简易计税、征收率3%的不含税销售额是多少元？没有填0。")
    exempt_sales: Amount = yuan("免税销售额", "本期免税的销售额是多少元？没有填0。")
    prepaid: Amount = yuan("已预缴增值税", "本期可以抵减的已预缴增值税是多少元？没有填0。", synonyms=("预缴税额",))


def _given(filer: Filer) -> dict[str, Any]:
    return {
        "period": Period.MONTH if filer.months == 1 else Period.QUARTER,
        "prices": Prices.EXCLUSIVE,
        "place": PLACES.get(filer.taxpayer.place, Place.OTHER),
    }


def _given_general(filer: Filer) -> dict[str, Any]:
    payer = Payer.OTHER
    if filer.taxpayer.kind is TaxpayerKind.SOLE_TRADER:
        payer = Payer.SOLE_TRADER
    elif filer.taxpayer.small_low_profit:
        payer = Payer.SMALL_LOW_PROFIT
    return {**_given(filer), "payer": payer}


def _declared(result: Result) -> Sequence[TaxItem]:
    return (
        TaxItem("vat", "增值税", result.amount("payable")),
        TaxItem("construction_tax", "城市维护建设税", result.amount("construction_tax")),
        TaxItem("education_surcharge", "教育费附加", result.amount("education_surcharge")),
        TaxItem("local_education_surcharge", "地方教育附加", result.amount("local_education_surcharge")),
    )


def _remarks(result: Result) -> list[str]:
    """What is exempt or reduced, and why."""
    told = []
    threshold = next(step for step in result.steps if step.title == THRESHOLD_STEP)
    exempt = result.amount("exempt_sales")
    if exempt:
        basis = "、".join(str(one) for one in threshold.basis)
        told.append(
            f"免征增值税：免税销售额{money(exempt)}，免税额{money(result.amount('exempt_tax'))}。"
            f"{threshold.formula}（{basis}）"
        )
    else:
        told.append(f"没有免征：{threshold.formula}")
    if result.amount("reduction"):
        told.append(f"征收率减征：少缴增值税{money(result.amount('reduction'))}")
    if result.amount("surcharges_saved"):
        told.append(f"附加税费减免：少缴{money(result.amount('surcharges_saved'))}")
    return told


def _remarks_general(result: Result) -> list[str]:
    told = [f"销项税额{money(result.amount('output_tax'))}，简易计税应纳税额{money(result.amount('simple_tax'))}"]
    if result.amount("credit_left"):
        told.append(f"期末留抵税额{money(result.amount('credit_left'))}，结转下期")
    if result.amount("surcharges_saved"):
        told.append(f"附加税费减免：少缴{money(result.amount('surcharges_saved'))}")
    return told


VAT_SMALL_SCALE_RETURN = ReturnKind(
    "vat_small_scale", "增值税及附加税费申报表（小规模纳税人适用）", VAT_SMALL_SCALE, VatSmallScaleLine,
    given=_given, declared=_declared, remarks=_remarks,
)  # fmt: skip
VAT_GENERAL_RETURN = ReturnKind(
    "vat_general", "增值税及附加税费申报表（一般纳税人适用）", VAT_GENERAL, VatGeneralLine,
    given=_given_general, declared=_declared, remarks=_remarks_general,
)  # fmt: skip

"""附加税费: urban maintenance and construction tax, education surcharge and local education surcharge.

For whoever actually pays VAT or consumption tax within the country (imports bear none). Base: 城市维护建设税法 art. 2;
rates by place: art. 4; the two surcharges: 征收教育费附加的暂行规定 art. 3 and 财综〔2010〕98号. With little sales they
are not levied (财税〔2016〕12号; the construction tax is). Half for small-scale VAT taxpayers, small low-profit
enterprises and sole traders: 财政部 税务总局公告2023年第12号 art. 2, to the end of 2027.

Each levy is rounded to the cent, and so is the reduction, as 《附加税费情况表》 has them: tax, less 减征额, to be paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from hub.skills import Choice, ask
from services.taxes.calculator import Calculator, Figure, TaxForm
from services.taxes.vat_terms import PERIODS, Period
from services.taxes.worksheet import Basis, Worksheet, cents, money, percent

BASE = Basis("urban-construction-tax-law", "第二条")
CONSTRUCTION = Basis("urban-construction-tax-law", "第四条")
EDUCATION = Basis("education-surcharge-rules", "第三条")
LOCAL_EDUCATION = Basis("caizong-2010-98")
LITTLE_SALES = Basis("caishui-2016-12")
HALF = Basis("mof-sta-2023-12", "第二条")
EXPORT_CREDIT = Basis("mof-sta-2021-28")
NOTHING = Decimal(0)


class Place(StrEnum):
    """Where the taxpayer is."""

    CITY = "city"
    TOWN = "town"
    OTHER = "other"


class Payer(StrEnum):
    """Who pays, as far as the half reduction asks."""

    SMALL_SCALE = "small_scale"
    SMALL_LOW_PROFIT = "small_low_profit"
    SOLE_TRADER = "sole_trader"
    OTHER = "other"


PLACES = (Choice("市区", Place.CITY), Choice("县城、镇", Place.TOWN), Choice("其他地区", Place.OTHER))
PLACE_PROMPT = "您在市区、县城或镇，还是其他地区？"
PLACE_INVALID = "请选择市区、县城或镇，或其他地区。"


@dataclass(frozen=True, slots=True)
class Surcharges:
    """The three levies of a period and what the reliefs took off them."""

    construction: Decimal
    education: Decimal
    local_education: Decimal
    saved: Decimal

    @property
    def total(self) -> Decimal:
        """What is to be paid together."""
        return self.construction + self.education + self.local_education

    def figures(self) -> tuple[Figure, ...]:
        """The levies one by one, and the relief."""
        return (
            Figure("construction_tax", "城市维护建设税", self.construction),
            Figure("education_surcharge", "教育费附加", self.education),
            Figure("local_education_surcharge", "地方教育附加", self.local_education),
            Figure("surcharges_saved", "附加税费减免额", self.saved),
        )


def levy_surcharges(
    sheet: Worksheet, base: Decimal, place: Place, *, small: bool, sales: Decimal | None, period: Period
) -> Surcharges:
    """The surcharges on a base; `small` says whether the payer may pay half, `sales` (without VAT) whether the two
    education surcharges are levied at all."""
    if not base:
        sheet.step("附加税费", "本期没有实际缴纳的增值税、消费税，不缴纳附加税费", NOTHING, BASE)
        return Surcharges(NOTHING, NOTHING, NOTHING, NOTHING)
    cut = NOTHING
    if small and sheet.has("property.half_ratio"):
        cut = 1 - sheet.number("property.half_ratio")
    elif small:
        sheet.note(
            "知识库没有收录这一天适用的“六税两费”减半规定（还没有开始，或者已经到期而延续的规定没有公布），"
            "这里按全额计算，请向主管税务机关核实。"
        )
    construction, spared = _levy(
        sheet, "城市维护建设税", base, sheet.number(f"property.construction_tax_{place}"), cut, CONSTRUCTION
    )
    exempt = _little_sales(sheet, sales, period)
    rates = (
        ("教育费附加", sheet.number("property.education_surcharge"), EDUCATION),
        ("地方教育附加", sheet.number("property.local_education_surcharge"), LOCAL_EDUCATION),
    )
    if exempt:
        sheet.step("教育费附加、地方教育附加", exempt, NOTHING, LITTLE_SALES)
        return Surcharges(
            construction, NOTHING, NOTHING, spared + sum((cents(base * rate) for _, rate, _ in rates), NOTHING)
        )
    (education, less), (local, lesser) = (_levy(sheet, title, base, rate, cut, law) for title, rate, law in rates)
    return Surcharges(construction, education, local, spared + less + lesser)


def _levy(
    sheet: Worksheet, title: str, base: Decimal, rate: Decimal, cut: Decimal, law: Basis
) -> tuple[Decimal, Decimal]:
    """One levy and its reduction."""
    full = cents(base * rate)
    spared = cents(full * cut)
    formula = f"{money(base)} × {percent(rate)}"
    if not cut:
        return sheet.step(title, formula, full, law), NOTHING
    formula = f"{formula} − 减征额{money(spared)}（减征{percent(cut)}）"
    return sheet.step(title, formula, full - spared, law, HALF), spared


def _little_sales(sheet: Worksheet, sales: Decimal | None, period: Period) -> str:
    """Why the education surcharges are not levied; empty when they are."""
    if sales is None:
        return ""
    line = sheet.number(f"property.education_exempt_{period}")
    span = "月" if period is Period.MONTH else "季度"
    return f"{span}销售额{money(sales)}不超过{money(line)}，免征" if sales <= line else ""


class SurchargesForm(TaxForm):
    """What the surcharges depend on."""

    vat: Decimal = ask(
        prompt="本期实际缴纳的增值税是多少元？", label="实缴增值税", synonyms=("增值税",), entity="amount",
        invalid="请输入不小于0的金额，例如 10000。", ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    place: Place = ask(prompt=PLACE_PROMPT, label="所在地", invalid=PLACE_INVALID, choices=PLACES)
    payer: Payer = ask(
        prompt="您属于哪一类纳税人？", label="纳税人类型",
        invalid="请选择小规模纳税人、小型微利企业、个体工商户，或都不是。",
        choices=(Choice("增值税小规模纳税人", Payer.SMALL_SCALE),
                 Choice("一般纳税人中的小型微利企业", Payer.SMALL_LOW_PROFIT),
                 Choice("一般纳税人中的个体工商户", Payer.SOLE_TRADER), Choice("都不是", Payer.OTHER)),
    )  # fmt: skip
    period: Period = ask(
        Period.MONTH, prompt="按月还是按季申报？", label="申报期", invalid="请选择按月或按季。", choices=PERIODS
    )
    sales: Decimal | None = ask(
        None, prompt="本期不含增值税的销售额是多少元？（用来判断教育费附加能否免征）", label="销售额",
        invalid="请输入不小于0的金额，例如 250000。", ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    consumption_tax: Decimal = ask(
        Decimal(0), prompt="本期实际缴纳的消费税是多少元？没有填0。", label="实缴消费税",
        invalid="请输入不小于0的金额，没有填0。", ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    export_credit: Decimal = ask(
        Decimal(0), prompt="生产企业出口，本期经核准的增值税免抵税额是多少元？没有填0。", label="免抵税额",
        invalid="请输入不小于0的金额，没有填0。", ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    refunded_credit: Decimal = ask(
        Decimal(0), prompt="可以扣除的已退还留抵税额是多少元？没有填0。", label="已退留抵税额",
        invalid="请输入不小于0的金额，没有填0。", ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip


def compute(form: SurchargesForm, sheet: Worksheet) -> Sequence[Figure]:
    """The three levies together, each of them, and the relief."""
    vat = form.vat + form.export_credit
    deducted = min(form.refunded_credit, vat)
    formula = f"增值税{money(form.vat)} ＋ 消费税{money(form.consumption_tax)}"
    laws = [BASE]
    if form.export_credit:
        formula += f" ＋ 免抵税额{money(form.export_credit)}"
        laws.append(EXPORT_CREDIT)
    if form.refunded_credit:
        formula += f" − 已退还的留抵税额{money(deducted)}"
    base = sheet.step("计税依据", formula, vat - deducted + form.consumption_tax, *laws)
    if left := form.refunded_credit - deducted:
        sheet.note(f"已退还的留抵税额只从增值税中扣除，还有{money(left)}没有扣完，以后申报期继续扣除。")
    small = form.payer is not Payer.OTHER
    levied = levy_surcharges(sheet, base, form.place, small=small, sales=form.sales, period=form.period)
    if base and form.sales is None:
        sheet.note("没有填写销售额，没有判断教育费附加、地方教育附加能否因销售额小而免征。")
    if form.payer is Payer.SMALL_LOW_PROFIT:
        sheet.note("小型微利企业以企业所得税年度汇算清缴的结果为准；首次汇算清缴前的新企业按规定条件判断。")
    sheet.note("进口环节缴纳的增值税、消费税不征附加税费，不要填入；在外地预缴的，附加已在预缴地缴纳，不重复计算。")
    total = sheet.step(
        "应纳附加税费合计",
        f"{money(levied.construction)} ＋ {money(levied.education)} ＋ {money(levied.local_education)}",
        levied.total, BASE, EDUCATION, LOCAL_EDUCATION,
    )  # fmt: skip
    return [Figure("payable", "应纳附加税费合计", total), *levied.figures()]


SURCHARGES = Calculator(
    "surcharges", "附加税费", "城市维护建设税、教育费附加和地方教育附加要缴多少，能不能减半、免征。",
    SurchargesForm, compute,
)  # fmt: skip

"""土地增值税: who sells land-use rights or buildings pays on what they have gained, at rates that rise with the gain.

Legal basis: 土地增值税暂行条例 (articles 3 to 8); used buildings by their purchase invoice: 财税〔2006〕21号; income
without VAT: 财税〔2016〕43号; homes of individuals: 财税〔2008〕137号. An estimate: the tax office settles what may be
deducted.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from hub.skills import Choice, ask
from knowledge_base.register import register
from services.taxes.calculator import Calculator, CannotCalculate, Figure, NoLawForTheDay, TaxForm
from services.taxes.fields import amount, whole, yes_no
from services.taxes.worksheet import Basis, Worksheet, money, percent

GAIN = Basis("land-appreciation-tax-regulations", "第四条")
INCOME = Basis("caishui-2016-43", "第三条")
DEDUCTIONS = Basis("land-appreciation-tax-regulations", "第六条")
RATES = Basis("land-appreciation-tax-regulations", "第七条")
EXEMPT = Basis("land-appreciation-tax-regulations", "第八条")
INVOICE = Basis("caishui-2006-21", "第二条")
HOMES = Basis("caishui-2008-137", "第三条")


class Sale(StrEnum):
    """Who sells what: it decides on what may be deducted."""

    DEVELOPER = "developer"
    NEW = "new"
    USED = "used"
    HOME_OF_INDIVIDUAL = "home_of_individual"


class LandAppreciationForm(TaxForm):
    """What land appreciation tax depends on."""

    sale: Sale = ask(
        prompt="谁转让什么？", label="转让类型",
        invalid="请选择房地产开发企业卖新房、其他单位卖新房或土地、卖旧房，或个人卖住房。",
        choices=(Choice("房地产开发企业卖开发的房产", Sale.DEVELOPER), Choice("其他单位卖新建房或土地", Sale.NEW),
                 Choice("卖旧房、旧厂房、商铺等", Sale.USED), Choice("个人卖住房", Sale.HOME_OF_INDIVIDUAL)),
    )  # fmt: skip
    income: Decimal = ask(
        prompt="不含增值税的转让收入是多少元？", label="转让收入", synonyms=("收入", "售价"), entity="amount",
        invalid="请输入大于0的金额，例如 10000000。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    land_price: Decimal = amount("取得土地使用权支付了多少元（含有关费用）？", "土地价款")
    development_cost: Decimal = amount("房地产开发成本是多少元？", "开发成本")
    expenses: Decimal = amount("按规定标准准予扣除的房地产开发费用（利息和其他费用）是多少元？", "开发费用")
    taxes: Decimal = amount("与转让有关、可以扣除的税金是多少元（不含增值税）？", "税金")
    appraised: Decimal | None = ask(
        None, prompt="旧房的评估价格（重置成本价乘以成新度）是多少元？", label="评估价格", entity="amount",
        invalid="请输入大于0的金额，例如 3000000。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    invoice: Decimal | None = ask(
        None, prompt="没有评估价格的，购房发票上的金额是多少元？", label="购房发票金额", entity="amount",
        invalid="请输入大于0的金额，例如 2000000。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    years: int = whole("从购房发票开具到转让有几年？", "持有年数", 0, 0, 70)
    ordinary_home: bool = yes_no("卖的是自己建造的普通标准住宅吗？", "普通标准住宅")


def _deductions_of_used(form: LandAppreciationForm, sheet: Worksheet) -> Decimal:
    if form.development_cost or form.expenses:
        raise CannotCalculate("卖旧房不扣开发成本和开发费用，请改填评估价格，或者购房发票金额和年数。")
    if form.appraised is not None:
        if form.invoice is not None:
            raise CannotCalculate("评估价格和购房发票只能用一种，请去掉其中一项后再算。")
        text = f"评估价格{money(form.appraised)} + 土地价款{money(form.land_price)} + 税金{money(form.taxes)}"
        return sheet.step("扣除项目金额", text, form.appraised + form.land_price + form.taxes, DEDUCTIONS)
    if form.invoice is None:
        raise CannotCalculate("卖旧房需要评估价格，或者购房发票金额和年数；两样都没有的，由税务机关核定征收。")
    if form.land_price:
        raise CannotCalculate("按购房发票扣除时，土地价款已包含在发票金额里，不再另填。")
    yearly = sheet.number("property.lat_invoice_addition")
    text = f"{money(form.invoice)} × （1 + {percent(yearly)} × {form.years}年）"
    house = sheet.step("发票金额与加计", text, form.invoice * (1 + yearly * form.years), INVOICE)
    sheet.note("购房时缴纳的契税有完税凭证的，计入税金扣除，但不作为加计的基数。")
    return sheet.step("扣除项目金额", f"{money(house)} + 税金{money(form.taxes)}", house + form.taxes, DEDUCTIONS)


def _deductions_of_new(form: LandAppreciationForm, sheet: Worksheet) -> Decimal:
    if form.appraised is not None or form.invoice is not None:
        raise CannotCalculate("评估价格和购房发票只用于卖旧房；卖新建的房产请填土地价款、开发成本、开发费用和税金。")
    items = (
        ("土地价款", form.land_price), ("开发成本", form.development_cost), ("开发费用", form.expenses),
        ("税金", form.taxes),
    )  # fmt: skip
    total = sum((value for _, value in items), Decimal(0))
    text = " + ".join(f"{name}{money(value)}" for name, value in items)
    if form.sale is Sale.DEVELOPER:
        ratio = sheet.number("property.lat_developer_extra")
        base = form.land_price + form.development_cost
        told = f"（{money(form.land_price)} + {money(form.development_cost)}） × {percent(ratio)}"
        extra = sheet.step("房地产开发加计扣除", told, base * ratio, DEDUCTIONS)
        total, text = total + extra, f"{text} + 加计{money(extra)}"
        sheet.note("加计扣除只用于从事房地产开发的纳税人；取得土地后没有开发就转让的，不能加计，请选“其他单位”计算。")
    sheet.note("开发费用按规定的标准扣除，不是账面全部费用；当地的比例和利息的扣除方法请问主管税务机关。")
    return sheet.step("扣除项目金额", text, total, DEDUCTIONS)


def _tax(sheet: Worksheet, gain: Decimal, deductions: Decimal) -> Decimal:
    """The tax by brackets; the bracket is found without rounding the ratio."""
    brackets = sheet.table("property.lat_brackets")
    row = next(row for row in brackets if row[0] is None or gain <= deductions * row[0])
    rate, quick = row[1] or Decimal(0), row[2] or Decimal(0)
    text = f"{money(gain)} × {percent(rate)} − {money(deductions)} × {percent(quick)}"
    return sheet.step("应纳土地增值税", text, gain * rate - deductions * quick, RATES)


def compute(form: LandAppreciationForm, sheet: Worksheet) -> Sequence[Figure]:
    """The tax, the gain and the deductions."""
    if form.sale is Sale.HOME_OF_INDIVIDUAL:
        if not register()[HOMES.document].in_force(form.on, form.on):
            raise NoLawForTheDay
        nothing = sheet.step("应纳土地增值税", "个人销售住房，暂免征收", Decimal(0), HOMES)
        sheet.note("个人卖商铺、写字楼等非住房的不免，请选“卖旧房”计算。")
        return [Figure("payable", "应纳土地增值税", nothing)]
    if form.sale is Sale.USED and form.ordinary_home:
        raise CannotCalculate("普通标准住宅免税只用于建造后出售的住宅；卖旧房请把“普通标准住宅”改为否。")
    deductions = (_deductions_of_used if form.sale is Sale.USED else _deductions_of_new)(form, sheet)
    if not deductions:
        raise CannotCalculate("扣除项目合计是0，不能计算增值率，请补充土地价款、成本、税金等后再算。")
    gain = sheet.step("增值额", f"{money(form.income)} − {money(deductions)}", form.income - deductions, GAIN, INCOME)
    sheet.note("这是估算：预售时按当地预征率预缴，项目达到条件后清算，最后以税务机关审核的扣除项目为准。")
    figures = [Figure("gain", "增值额", gain), Figure("deductions", "扣除项目金额", deductions)]
    if gain <= 0:
        nothing = sheet.step("应纳土地增值税", "没有增值", Decimal(0), GAIN)
        return [Figure("payable", "应纳土地增值税", nothing), *figures]
    shown = (gain / deductions * 100).quantize(Decimal("0.0001"))
    sheet.step("增值率", f"{money(gain)} ÷ {money(deductions)}", shown, RATES, unit="%")
    if form.ordinary_home:
        limit = sheet.number("property.lat_ordinary_home_limit")
        if gain <= deductions * limit:
            told = f"普通标准住宅，增值额不超过扣除项目金额的{percent(limit)}，免征"
            nothing = sheet.step("应纳土地增值税", told, Decimal(0), EXEMPT)
            return [Figure("payable", "应纳土地增值税", nothing), *figures]
        sheet.note(f"普通标准住宅的增值额超过扣除项目金额的{percent(limit)}，就全部增值额计税。")
    return [Figure("payable", "应纳土地增值税", _tax(sheet, gain, deductions)), *figures]


LAND_APPRECIATION = Calculator(
    "land_appreciation", "土地增值税", "按收入和扣除项目估算土地增值税，包括开发项目、旧房和免税情形。",
    LandAppreciationForm, compute,
)  # fmt: skip

"""增值税 of a general taxpayer with ordinary business: output tax less input tax, and items under the simplified
method.

Law: 增值税法 art. 8, 10, 11, 14, 16, 21, 22; simplified items by election: 财政部 税务总局公告2026年第10号 art. 3. Rows
and rounding follow the return: 应抵扣税额 = input tax + credit carried forward − input tax transferred out; 实际抵扣
税额 is no more than the output tax; what is left is the credit at the end. The simplified method takes no credit.
Not here: exports, additional deduction, refund upon collection, margins. The rates on record begin with the VAT Law.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hub.skills import Choice, ask
from services.taxes.calculator import Calculator, CannotCalculate, Figure, TaxForm
from services.taxes.surcharges import PLACE_INVALID, PLACE_PROMPT, PLACES, Payer, Place, levy_surcharges
from services.taxes.vat_terms import PERIODS, PRICES, Period, Prices, net_of
from services.taxes.worksheet import Basis, Worksheet, money, percent

ZERO = Decimal(0)
METHOD = Basis("vat-law", "第十四条")
RATES = Basis("vat-law", "第十条")
OUTPUT = Basis("vat-law", "第十六条")
EXCESS = Basis("vat-law", "第二十一条")
BLOCKED = Basis("vat-law", "第二十二条")
LEVY = Basis("vat-law", "第十一条")
SIMPLE = Basis("mof-sta-2026-10", "第三条")
PREPAID = Basis("mof-sta-2026-14")

AMOUNT = "请输入不小于0的金额，没有填0。"


class VatGeneralForm(TaxForm):
    """What the VAT of a general taxpayer depends on; sales that do not occur stay 0."""

    prices: Prices = ask(
        prompt="下面填的销售额含不含增值税？", label="含税口径", invalid="请选择含税或不含税。", choices=PRICES
    )
    sales_standard: Decimal = ask(
        ZERO, prompt="税率13%的销售额是多少元（货物、加工修理修配、有形动产租赁）？没有填0。", label="13%销售额",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    sales_reduced: Decimal = ask(
        ZERO, prompt="税率9%的销售额是多少元（运输、建筑、不动产、农产品等）？没有填0。", label="9%销售额",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    sales_services: Decimal = ask(
        ZERO, prompt="税率6%的销售额是多少元（其他服务、无形资产）？没有填0。", label="6%销售额",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    input_tax: Decimal = ask(
        ZERO, prompt="本期认证、勾选可以抵扣的进项税额是多少元？没有填0。", label="进项税额", synonyms=("进项",),
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    transferred_out: Decimal = ask(
        ZERO, prompt="本期要转出的进项税额是多少元（用于免税、简易计税、集体福利等）？没有填0。", label="进项税额转出",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    credit: Decimal = ask(
        ZERO, prompt="上期留抵税额是多少元？没有填0。", label="上期留抵税额", synonyms=("留抵",),
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    place: Place = ask(prompt=PLACE_PROMPT, label="所在地", invalid=PLACE_INVALID, choices=PLACES)
    payer: Payer = ask(
        prompt="您是小型微利企业或者个体工商户吗？（附加税费能否减半）", label="减半条件",
        invalid="请选择小型微利企业、个体工商户，或都不是。",
        choices=(Choice("小型微利企业", Payer.SMALL_LOW_PROFIT), Choice("个体工商户", Payer.SOLE_TRADER),
                 Choice("都不是", Payer.OTHER)),
    )  # fmt: skip
    simple_sales: Decimal = ask(
        ZERO, prompt="选择简易计税、征收率3%的销售额是多少元？没有填0。", label="简易计税3%销售额",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    old_immovable_sales: Decimal = ask(
        ZERO, prompt="列名的老不动产项目、征收率5%的销售额是多少元？没有填0。", label="简易计税5%销售额",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    exempt_sales: Decimal = ask(
        ZERO, prompt="本期免税的销售额是多少元？没有填0。", label="免税销售额",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    prepaid: Decimal = ask(
        ZERO, prompt="本期可以抵减的已预缴增值税是多少元？没有填0。", label="已预缴税款",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    period: Period = ask(
        Period.MONTH, prompt="按月还是按季申报？", label="申报期", invalid="请选择按月或按季。", choices=PERIODS
    )


def compute(form: VatGeneralForm, sheet: Worksheet) -> Sequence[Figure]:
    """The VAT to be paid, the credit to be carried forward, the surcharges, and all together."""
    if form.payer is Payer.SMALL_SCALE:
        raise CannotCalculate("一般纳税人不是小规模纳税人，请选择小型微利企业、个体工商户，或都不是。")
    output, sales = ZERO, form.exempt_sales
    for key, label, amount in (
        ("rate_standard", "销售额", form.sales_standard),
        ("rate_reduced", "销售额", form.sales_reduced),
        ("rate_services", "销售额", form.sales_services),
    ):
        if amount:
            rate = sheet.number(f"vat.{key}")
            net, tax = _taxed(sheet, f"{percent(rate)}{label}", amount, rate, form.prices, "销项税额", RATES, OUTPUT)
            output, sales = output + tax, sales + net
    simple = ZERO
    for key, amount in (
        ("levy_rate", form.simple_sales),
        ("levy_rate_old_immovable", form.old_immovable_sales),
    ):
        if amount:
            rate = sheet.number(f"vat.{key}")
            label = f"简易计税{percent(rate)}销售额"
            net, tax = _taxed(sheet, label, amount, rate, form.prices, "应纳税额", LEVY, SIMPLE)
            simple, sales = simple + tax, sales + net
    general, left = _credit(form, sheet, output)
    due = sheet.step("应纳税额合计", f"一般计税{money(general)} ＋ 简易计税{money(simple)}", general + simple, METHOD)
    payable = due
    if form.prepaid:
        used = min(form.prepaid, due)
        payable = sheet.step("本期应补增值税", f"{money(due)} − 已预缴{money(used)}", due - used, PREPAID)
        if form.prepaid > used:
            sheet.note(f"已预缴税款还有{money(form.prepaid - used)}没有抵完，结转下期继续抵减。")
    if left:
        sheet.note("期末留抵税额可以结转下期继续抵扣，符合条件的也可以申请退还。")
    if (form.simple_sales or form.old_immovable_sales or form.exempt_sales) and not form.transferred_out:
        sheet.note("有简易计税或免税销售额的，对应的进项税额不得抵扣；已经抵扣的要填进项税额转出。")
    small = form.payer is not Payer.OTHER
    levied = levy_surcharges(sheet, payable, form.place, small=small, sales=sales, period=form.period)
    total = sheet.step("增值税和附加税费合计", f"{money(payable)} ＋ {money(levied.total)}", payable + levied.total)
    return [
        Figure("payable", "本期应缴增值税", payable),
        Figure("output_tax", "销项税额", output),
        Figure("simple_tax", "简易计税应纳税额", simple),
        Figure("credit_left", "期末留抵税额", left),
        *levied.figures(),
        Figure("surcharges", "附加税费合计", levied.total),
        Figure("total", "增值税和附加税费合计", total),
    ]


def _taxed(
    sheet: Worksheet, label: str, amount: Decimal, rate: Decimal, prices: Prices, name: str, *basis: Basis
) -> tuple[Decimal, Decimal]:
    """Sales without VAT and the tax on them."""
    net = net_of(sheet, label, amount, rate, prices)
    return net, sheet.step(f"{label}的{name}", f"{money(net)} × {percent(rate)}", net * rate, *basis)


def _credit(form: VatGeneralForm, sheet: Worksheet, output: Decimal) -> tuple[Decimal, Decimal]:
    """Tax under the general method and the credit that is left; what is transferred out beyond all credit adds tax."""
    formula = (
        f"进项税额{money(form.input_tax)} ＋ 上期留抵{money(form.credit)} − 进项税额转出{money(form.transferred_out)}"
    )
    available = sheet.step(
        "应抵扣税额合计", formula, form.input_tax + form.credit - form.transferred_out, EXCESS, BLOCKED
    )
    used = min(available, output)
    tax = sheet.step("一般计税应纳税额", f"销项税额{money(output)} − 实际抵扣{money(used)}", output - used, METHOD)
    left = available - used
    if left:
        sheet.step("期末留抵税额", f"{money(available)} − {money(used)}", left, EXCESS)
    return tax, left


VAT_GENERAL = Calculator(
    "vat_general",
    "一般纳税人增值税",
    "一般纳税人本期销项减进项要缴多少增值税和附加，留抵多少。",
    VatGeneralForm,
    compute,
)

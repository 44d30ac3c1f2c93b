"""综合所得年度汇算清缴: the year's tax of a resident on wages, services, author's remuneration and royalties.

What was withheld is set off: the rest is paid or paid back, unless paying is waived (财政部 税务总局公告2023年第32号).
A bonus that is taxed separately stays out. Basis: 个人所得税法第二、三、六、十一条; 个人所得税综合所得汇算清缴管理办法
（国家税务总局令第57号）. Returns keep 角 and 分, so every line is rounded to the cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from hub.kit.clock import today
from hub.skills import ask
from services.taxes.calculator import Calculator, CannotCalculate, Figure
from services.taxes.fields import ZERO, amount, whole, yes_no
from services.taxes.iit_additional import RULES, AdditionalForm, Months, certificate_item, monthly_items
from services.taxes.iit_brackets import COMPREHENSIVE_RATES, bracket_of, require
from services.taxes.worksheet import Basis, Worksheet, money, percent

INCOME = Basis("iit-law", "第六条第二款")
TAXABLE = Basis("iit-law", "第六条第一款第一项")
CHARITY = Basis("iit-law", "第六条第三款")
SETTLEMENT = Basis("iit-law", "第十一条")
WAIVER = Basis("mof-sta-2023-32")
ILLNESS = Basis(RULES, "第十一条")
PENSION = Basis("mof-sta-2024-21")


class AnnualForm(AdditionalForm):
    """The year's income, deductions and tax withheld; `on` is a day of the year that is settled."""

    on: date = ask(
        default_factory=today, prompt="汇算哪一年的收入？请填那一年里的任意一天。", label="所属年度内的日期",
        invalid="请输入日期，例如 2025-12-31。",
    )  # fmt: skip
    wages: Decimal = amount("全年工资薪金收入是多少元（不含单独计税的年终奖）？", "工资薪金")
    labour: Decimal = amount("全年劳务报酬收入是多少元？", "劳务报酬")
    author: Decimal = amount("全年稿酬收入是多少元？", "稿酬")
    royalty: Decimal = amount("全年特许权使用费收入是多少元？", "特许权使用费")
    special: Decimal = amount("全年个人缴的社保和公积金是多少元？", "专项扣除")
    additional_total: Decimal = amount("全年专项附加扣除（不含大病医疗）一共多少元？", "专项附加扣除合计")
    children_months: int = whole("子女教育扣几个月？", "子女教育月数", 12, 1, 12)
    infants_months: int = whole("婴幼儿照护扣几个月？", "婴幼儿照护月数", 12, 1, 12)
    elderly_months: int = whole("赡养老人扣几个月？", "赡养老人月数", 12, 1, 12)
    housing_months: int = whole("住房贷款利息或租金扣几个月？", "住房扣除月数", 12, 1, 12)
    degree_months: int = whole("学历（学位）继续教育扣几个月？", "学历继续教育月数", 12, 1, 12)
    illness_self: Decimal = amount("本人全年医保目录内自付的医药费是多少元？", "本人大病医疗自付")
    illness_spouse: Decimal = amount("由您扣除的配偶医药费自付是多少元？", "配偶大病医疗自付")
    illness_child: Decimal = amount("由您扣除的一名未成年子女医药费自付是多少元？", "子女大病医疗自付")
    pension: Decimal = amount("全年缴存个人养老金多少元？", "个人养老金")
    other: Decimal = amount("全年年金、商业健康保险等其他扣除是多少元？", "其他扣除")
    charity: Decimal = amount("按限额扣除的公益捐赠是多少元？", "限额扣除的捐赠")
    charity_full: Decimal = amount("国务院规定可以全额扣除的公益捐赠是多少元？", "全额扣除的捐赠")
    relief: Decimal = amount("减免税额（如残疾人减征）是多少元？", "减免税额")
    withheld: Decimal = amount("全年已预缴个人所得税多少元？", "已预缴税额")
    withheld_lawfully: bool = yes_no("扣缴单位都依法预扣预缴了税款吗？", "是否依法预扣", True)


def _income(form: AnnualForm, sheet: Worksheet) -> Decimal:
    """The four kinds of income, each as far as it counts."""
    if not any((form.wages, form.labour, form.author, form.royalty)):
        raise CannotCalculate("请至少填写一项收入：工资薪金、劳务报酬、稿酬或特许权使用费。")
    total = ZERO
    if form.wages:
        total += sheet.step("工资薪金收入额", "全额计入", form.wages, INCOME)
    for label, gross in (("劳务报酬", form.labour), ("特许权使用费", form.royalty)):
        if gross:
            ratio = sheet.number("iit.expense_ratio")
            told = f"{money(gross)} × （1 － {percent(ratio)}）"
            total += sheet.step(f"{label}收入额", told, gross * (1 - ratio), INCOME)
    if form.author:
        ratio, share = sheet.number("iit.expense_ratio"), sheet.number("iit.author_income_ratio")
        told = f"{money(form.author)} × （1 － {percent(ratio)}） × {percent(share)}"
        total += sheet.step("稿酬收入额", told, form.author * (1 - ratio) * share, INCOME)
    return sheet.step("综合所得收入额", "各项收入额合计", total, INCOME)


def _additional(form: AnnualForm, sheet: Worksheet) -> Decimal:
    """Special additional deductions of the year, serious illness included."""
    if form.itemised() and form.additional_total:
        raise CannotCalculate("专项附加扣除请填合计，或者逐项填写，不要两样都填。")
    months = Months(
        form.children_months, form.infants_months, form.elderly_months, form.housing_months, form.degree_months
    )
    total = form.additional_total + monthly_items(form, sheet, months) + certificate_item(form, sheet)
    persons = (("本人", form.illness_self), ("配偶", form.illness_spouse), ("子女", form.illness_child))
    for label, paid in persons:
        if paid:
            floor, cap = sheet.number("iit.illness_floor"), sheet.number("iit.illness_cap")
            told = f"自付{money(paid)}超过{money(floor)}的部分，最多{money(cap)}"
            total += sheet.step(f"大病医疗（{label}）", told, min(max(paid - floor, ZERO), cap), ILLNESS)
    if form.illness_child:
        sheet.note("大病医疗按人分别计算；有两名以上子女的，请分别算出扣除额后填入其他扣除。")
    return sheet.step("专项附加扣除合计", "各项合计", total, TAXABLE)


def _pension(form: AnnualForm, sheet: Worksheet) -> Decimal:
    if not form.pension:
        return ZERO
    limit = sheet.number("iit.pension_deduction_year")
    if form.pension > limit:
        raise CannotCalculate(f"个人养老金每年最多扣除{money(limit)}，请填不超过限额的金额。")
    return sheet.step("个人养老金", f"不超过每年限额{money(limit)}", form.pension, PENSION)


def _charity(form: AnnualForm, sheet: Worksheet, base: Decimal) -> Decimal:
    """Gifts: up to the limit of the taxable income before gifts, and those that are deducted in full."""
    deducted = ZERO
    if form.charity:
        ratio = sheet.number("iit.charity_limit")
        told = f"捐赠{money(form.charity)}，限额为{money(base)} × {percent(ratio)}"
        deducted = sheet.step("限额扣除的捐赠", told, min(form.charity, base * ratio), CHARITY)
        if deducted < form.charity:
            sheet.note(f"超过限额的捐赠{money(form.charity - deducted)}不能在综合所得中扣除。")
    if form.charity_full:
        told = f"捐赠{money(form.charity_full)}，不超过剩余的应纳税所得额{money(base - deducted)}"
        deducted += sheet.step("全额扣除的捐赠", told, min(form.charity_full, base - deducted), CHARITY)
    return deducted


def _waived(form: AnnualForm, sheet: Worksheet, due: Decimal) -> bool:
    """Whether the tax due need not be paid: small income or small tax, lawfully withheld, while the relief lasts."""
    require(sheet, WAIVER.document)
    if not sheet.has("iit.reconciliation_waiver_income"):
        sheet.note("免予汇算补税的政策在这一年没有收录延续的规定，按应补税款计算。")
        return False
    gross = form.wages + form.labour + form.author + form.royalty
    income_line, tax_line = (
        sheet.number("iit.reconciliation_waiver_income"),
        sheet.number("iit.reconciliation_waiver_tax"),
    )
    small = gross <= income_line or due <= tax_line
    if small and not form.withheld_lawfully:
        sheet.note("扣缴单位没有依法预扣预缴税款的，不能免予汇算补税。")
    return small and form.withheld_lawfully


def _settle(form: AnnualForm, sheet: Worksheet, tax: Decimal) -> list[Figure]:
    """Tax against what was withheld; the figure that matters comes first."""
    told = f"{money(tax)} － 减免{money(form.relief)} － 已预缴{money(form.withheld)}"
    balance = tax - form.relief - form.withheld
    if balance < 0:
        sheet.note("应退税款由您自己决定是否申请，需要在汇算时提交退税申请。")
        refund = sheet.step("应退税额", f"{told}，余额为负，可以退税", -balance, SETTLEMENT)
        return [
            Figure("refund", "应退税额", refund),
            Figure("payable", "应补税额", ZERO),
            Figure("waived", "免补税额", ZERO),
        ]
    due = sheet.step("汇算补税金额", told, balance, SETTLEMENT)
    if due and _waived(form, sheet, due):
        lines = "年综合所得收入或补税金额在免予汇算的标准以内"
        sheet.note(f"{lines}，应补的{money(due)}可以免予办理汇算，不用补缴。")
        payable, waived = sheet.step("应补税额", f"{lines}，免予补缴{money(due)}", ZERO, WAIVER), due
    else:
        payable, waived = sheet.step("应补税额", "汇算补税金额", due, SETTLEMENT), ZERO
    return [
        Figure("payable", "应补税额", payable),
        Figure("refund", "应退税额", ZERO),
        Figure("waived", "免补税额", waived),
    ]


def compute(form: AnnualForm, sheet: Worksheet) -> Sequence[Figure]:
    """What is paid or paid back for the year."""
    income = _income(form, sheet)
    basic = sheet.step("减除费用", "每年定额", sheet.number("iit.basic_deduction_year"), TAXABLE)
    deductions = basic + form.special + _additional(form, sheet) + _pension(form, sheet) + form.other
    told = f"{money(income)} － 减除费用、专项扣除、专项附加扣除和其他扣除合计{money(deductions)}，不足0的按0"
    base = sheet.step("捐赠前应纳税所得额", told, max(income - deductions, ZERO), TAXABLE)
    gifts = _charity(form, sheet, base)
    taxable = sheet.step("应纳税所得额", f"{money(base)} － 捐赠{money(gifts)}", base - gifts, TAXABLE)
    row = bracket_of(sheet, "iit.brackets_year", taxable)
    tax = sheet.step("应纳税额", row.words(taxable), row.tax(taxable), COMPREHENSIVE_RATES)
    if form.relief > tax:
        raise CannotCalculate(f"减免税额不能超过应纳税额{money(tax)}，请核对后重新输入。")
    sheet.note("选择单独计税的全年一次性奖金不并入综合所得，也不要计入已预缴税额；境外所得和抵免没有计算在内。")
    return [
        *_settle(form, sheet, tax), Figure("tax", "应纳税额", tax), Figure("taxable", "应纳税所得额", taxable),
        Figure("income_amount", "综合所得收入额", income),
    ]  # fmt: skip


IIT_ANNUAL = Calculator(
    "iit_annual",
    "综合所得个人所得税年度汇算",
    "全年综合所得要补多少税、退多少税，能不能免予补税。",
    AnnualForm,
    compute,
)

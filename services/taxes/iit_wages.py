"""工资薪金累计预扣预缴: what an employer withholds from the wages of a resident in one month of the year.

Tax of the month = (income to date − basic, special, special additional and other deductions to date) × rate of the
yearly table − quick deduction − tax already withheld; a negative result is carried, not paid back within the year.
Basis: 个人所得税扣缴申报管理办法（试行）（国家税务总局公告2018年第61号）第六条; first job of the year 2020年第13号;
a whole year of at most 60,000 元 before 2020年第19号. Returns keep 角 and 分, so every line is rounded to the cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from hub.skills import Choice, ask
from services.taxes.calculator import Calculator, CannotCalculate, Figure
from services.taxes.fields import ZERO, amount, whole
from services.taxes.iit_additional import A_MONTH, AdditionalForm, certificate_item, monthly_items
from services.taxes.iit_brackets import COMPREHENSIVE_RATES, bracket_of, require
from services.taxes.worksheet import Basis, Worksheet, money

METHOD = Basis("sta-2018-61", "第六条")
FIRST_JOB = Basis("sta-2020-13", "第一条")
LOW_INCOME = Basis("sta-2020-19", "第一条")
PENSION = Basis("mof-sta-2024-21")
ADDITIONAL = "累计专项附加扣除"


class BasicDeduction(StrEnum):
    """How the basic deduction to date is counted."""

    MONTHS = "months"
    FIRST_JOB = "first_job"
    FULL_YEAR = "full_year"


class WagesForm(AdditionalForm):
    """What withholding depends on: the same figures every month, or the year's totals to date."""

    month: int = whole("计算几月份的工资？", "月份", ..., 1, 12)
    start_month: int = whole("今年从几月开始在这个单位领工资？", "开始月份", 1, 1, 12)
    monthly_income: Decimal | None = amount("每月税前工资是多少元？", "每月工资", None, synonyms=("月薪", "工资"))
    monthly_special: Decimal = amount("每月个人缴的社保和公积金是多少元？", "每月社保公积金")
    monthly_additional: Decimal = amount("每月专项附加扣除一共多少元？", "每月专项附加扣除")
    monthly_pension: Decimal = amount("每月缴存个人养老金多少元？", "每月个人养老金")
    monthly_other: Decimal = amount("每月年金、商业健康保险等其他扣除是多少元？", "每月其他扣除")
    cumulative_income: Decimal | None = amount("今年到本月累计税前工资是多少元？", "累计工资", None)
    cumulative_special: Decimal = amount("今年到本月累计社保和公积金是多少元？", "累计社保公积金")
    cumulative_additional: Decimal = amount("今年到本月累计专项附加扣除是多少元？", "累计专项附加扣除")
    cumulative_pension: Decimal = amount("今年到本月累计缴存个人养老金多少元？", "累计个人养老金")
    cumulative_other: Decimal = amount("今年到本月累计其他扣除是多少元？", "累计其他扣除")
    withheld: Decimal | None = amount("今年以前月份已预扣个人所得税多少元？", "已预扣税额", None)
    basic: BasicDeduction = ask(
        BasicDeduction.MONTHS, prompt="减除费用怎么算？", label="减除费用", invalid="请从按钮中选择一项。",
        choices=(Choice("按在本单位的月份数", BasicDeduction.MONTHS),
                 Choice("今年首次领工资，从1月算起", BasicDeduction.FIRST_JOB),
                 Choice("上年全年在本单位且收入不超过6万元，直接扣全年", BasicDeduction.FULL_YEAR)),
    )  # fmt: skip

    def monthly_values(self) -> tuple[Decimal, ...]:
        """Deductions of each month."""
        return self.monthly_special, self.monthly_additional, self.monthly_pension, self.monthly_other

    def cumulative_values(self) -> tuple[Decimal, ...]:
        """Deductions to date."""
        return self.cumulative_special, self.cumulative_additional, self.cumulative_pension, self.cumulative_other


def _check(form: WagesForm) -> None:
    if form.start_month > form.month:
        raise CannotCalculate("开始领工资的月份不能晚于要计算的月份，请核对后重新输入。")
    if (form.monthly_income is None) == (form.cumulative_income is None):
        raise CannotCalculate("每月工资和累计工资请填一项，并且只填一项。")
    if any(form.monthly_values() if form.monthly_income is None else form.cumulative_values()):
        raise CannotCalculate("填每月工资时，各项扣除也按每月填；填累计工资时，各项扣除也按累计填。")
    if form.itemised() and (form.monthly_additional or form.cumulative_additional):
        raise CannotCalculate("专项附加扣除请填总额，或者逐项填写，不要两样都填。")
    if form.basic is BasicDeduction.FULL_YEAR and form.start_month != 1:
        raise CannotCalculate("直接扣除全年减除费用，要求今年1月起就在本单位任职，请核对开始月份。")
    steady = form.monthly_income is not None and not form.certificate
    if form.withheld is None and form.month > form.start_month and not steady:
        raise CannotCalculate("请填写今年以前月份在本单位已预扣的个人所得税，没有就填0。")
    if form.month == form.start_month and form.withheld:
        raise CannotCalculate("在本单位领工资的第一个月没有已预扣的税款，请把已预扣税额改为0。")


def _basic(form: WagesForm, sheet: Worksheet, months: int) -> Decimal:
    """The basic deduction to date."""
    if form.basic is BasicDeduction.FULL_YEAR:
        line = sheet.number("iit.prior_year_wage_line")
        whole_year = sheet.number("iit.basic_deduction_year")
        sheet.note(
            f"直接扣除全年减除费用，要求上年全年在本单位任职、每月都有扣缴申报，并且全年工资不超过{money(line)}。"
        )
        return sheet.step("累计减除费用", f"直接按全年{money(whole_year)}扣除", whole_year, LOW_INCOME)
    each = sheet.number("iit.basic_deduction_month")
    basis, counted = METHOD, months
    if form.basic is BasicDeduction.FIRST_JOB:
        require(sheet, FIRST_JOB.document)
        basis, counted = FIRST_JOB, form.month
        sheet.note("从1月起计算减除费用，只适用于今年首次取得工资薪金（也没有按累计预扣法扣缴过劳务报酬）的居民个人。")
    return sheet.step("累计减除费用", f"每月{money(each)} × {counted}个月", each * counted, basis)


def _pension(form: WagesForm, sheet: Worksheet, months: int) -> Decimal:
    paid = form.cumulative_pension + form.monthly_pension * months
    if not paid:
        return ZERO
    limit = sheet.number("iit.pension_deduction_year")
    if paid > limit:
        raise CannotCalculate(f"个人养老金每年最多扣除{money(limit)}，您填的累计{money(paid)}超过了限额，请核对。")
    return sheet.step("累计个人养老金", f"不超过每年限额{money(limit)}", paid, PENSION)


def _to_date(form: WagesForm, sheet: Worksheet, title: str, each: Decimal, total: Decimal, months: int) -> Decimal:
    """A line to date: what every month has, times the months, or the total as given."""
    if form.monthly_income is None:
        return sheet.step(title, "按填写的累计数", total, METHOD)
    return sheet.step(title, f"每月{money(each)} × {months}个月", each * months, METHOD)


def _additional(form: WagesForm, sheet: Worksheet, items: Decimal, months: int) -> Decimal:
    if not form.itemised():
        return _to_date(form, sheet, ADDITIONAL, form.monthly_additional, form.cumulative_additional, months)
    fixed = certificate_item(form, sheet)
    told = f"每月{money(items)} × {months}个月" + (f" ＋ {money(fixed)}" if fixed else "")
    return sheet.step(ADDITIONAL, told, items * months + fixed, METHOD)


def _withheld(form: WagesForm, sheet: Worksheet, balance: Decimal, items: Decimal, months: int) -> Decimal:
    """Tax of earlier months: as given, or worked out where every month is the same.

    `balance` is income to date less deductions to date, which may be negative.
    """
    if form.withheld is not None:
        return sheet.step("已预扣税额", "按填写的金额", form.withheld, METHOD)
    if months == 1:
        return sheet.step("已预扣税额", "在本单位的第一个月，没有已预扣税款", ZERO, METHOD)
    growth = (form.monthly_income or ZERO) - sum(form.monthly_values(), items)
    if form.basic is not BasicDeduction.FULL_YEAR:  # which was deducted in January and does not grow
        growth -= sheet.number("iit.basic_deduction_month")
    earlier = max(balance - growth, ZERO)
    row = bracket_of(sheet, "iit.brackets_year", earlier)
    sheet.note("已预扣税额按各月工资和扣除都相同推算；各月不同的，请填写累计数和实际已预扣税额。")
    return sheet.step("已预扣税额", f"到上月为止：{row.words(earlier)}", row.tax(earlier), METHOD, COMPREHENSIVE_RATES)


def compute(form: WagesForm, sheet: Worksheet) -> Sequence[Figure]:
    """Tax of the month, and the cumulative figures behind it."""
    _check(form)
    months = form.month - form.start_month + 1
    items = monthly_items(form, sheet, A_MONTH)
    each, total = form.monthly_income or ZERO, form.cumulative_income or ZERO
    income = _to_date(form, sheet, "累计收入", each, total, months)
    deductions = _basic(form, sheet, months)
    deductions += _to_date(form, sheet, "累计专项扣除", form.monthly_special, form.cumulative_special, months)
    deductions += _additional(form, sheet, items, months)
    deductions += _pension(form, sheet, months)
    deductions += _to_date(form, sheet, "累计其他扣除", form.monthly_other, form.cumulative_other, months)
    balance = income - deductions
    told = f"累计收入{money(income)} － 累计扣除{money(deductions)}" + ("，不足0的按0" if balance < 0 else "")
    taxable = sheet.step("累计应纳税所得额", told, max(balance, ZERO), METHOD)
    row = bracket_of(sheet, "iit.brackets_year", taxable)
    tax = sheet.step("累计应预扣税额", row.words(taxable), row.tax(taxable), METHOD, COMPREHENSIVE_RATES)
    withheld = _withheld(form, sheet, balance, items, months)
    told = f"{money(tax)} － 已预扣{money(withheld)}"
    if tax < withheld:
        told += "，余额为负，本月不扣"
        sheet.note("累计税额小于已预扣税额，本月不扣税，暂不退税；年度终了后通过综合所得汇算清缴多退少补。")
    payable = sheet.step("本月应预扣税额", told, max(tax - withheld, ZERO), METHOD)
    sheet.note("这是单位预扣的税款，不是全年最终税额；残疾、孤老人员和烈属等的减征由各省规定，没有计算在内。")
    return [
        Figure("payable", "本月应预扣税额", payable), Figure("taxable", "累计应纳税所得额", taxable),
        Figure("tax", "累计应预扣税额", tax), Figure("withheld", "已预扣税额", withheld),
    ]  # fmt: skip


IIT_WAGES = Calculator(
    "iit_wages", "工资薪金预扣个人所得税", "按累计预扣法算某个月工资要预扣多少个人所得税。", WagesForm, compute
)

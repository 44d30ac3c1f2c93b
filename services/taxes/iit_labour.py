"""劳务报酬、稿酬、特许权使用费预扣预缴: what a payer withholds from a resident's payment, and from platform workers.

Per payment: less 800 元 or 20 %, author's remuneration counts at 70 %; 20/30/40 % for services, 20 % for the others.
Basis: 个人所得税扣缴申报管理办法（试行）（国家税务总局公告2018年第61号）第八条. Student interns (2020年第13号) and
platform workers (2025年第16号) have their services withheld to date, like wages. Lines are rounded to the cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from hub.skills import Choice, ask
from services.taxes.calculator import Calculator, CannotCalculate, Figure, TaxForm
from services.taxes.fields import ZERO, amount, whole
from services.taxes.iit_brackets import COMPREHENSIVE_RATES, bracket_of, require
from services.taxes.worksheet import Basis, Worksheet, money, percent

PER_PAYMENT = Basis("sta-2018-61", "第八条")
STUDENTS = Basis("sta-2020-13", "第二条")
PLATFORMS = Basis("sta-2025-16")


class Kind(StrEnum):
    """What is paid for, and to whom."""

    LABOUR = "labour"
    AUTHOR = "author"
    ROYALTY = "royalty"
    STUDENT = "student"
    PLATFORM = "platform"


TO_DATE = {Kind.STUDENT: STUDENTS, Kind.PLATFORM: PLATFORMS}


class LabourForm(TaxForm):
    """What withholding depends on; months and tax withheld matter only where income to date counts."""

    kind: Kind = ask(
        prompt="取得的是哪种收入？", label="收入种类", invalid="请从按钮中选择一种收入。",
        choices=(Choice("劳务报酬", Kind.LABOUR), Choice("稿酬", Kind.AUTHOR), Choice("特许权使用费", Kind.ROYALTY),
                 Choice("在校学生实习的劳务报酬", Kind.STUDENT), Choice("互联网平台从业人员的劳务报酬", Kind.PLATFORM)),
    )  # fmt: skip
    income: Decimal = amount(
        "这次收入（不含增值税）是多少元？学生实习和平台从业填今年到本月的累计收入。", "收入", ..., gt=0,
        entity="amount", synonyms=("报酬", "稿费", "劳务费"),
    )  # fmt: skip
    months: int | None = whole("今年到本月在这个单位（平台）从业几个月？", "从业月份数", None, 1, 12)
    withheld: Decimal | None = amount("今年以前月份已预扣个人所得税多少元？", "已预扣税额", None)


def _income(form: LabourForm, sheet: Worksheet) -> Decimal:
    """The payment less expenses; author's remuneration at its share."""
    line = sheet.number("iit.prepay_expense_line")
    if form.income <= line:
        fixed = sheet.number("iit.prepay_expense_fixed")
        expense = sheet.step("减除费用", f"每次收入不超过{money(line)}，减除{money(fixed)}", fixed, PER_PAYMENT)
    else:
        ratio = sheet.number("iit.expense_ratio")
        told = f"每次收入超过{money(line)}，减除{money(form.income)} × {percent(ratio)}"
        expense = sheet.step("减除费用", told, form.income * ratio, PER_PAYMENT)
    rest = max(form.income - expense, ZERO)
    told = f"{money(form.income)} － {money(expense)}" + ("，不足0的按0" if form.income < expense else "")
    if form.kind is not Kind.AUTHOR:
        return sheet.step("收入额", told, rest, PER_PAYMENT)
    share = sheet.number("iit.author_income_ratio")
    return sheet.step("收入额", f"（{told}） × {percent(share)}", rest * share, PER_PAYMENT)


def _per_payment(form: LabourForm, sheet: Worksheet) -> Sequence[Figure]:
    if form.months is not None or form.withheld is not None:
        raise CannotCalculate("这种收入按次（按月）预扣，不需要填从业月份数和已预扣税额，请删去后再算。")
    income = _income(form, sheet)
    if form.kind is Kind.LABOUR:
        row = bracket_of(sheet, "iit.brackets_labor_prepay", income)
        payable = sheet.step("应预扣税额", row.words(income), row.tax(income), PER_PAYMENT)
    else:
        rate = sheet.number("iit.prepay_rate_author_royalty")
        payable = sheet.step("应预扣税额", f"{money(income)} × {percent(rate)}", income * rate, PER_PAYMENT)
    sheet.note("属于一次性收入的，以取得该项收入为一次；属于同一项目连续性收入的，以一个月内取得的收入为一次。")
    sheet.note("预扣的税款不是最终税额，年度汇算时并入综合所得，多退少补。")
    if form.kind is Kind.LABOUR and sheet.has("iit.platform_no_prepay_month"):
        line = sheet.number("iit.platform_no_prepay_month")
        sheet.note(
            f"通过互联网平台从业取得的劳务报酬，由平台企业按累计预扣法扣税，每月收入不超过{money(line)}的不产生预扣税款；"
            "请改选“互联网平台从业人员的劳务报酬”计算。"
        )
    return [
        Figure("payable", "应预扣税额", payable), Figure("income_amount", "收入额", income),
        Figure("net", "税后收入", form.income - payable),
    ]  # fmt: skip


def _to_date(form: LabourForm, sheet: Worksheet, basis: Basis) -> Sequence[Figure]:
    """Like wages: income to date less expenses and the basic deduction of each month, on the yearly table."""
    require(sheet, basis.document)
    if form.months is None:
        raise CannotCalculate("请填写今年到本月在这个单位（平台）的从业月份数。")
    if form.withheld is None and form.months > 1:
        raise CannotCalculate("请填写今年以前月份已预扣的个人所得税，没有就填0。")
    ratio, each = sheet.number("iit.expense_ratio"), sheet.number("iit.basic_deduction_month")
    told = f"累计收入{money(form.income)} × （1 － {percent(ratio)}）"
    income = sheet.step("累计收入额", told, form.income * (1 - ratio), basis)
    basic = sheet.step("累计减除费用", f"每月{money(each)} × {form.months}个月", each * form.months, basis)
    told = f"{money(income)} － {money(basic)}，不足0的按0"
    taxable = sheet.step("累计应纳税所得额", told, max(income - basic, ZERO), basis)
    row = bracket_of(sheet, "iit.brackets_year", taxable)
    tax = sheet.step("累计应预扣税额", row.words(taxable), row.tax(taxable), basis, COMPREHENSIVE_RATES)
    before = form.withheld or ZERO
    told = f"{money(tax)} － 已预扣{money(before)}，不足0的按0"
    payable = sheet.step("应预扣税额", told, max(tax - before, ZERO), basis)
    sheet.note("预扣的税款不是最终税额，年度汇算时并入综合所得，多退少补；专项附加扣除在汇算时扣除。")
    return [
        Figure("payable", "应预扣税额", payable), Figure("income_amount", "累计收入额", income),
        Figure("taxable", "累计应纳税所得额", taxable), Figure("tax", "累计应预扣税额", tax),
    ]  # fmt: skip


def compute(form: LabourForm, sheet: Worksheet) -> Sequence[Figure]:
    """What is withheld now."""
    basis = TO_DATE.get(form.kind)
    return _per_payment(form, sheet) if basis is None else _to_date(form, sheet, basis)


IIT_LABOUR = Calculator(
    "iit_labour", "劳务报酬、稿酬、特许权使用费预扣个人所得税",
    "一笔劳务报酬、稿酬或特许权使用费要预扣多少个人所得税。", LabourForm, compute,
)  # fmt: skip

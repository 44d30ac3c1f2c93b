"""企业所得税预缴: resident enterprises that keep books pay in advance by month or quarter on the actual profit so far.

Legal basis: 企业所得税法第五十四条, 实施条例第一百二十七条; the lines follow the return of prepayment (A类) of
国家税务总局公告2025年第17号: figures are cumulative from January on, tax at the basic rate, less reliefs, less what was
paid before. Less than nothing is not paid back in the year; it comes out at the annual settlement.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from hub.kit.clock import today
from hub.skills import ask
from services.taxes.calculator import Calculator, Figure
from services.taxes.cit_relief import EnterpriseForm, relief
from services.taxes.fields import amount
from services.taxes.worksheet import Basis, Worksheet, money, percent

PREPAYMENT = Basis("cit-law", "第五十四条")
TAXABLE = Basis("cit-law", "第五条")
LOSSES = Basis("cit-law", "第十八条")
RATE = Basis("cit-law", "第四条")
TAX = Basis("cit-law", "第二十二条")
RETURN = Basis("sta-2025-17")


class CitPrepaymentForm(EnterpriseForm):
    """What a prepayment depends on; amounts are those from January to the end of the period."""

    on: date = ask(
        default_factory=today, prompt="预缴到哪一天（所属期的最后一天）？", label="所属期末",
        invalid="请输入日期，例如 2026-09-30。",
    )  # fmt: skip
    profit: Decimal = ask(
        prompt="本年累计的会计利润总额是多少元（亏损填负数）？", label="利润总额", synonyms=("利润",), entity="amount",
        invalid="请输入金额，例如 1900000；亏损填负数。", max_digits=15, decimal_places=2,
    )  # fmt: skip
    nontaxable: Decimal = amount("其中不征税收入累计多少元？", "不征税收入")
    exempt: Decimal = amount("免税收入、减计收入和加计扣除累计多少元？", "免税收入和加计扣除")
    depreciation: Decimal = amount("固定资产加速折旧（扣除）调减累计多少元？", "加速折旧调减")
    project_relief: Decimal = amount("所得减免（技术转让、农林牧渔等项目）累计多少元？", "所得减免")
    losses: Decimal = amount("可以弥补的以前年度亏损是多少元？", "以前年度亏损")
    other_relief: Decimal = amount("其他减免的所得税额累计多少元？", "其他减免税额")
    prepaid: Decimal = amount("本年已经预缴了多少元所得税？", "已预缴税额")


def _actual_profit(form: CitPrepaymentForm, sheet: Worksheet) -> Decimal:
    """The base of the prepayment, never less than nothing: project reliefs and losses reach only as far as profit."""
    adjusted = sheet.step(
        "调整后的利润",
        f"{money(form.profit)} − 不征税收入{money(form.nontaxable)} − 加速折旧调减{money(form.depreciation)}"
        f" − 免税收入、减计收入、加计扣除{money(form.exempt)}",
        form.profit - form.nontaxable - form.depreciation - form.exempt,
        TAXABLE, RETURN,
    )  # fmt: skip
    left = max(adjusted, Decimal(0))
    projects = min(form.project_relief, left)
    losses = min(form.losses, left - projects)
    if form.losses > losses:
        sheet.note(f"以前年度亏损还有{money(form.losses - losses)}没有弥补，在结转年限内可以用以后的所得弥补。")
    base = left - projects - losses
    return sheet.step(
        "实际利润额", f"{money(left)} − 所得减免{money(projects)} − 弥补亏损{money(losses)}", base, LOSSES, PREPAYMENT
    )


def compute(form: CitPrepaymentForm, sheet: Worksheet) -> Sequence[Figure]:
    """What is to be prepaid now, the base and the tax so far this year."""
    base = _actual_profit(form, sheet)
    rate = sheet.number("cit.rate")
    full = sheet.step("应纳所得税额", f"{money(base)} × {percent(rate)}", base * rate, RATE)
    lower = relief(form, sheet, base) if base else Decimal(0)
    other = min(form.other_relief, full - lower)
    tax = sheet.step(
        "累计应纳税额", f"{money(full)} − 减免{money(lower)} − 其他减免{money(other)}", full - lower - other, TAX
    )
    payable = sheet.step(
        "本期应补所得税额", f"{money(tax)} − 已预缴{money(form.prepaid)}，小于0的按0",
        max(tax - form.prepaid, Decimal(0)), PREPAYMENT, RETURN,
    )  # fmt: skip
    if form.prepaid > tax:
        sheet.note(f"已预缴的比累计应纳的多{money(form.prepaid - tax)}，可以抵以后各期预缴，多缴的在汇算清缴时退抵。")
    sheet.note("小型微利企业的条件按截至本期末的数暂时判断，年度汇算清缴时再按全年的数判断，多退少补。")
    sheet.note("只适用于查账征收的居民企业；核定征收、跨地区汇总纳税、房地产预售毛利等特定业务请按申报表另算。")
    return [
        Figure("payable", "本期应预缴", payable),
        Figure("tax", "累计应纳税额", tax),
        Figure("taxable", "实际利润额", base),
        Figure("relief", "减免所得税额", lower + other),
    ]


CIT_PREPAYMENT = Calculator(
    "cit_prepayment", "企业所得税预缴", "按本年累计利润算这个季度（月）要预缴多少企业所得税，自动判断小型微利企业。",
    CitPrepaymentForm, compute,
)  # fmt: skip

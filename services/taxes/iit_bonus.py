"""全年一次性奖金: the annual bonus of a resident, taxed on its own or as part of the year's comprehensive income.

On its own: bonus ÷ 12 finds the row of the monthly table, the whole bonus × rate − quick deduction; once a year and
until the end of 2027 (财政部 税务总局公告2023年第30号). Both ways are worked out and the better one is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from services.taxes.calculator import Calculator, CannotCalculate, Figure, TaxForm
from services.taxes.fields import ZERO, amount
from services.taxes.iit_brackets import COMPREHENSIVE_RATES, Bracket, bracket_of, brackets, require
from services.taxes.worksheet import Basis, Worksheet, money

SEPARATE = Basis("mof-sta-2023-30", "第一条")
MERGED = Basis("mof-sta-2023-30", "第二条")
COMPREHENSIVE = Basis("iit-law", "第六条第一款第一项")


class BonusForm(TaxForm):
    """What the tax on a bonus depends on; without the year's income only the separate way can be worked out."""

    bonus: Decimal = amount(
        "全年一次性奖金是多少元？", "奖金", ..., gt=0, entity="amount", synonyms=("年终奖", "全年一次性奖金")
    )
    year_income: Decimal | None = amount("不含这笔奖金，全年综合所得收入额是多少元？", "全年收入额", None)
    year_deductions: Decimal = amount(
        "全年社保公积金、专项附加扣除和其他扣除一共多少元（不含每年定额的基本减除费用）？", "全年扣除"
    )


def _separate_tax(sheet: Worksheet, bonus: Decimal) -> Decimal:
    """Tax on the bonus on its own, with a warning where one 元 less would have left more in hand."""
    months = sheet.number("iit.bonus_months")
    monthly = sheet.step("奖金按月平均", f"{money(bonus)} ÷ {months:f}", bonus / months, SEPARATE)
    rows = brackets(sheet, "iit.brackets_month")
    row, lower = _row_of_bonus(rows, bonus, months)
    tax = sheet.step("单独计税的税额", f"月平均{money(monthly)}对应：{row.words(bonus)}", row.tax(bonus), SEPARATE)
    if lower is not None and lower.limit is not None:
        edge = lower.limit * months
        kept, kept_at_edge = bonus - tax, edge - lower.tax(edge)
        if kept < kept_at_edge:
            sheet.note(
                f"奖金略高于{money(edge)}这个临界点：单独计税到手{money(kept)}，"
                f"反而少于奖金正好{money(edge)}时的{money(kept_at_edge)}。"
            )
    return tax


def _row_of_bonus(rows: Sequence[Bracket], bonus: Decimal, months: Decimal) -> tuple[Bracket, Bracket | None]:
    """The row that the bonus falls in and the one below; compared without dividing, so exact at the limits."""
    for place, row in enumerate(rows):
        if row.limit is None or bonus <= row.limit * months:
            return row, rows[place - 1] if place else None
    return rows[-1], None


def _year_tax(sheet: Worksheet, title: str, told: str, taxable: Decimal) -> Decimal:
    taxable = max(taxable, ZERO)
    row = bracket_of(sheet, "iit.brackets_year", taxable)
    return sheet.step(title, f"{told}{row.words(taxable)}", row.tax(taxable), COMPREHENSIVE, COMPREHENSIVE_RATES)


def compute(form: BonusForm, sheet: Worksheet) -> Sequence[Figure]:
    """The tax that the bonus costs in the better way, and both ways for comparison."""
    if form.year_income is None and form.year_deductions:
        raise CannotCalculate("填了全年扣除，还需要填写全年综合所得收入额，才能比较两种办法。")
    require(sheet, SEPARATE.document)  # earlier years had documents of their own
    separate_allowed = sheet.has("iit.bonus_months")
    if form.year_income is None:
        tax = _separate_tax(sheet, form.bonus)
        sheet.note("只按单独计税计算。填写全年综合所得收入额和扣除后，可以比较并入综合所得是否更划算。")
        return [Figure("payable", "奖金应纳税额", tax), Figure("separate", "单独计税的税额", tax)]
    basic = sheet.number("iit.basic_deduction_year")
    rest = form.year_income - basic - form.year_deductions
    told = f"（{money(form.year_income)} － {money(basic)} － {money(form.year_deductions)}）"
    without = _year_tax(sheet, "不含奖金的综合所得税额", f"{told}，不足0的按0：", rest)
    whole = _year_tax(
        sheet, "并入奖金后的综合所得税额", f"{told} ＋ {money(form.bonus)}，不足0的按0：", rest + form.bonus
    )
    merged = sheet.step("并入时奖金增加的税额", f"{money(whole)} － {money(without)}", whole - without, MERGED)
    if not separate_allowed:
        sheet.note("全年一次性奖金单独计税的政策在这一天没有收录延续的规定，只按并入综合所得计算。")
        payable = sheet.step("奖金应纳税额", "并入综合所得", merged, COMPREHENSIVE)
        return [Figure("payable", "奖金应纳税额", payable), Figure("merged", "并入时奖金增加的税额", merged)]
    separate = _separate_tax(sheet, form.bonus)
    better = (
        "两种办法税额相同" if separate == merged else "单独计税更划算" if separate < merged else "并入综合所得更划算"
    )
    told = f"单独计税{money(separate)}，并入综合所得{money(merged)}，{better}"
    payable = sheet.step("奖金应纳税额（较优办法）", told, min(separate, merged), SEPARATE, MERGED)
    sheet.note(f"{better}，相差{money(abs(separate - merged))}。")
    sheet.note("单独计税一个纳税年度只能用一次；可以在年度汇算时重新选择。")
    return [
        Figure("payable", "奖金应纳税额", payable), Figure("separate", "单独计税的税额", separate),
        Figure("merged", "并入时奖金增加的税额", merged),
        Figure("year_separate", "单独计税时全年税额", without + separate),
        Figure("year_merged", "并入时全年税额", whole),
    ]  # fmt: skip


IIT_BONUS = Calculator(
    "iit_bonus", "全年一次性奖金个人所得税", "年终奖单独计税和并入综合所得各缴多少，哪种划算。", BonusForm, compute
)

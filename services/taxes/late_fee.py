"""滞纳金: what is added, by the day, to tax that was paid late; also to social insurance and to unpaid fines.

Legal basis: 税收征收管理法第三十二条, 实施细则第七十五条 (from the day after the due date to the day of payment) and
第一百零九条 (a due date on a holiday moves); 社会保险法第八十六条; 行政处罚法第七十二条, the one of the three that
names a cap: not more than the fine. The day of the calculation is the day of payment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from hub.kit.clock import today
from hub.skills import Choice, ask
from knowledge_base.register import register
from services.taxes.calculator import Calculator, Figure, NoLawForTheDay, TaxForm
from services.taxes.worksheet import Basis, Worksheet, money, percent

DAYS = Basis("collection-rules", "第七十五条")
HOLIDAYS = Basis("collection-rules", "第一百零九条")
SATURDAY = 5


class Debt(StrEnum):
    """What was paid late."""

    TAX = "tax"
    SOCIAL_INSURANCE = "social_insurance"
    FINE = "fine"


NAMES = {Debt.TAX: "税款滞纳金", Debt.SOCIAL_INSURANCE: "社会保险费滞纳金", Debt.FINE: "加处罚款"}
RATES = {
    Debt.TAX: ("administration.late_fee_rate", Basis("collection-law", "第三十二条")),
    Debt.SOCIAL_INSURANCE: ("social_insurance.late_fee_rate", Basis("social-insurance-law", "第八十六条")),
    Debt.FINE: ("administration.fine_surcharge_rate", Basis("penalty-law", "第七十二条")),
}


class LateFeeForm(TaxForm):
    """What a late fee depends on; `on` is the day of payment."""

    debt: Debt = ask(
        Debt.TAX, prompt="逾期的是税款、社会保险费还是罚款？", label="款项", invalid="请选择税款、社会保险费或罚款。",
        choices=(Choice("税款", Debt.TAX), Choice("社会保险费", Debt.SOCIAL_INSURANCE), Choice("罚款", Debt.FINE)),
    )  # fmt: skip
    amount: Decimal = ask(
        prompt="逾期没有缴纳的本金是多少元？", label="欠缴金额", synonyms=("税款", "欠税"), entity="amount",
        invalid="请输入大于0的金额，例如 10000。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    due: date = ask(
        prompt="缴款期限的最后一天是哪一天？", label="到期日", synonyms=("期限", "截止日"),
        invalid="请输入日期，例如 2026-10-26。",
    )  # fmt: skip
    on: date = ask(
        default_factory=today, prompt="实际（或打算）哪一天缴纳？", label="缴纳日期", synonyms=("缴款日",),
        invalid="请输入日期，例如 2026-11-22。",
    )  # fmt: skip


def _written(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def compute(form: LateFeeForm, sheet: Worksheet) -> Sequence[Figure]:
    """The fee for the days, and how many days there are."""
    name, (key, basis) = NAMES[form.debt], RATES[form.debt]
    # the rate is read for the day of payment; it holds for all the days only if its law was in force on the first
    if form.due < register()[basis.document].effective_from - timedelta(days=1):
        raise NoLawForTheDay
    days = max((form.on - form.due).days, 0)
    due, paid = _written(form.due), _written(form.on)
    told = f"{due}的次日起至{paid}止" if days else f"{paid}缴纳，没有超过{due}"
    sheet.step("逾期天数", told, Decimal(days), DAYS if form.debt is Debt.TAX else basis, unit="天")
    rate = sheet.number(key)
    fee = sheet.step(name, f"{money(form.amount)} × {percent(rate)} × {days}天", form.amount * rate * days, basis)
    if form.debt is Debt.FINE:
        fee = sheet.step(
            "不超过罚款本身", f"{money(fee)}与{money(form.amount)}取小", min(fee, form.amount), basis
        )  # fmt: skip
        sheet.note("到期日是收到处罚决定书后的缴款期限；申请复议或提起诉讼的，加处罚款在复议、诉讼期间不计算。")
    if form.due.weekday() >= SATURDAY:
        sheet.note("您填的到期日是星期六或星期日：除调休上班外，期限顺延到休假日期满的次日，请按顺延后的日期重新计算。")
    if form.debt is Debt.TAX:
        sheet.step("本金与滞纳金合计", f"{money(form.amount)} + {money(fee)}", form.amount + fee, basis)
        sheet.note(
            f"依据{HOLIDAYS}：期限最后一日是法定休假日的顺延；期限内有连续3日以上法定休假日的，按休假日天数顺延。"
        )
        sheet.note("滞纳金按本金计算，不计复利；经批准延期缴纳的，批准的期限内不加收。")
        sheet.note("因税务机关的责任少缴的，追征时不加收。滞纳金能否超过本金有争议，这里没有封顶，请问主管税务机关。")
    if form.debt is Debt.SOCIAL_INSURANCE:
        sheet.note("由征收机构责令限期补足并加收；分月欠缴的，每个月的欠费从各自期限起分别计算。")
    return [Figure("payable", name, fee), Figure("total", "连同本金合计", form.amount + fee)]


LATE_FEE = Calculator(
    "late_fee",
    "滞纳金",
    "逾期缴税要加收多少滞纳金，也算社会保险费滞纳金和逾期不缴罚款的加处罚款。",
    LateFeeForm,
    compute,
)
